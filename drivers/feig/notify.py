"""A gate reader in notification mode: it calls us, tells, and tells again until we acknowledge.

    reader -> us   … 22 STATUS TR-DATA1 [TR-DATA2] COUNT records…      the records of command 22
    us -> reader   02 00 07 FF 32 54 47                                heard: forget them

What could not be kept is not acknowledged: then the reader keeps it. An acknowledgement does not say
what it is for; so each notification gets one at most, or the next would be lost with it. Records can
come twice (the acknowledgement was lost), never not at all.
"""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.errors import DriverError, FrameError, GateDataLostError, NoReplyError, RefusedError
from drivers.feig import answers, commands
from drivers.feig.answers import BufferPage, People, Reply
from drivers.feig.frames import ANY_ADDRESS, Cutter, Frame, encode
from drivers.feig.gate import sightings_of, summed
from drivers.feig.link import Link
from drivers.feig.opening import DEFAULT_ORDER, opened, order_of
from drivers.feig.options import BlockOrder, NotifyOptions
from drivers.feig.profile import Profile, load
from drivers.feig.service import Service, identity
from drivers.feig.status import Status, trouble
from drivers.ports import Driver, GateReader, PeopleCount, Sighting, Transport
from drivers.transport import Listener, Pipe, listen
from drivers.uhf.rule import UhfRule

HEARD = encode(Frame(ANY_ADDRESS, commands.CLEAR_BUFFER.code))
WAIT = 0.05
"""Seconds that a question for sightings waits for some."""
GAP = 0.3


class FeigGateNotify:
    """Implements :class:`drivers.ports.GateReader` with what a reader tells unasked."""

    def __init__(
        self,
        order: BlockOrder = DEFAULT_ORDER,
        *,
        address: int = ANY_ADDRESS,
        keep: int = 2000,
        control: Link | None = None,
        gap: float = GAP,
        rule: UhfRule | None = None,
    ) -> None:
        """Keep so many records for a station that does not ask; ``control`` asks the reader.

        A frame that stops for ``gap`` seconds is forgotten.
        """
        self._gap = gap
        self._rule = rule or UhfRule()
        self._order = order
        self._address = address
        self._keep = keep
        self._control = control
        self._kept: deque[Sighting] = deque()
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._data_lost = False
        self._people: People | None = None
        self._why_lost: DriverError | None = None
        self._acknowledged: bytes | None = None
        self.heard = asyncio.Event()
        """Set whenever a caller connects or says something."""

    async def sightings(self) -> list[Sighting]:
        """Return what the reader told since the last call (may be empty).

        Raises GateDataLostError once per overflow of the reader.
        """
        if not self._kept and not self._data_lost and self._why_lost is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT):
                    await self._news.wait()
        self._news.clear()
        kept = list(self._kept)
        self._kept.clear()
        self._room.set()
        if kept:
            return kept
        if self._data_lost:
            self._data_lost = False
            raise GateDataLostError("the gate reader's buffer ran over")
        if self._why_lost is not None:
            raise self._why_lost
        return []

    async def people(self) -> People:
        """Return the people counter; RefusedError when there is none, or it has not told yet."""
        if self._control is not None:
            return await Service(self._control).people()
        if self._people is None:
            raise RefusedError(Status.NOT_AVAILABLE, "the reader has told no count of people")
        return self._people

    async def people_count(self) -> PeopleCount:
        """Return how many people the gate's own counter saw."""
        return summed(await self.people())

    async def identity(self) -> str:
        """Return model and firmware in words, as far as the reader can be asked."""
        if self._control is None:
            return "FEIG gate reader (notification mode)"
        return identity(await Service(self._control).version())

    async def hear(self, transport: Transport) -> None:
        """Take what one caller tells, until it hangs up (PortLostError)."""
        cutter, now = Cutter(replies=True), asyncio.get_running_loop().time
        last, last_at = self._acknowledged, -math.inf
        while True:
            for event in cutter.feed(await self._received(transport, cutter)):
                if not isinstance(event, Frame) or not self._is_ours(event):
                    continue  # noise is told again, because nothing acknowledges it
                self.heard.set()
                if event.command != commands.READ_BUFFER.code:
                    self._other(event)
                    continue
                raw = encode(event)
                if raw == last and now() - last_at < self._gap:
                    continue  # sent before our acknowledgement came there
                again, last = raw == last and last_at == -math.inf, None
                if await self._records(Reply(event.data[0], event.data[1:]), again=again):
                    # What else arrived is the same once more: acknowledged, it would take the
                    # next one with it.
                    transport.discard()
                    cutter.reset()
                    await transport.send(HEARD)
                    self._acknowledged, last, last_at = raw, raw, now()
                    break

    async def _received(self, transport: Transport, cutter: Cutter) -> bytes:
        if cutter.waiting:
            try:
                async with asyncio.timeout(self._gap):
                    return await transport.receive()
            except TimeoutError:
                cutter.reset()
        return await transport.receive()

    def lose(self, why: DriverError) -> None:
        """Let the next question for sightings fail."""
        self._why_lost = self._why_lost or why
        self._news.set()

    def _is_ours(self, frame: Frame) -> bool:
        return self._address in (ANY_ADDRESS, frame.address)

    def _other(self, frame: Frame) -> None:
        """Take a frame that wants no acknowledgement, as far as it concerns us."""
        try:
            if frame.command == commands.READ_BUFFER_NEW.code:
                raise FrameError(
                    "the reader tells in the form of command 2B, whose records are not public: "
                    "set it to the form of command 22"
                )
            if frame.command == commands.PEOPLE.code and frame.data[0] == Status.OK:
                self._people = answers.people(Reply(frame.data[0], frame.data[1:]))
        except FrameError as error:
            self.lose(error)

    async def _records(self, reply: Reply, *, again: bool) -> bool:
        """Take records; return whether they are to be acknowledged."""
        try:
            return await self._keep_records(reply, again=again)
        except FrameError as error:
            self.lose(error)
            return False

    async def _keep_records(self, reply: Reply, *, again: bool) -> bool:
        if reply.status not in commands.READ_BUFFER.good:
            self.lose(trouble(reply.status, reply.data, tag_command=False))
            return False
        page: BufferPage = answers.buffer(reply)
        if again:
            return True
        if page.overflow:
            self._data_lost = True
        while len(self._kept) >= self._keep:
            self._room.clear()
            await self._room.wait()
        self._kept += sightings_of(page, self._order, self._rule)
        if page.overflow or page.passages:
            self._news.set()
        return True


