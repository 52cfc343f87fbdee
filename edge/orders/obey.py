"""Takes commands of the centre: the signature, the moment and the memory say whether; then it acts.

A command is remembered on the disk before it is begun, and its fact follows when it is over. What
a power cut or the command itself (a reboot) interrupted is told at the next start.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.errors import DriverError
from edge.clock import Clock
from edge.journal import Journal, JournalError
from edge.orders.memory import Memory
from edge.station import Commanded, NotPossibleError, Station
from edge.wire import commands
from edge.wire.commands import REPLY_BYTES, Command, Order, Reply, read_order
from edge.wire.errors import WireError
from edge.wire.facts import Ordered

log = logging.getLogger(__name__)
WAITING = 20
"""Commands that wait for their turn; more are dropped, and the centre says them again."""
LONGEST_SECONDS = 60.0
"""A command that takes longer has failed."""
AHEAD_MS = 10 * 60_000
"""A command may be made so much later than this clock says."""
Outcome = Literal["received", "done", "failed", "refused", "expired"]
Do = Callable[[Any], Awaitable[Mapping[str, Any] | None]]
"""Does a deed; returns what a reply carries (``lines`` or ``screen``), or None."""
Ending = frozenset({"reboot", "restart", "reread"})
"""Deeds that end this process: they are told as done by the next one."""


class Orders:
    """The commands of one device. ``own`` are the deeds that the agent itself does, by name.

    ``say`` sends a reply to the centre. ``key`` None: every command is refused.
    """

    def __init__(
        self,
        folder: Path,
        who: tuple[str, str],
        key: Ed25519PublicKey | None,
        journal: Journal,
        clock: Clock,
        stations: Mapping[str, Station],
        own: Mapping[str, Do],
        uptime: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        self.say: Callable[[Reply], Awaitable[None]] | None = None
        self._memory = Memory(folder / "commands.log")
        self._who, self._key = who, key
        self._journal, self._clock = journal, clock
        self._stations, self._own = stations, own
        self._uptime = uptime
        self._queue: asyncio.Queue[Order] = asyncio.Queue(WAITING)
        self._queued: set[str] = set()

    def hear(self, command: Command) -> None:
        """Take a command that came in; raise WireError for one that is not to be believed."""
        if self._key is None:
            raise WireError("command: this device was enrolled without the centre's key")
        order = read_order(command, self._key, *self._who)
        if order.id in self._queued or self._memory.knows(order.id, order.made):
            return
        if self._queue.full():
            log.warning("too many commands at once: %s is left", order.id)
            return
        self._queued.add(order.id)
        self._queue.put_nowait(order)

    async def run(self) -> None:
        """Tell what the last run left untold, then do what comes, one after the other."""
        await self._tell_interrupted()
        while True:
            order = await self._queue.get()
            try:
                await self._take(order)
            except (OSError, JournalError) as error:
                log.warning("command %s is not done, the disk refuses: %s", order.id, error)
            finally:
                self._queued.discard(order.id)

    async def _take(self, order: Order) -> None:
        do, now = _name(order), self._clock.now_ms()
        sure = self._clock.state() != "unset"
        if sure and order.expires <= now:
            await asyncio.to_thread(self._memory.take, order.id, order.made, do, self._uptime())
            await self._tell(order, "expired")
            await asyncio.to_thread(self._memory.told, order.id)
            return
        if not sure or order.made > now + AHEAD_MS:
            log.warning("command %s waits: this clock is not right yet", do)
            return
        await asyncio.to_thread(self._memory.take, order.id, order.made, do, self._uptime())
        await self._tell(order, "received")
        outcome, why = await self._do(order)
        if do in Ending and outcome == "done":
            return  # the next start tells
        await self._tell(order, outcome, why)
        await asyncio.to_thread(self._memory.told, order.id)

    async def _do(self, order: Order) -> tuple[Outcome, str]:
        log.info("the centre asks: %s", _name(order))
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                found = await self._act(order.deed)
                if found:
                    await self._reply(order, found)
        except NotPossibleError as error:
            return "refused", str(error)
        except DriverError as error:
            return "failed", str(error)
        except TimeoutError:
            return "failed", f"It took longer than {LONGEST_SECONDS:.0f} seconds."
        return "done", ""

    async def _act(self, deed: commands.AnyDeed) -> Mapping[str, Any] | None:
        name = deed.__struct_config__.tag
        if name in self._own:
            return await self._own[str(name)](deed)
        args = msgspec.to_builtins(deed)
        args.pop("do")
        wanted = args.pop("station", "")
        if isinstance(deed, commands.Mute):
            minutes = args.pop("minutes")
            args["until"] = self._clock.now_ms() + minutes * 60_000 if minutes else 0
        return await self._ask_stations(str(name), args, wanted)

    async def _ask_stations(
        self, name: str, args: dict[str, Any], wanted: str
    ) -> Mapping[str, Any] | None:
        """Ask the named station, else one after the other until one can do it."""
        why = f"There is no station {wanted!r} here." if wanted else "No station here can do this."
        for station_name, station in self._stations.items():
            if wanted not in ("", station_name) or not isinstance(station, Commanded):
                continue
            try:
                found = await station.command(name, args)
            except NotPossibleError as error:
                why = str(error) or why
                continue
            return {"screen": found} if name == "screen" else None
        raise NotPossibleError(why)

    async def _reply(self, order: Order, found: Mapping[str, Any]) -> None:
        reply = Reply(order=order.id, **found)
        if len(msgspec.json.encode(reply)) > REPLY_BYTES + 1024:
            raise NotPossibleError("What came out is too long to be sent.")
        if self.say is not None:
            await self.say(reply)

    async def _tell(self, order: Order, outcome: Outcome, why: str = "") -> None:
        fact = Ordered(order=order.id, name=_name(order), outcome=outcome, why=why[:200])
        await self._journal.append(fact)

    async def _tell_interrupted(self) -> None:
        for line in self._memory.untold():
            rebooted = self._uptime() < line.up
            done = line.do in ("restart", "reread") or (line.do == "reboot" and rebooted)
            why = "" if done else "The machine or its agent stopped before it was over."
            outcome: Outcome = "done" if done else "failed"
            fact = Ordered(order=line.id, name=line.do, outcome=outcome, why=why)
            try:
                await self._journal.append(fact)
                await asyncio.to_thread(self._memory.told, line.id)
            except (OSError, JournalError) as error:
                log.warning("what became of a command is not told yet: %s", error)


def _name(order: Order) -> str:
    return str(order.deed.__struct_config__.tag)