class _Callers:
    """The reader's calls: one at a time, the newest wins."""

    def __init__(self, gate: FeigGateNotify, listener: Listener, peer: str) -> None:
        self._gate = gate
        self._listener = listener
        self._peer = peer
        self._present: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Answer calls until cancelled."""
        try:
            while True:
                pipe, peer = await self._listener.accept()
                if self._peer and peer.removeprefix("::ffff:") != self._peer:
                    await pipe.close()
                    continue
                await self._end()
                self._gate.heard.set()
                self._present = asyncio.create_task(self._hear(pipe), name="gate reader's call")
        except DriverError as error:
            self._gate.lose(error)
        finally:
            await self._end()

    async def _hear(self, pipe: Pipe) -> None:
        try:
            await self._gate.hear(pipe)
        except DriverError:
            pass  # it hung up; it calls again when it has something to tell
        finally:
            await pipe.close()

    async def _end(self) -> None:
        if self._present is not None:
            self._present.cancel()
            await asyncio.wait((self._present,))


async def _until_silent(gate: FeigGateNotify, seconds: float) -> None:
    """Lose the gate when the reader is unheard for so long."""
    try:
        while True:
            gate.heard.clear()
            async with asyncio.timeout(seconds):
                await gate.heard.wait()
    except TimeoutError:
        gate.lose(NoReplyError(f"the gate reader has not called for {seconds:g} s"))


async def _until_dead(gate: FeigGateNotify, service: Service, seconds: float) -> None:
    """Lose the gate when the reader does not answer at its own address."""
    try:
        while True:
            await asyncio.sleep(seconds)
            await service.version()
    except DriverError as error:
        gate.lose(error)


@asynccontextmanager
async def open_notify(options: NotifyOptions) -> AsyncIterator[GateReader]:
    """Listen for the reader; with ``silence_seconds`` it has to call once before this is open."""
    async with contextlib.AsyncExitStack() as stack:
        profile = load(options.profile) if options.profile else Profile()
        link = None
        if options.control:
            link = (await stack.enter_async_context(opened(options.control_options()))).link
        gate = FeigGateNotify(
            order_of(options.block_order, profile),
            address=options.address,
            keep=options.keep,
            control=link,
            rule=options.uhf.rule(),
        )
        listener = await listen(options.listen)
        stack.callback(listener.close)
        jobs = [_Callers(gate, listener, options.peer).run()]
        if options.silence_seconds:
            jobs.append(_until_silent(gate, options.silence_seconds))
        if link is not None:
            jobs.append(_until_dead(gate, Service(link), options.control_seconds))
        tasks = [asyncio.create_task(job, name=f"gate reader {n}") for n, job in enumerate(jobs)]
        stack.push_async_callback(_stop, tasks)
        if options.silence_seconds:
            await _first_call(gate, options)
        yield gate


async def _first_call(gate: FeigGateNotify, options: NotifyOptions) -> None:
    try:
        async with asyncio.timeout(options.silence_seconds):
            await gate.heard.wait()
    except TimeoutError:
        raise NoReplyError(
            f"{options.listen}: no gate reader called within {options.silence_seconds:g} s"
        ) from None


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


GATE_NOTIFY = Driver(
    name="feig-gate-notify",
    port=GateReader,
    options=NotifyOptions,
    open=open_notify,
    help="FEIG reader in a security gate that calls us itself (notification mode)",
)
