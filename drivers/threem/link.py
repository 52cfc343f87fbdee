"""Ask a 3M pad and get its answer: one question at a time, repeated when the wire was bad.

A pad answers in order. After a lost answer, or a question that was cancelled, we put a fence: the
question for its version, whose answer can be taken for nothing else. All that comes before it belongs
to the past. An 810 knows that question in its own form, a 210 as a plain command: we use what answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from drivers.errors import DriverError, FrameError, NoReplyError
from drivers.exchange import exchange
from drivers.ports import Transport
from drivers.retries import again
from drivers.threem.answers import UID_BYTES, Reply
from drivers.threem.commands import HELLO, VERSION, Command
from drivers.threem.frames import START, Cutter, Frame, encode
from drivers.threem.status import Status, trouble

R = TypeVar("R")


class Link:
    """The conversation with one pad."""

    def __init__(self, transport: Transport, *, patience: float = 1.0, tries: int = 3) -> None:
        """Talk over ``transport``; ``patience`` scales all time limits."""
        self._transport = transport
        self._patience = patience
        self._tries = tries
        self._cutter = Cutter()
        self._turn = asyncio.Lock()
        self._in_doubt = True
        self._fences = [HELLO, Frame(VERSION.code)]

    async def ask(self, command: Command[R], data: bytes = b"", uid: bytes = b"") -> R:
        """Return the answer to one command; repeats it, so it must be harmless to repeat."""
        return await self.again(lambda: self.once(command, data, uid))

    async def again(self, operation: Callable[[], Awaitable[R]]) -> R:
        """Run an operation made of :meth:`once`; see :func:`drivers.retries.again`."""
        async with self._turn:
            return await again(operation, self._tries)

    async def settle(self) -> None:
        """Within :meth:`again`: put a fence if there is doubt about what was heard."""
        if not self._in_doubt:
            return
        try:
            await self._exchange(self._fences[0], VERSION, strict=False)
        except NoReplyError:
            await self._exchange(self._fences[1], VERSION, strict=False)
            self._fences.reverse()
        self._in_doubt = False

    async def once(self, command: Command[R], data: bytes = b"", uid: bytes = b"") -> R:
        """Ask once, within :meth:`again`; ``uid`` of the tag for a command to one."""
        await self.settle()
        self._in_doubt = True
        heard = await self._exchange(Frame(command.code, uid + data), command, strict=True)
        answer = self._answer(command, heard, uid)
        self._in_doubt = False
        if isinstance(answer, DriverError):
            raise answer
        return answer

    def _answer(self, command: Command[R], heard: bytes, uid: bytes) -> R | DriverError:
        """Return what the reply says, or the refusal; a reply that does not fit raises."""
        if not heard:
            raise FrameError(f"answer to {command.name}: no status")
        status, data = heard[0], heard[1:]
        if status not in command.good:
            return trouble(status)
        if command.to_tag and status == Status.OK:
            if data[:UID_BYTES] != uid:
                raise FrameError(f"asked tag {uid.hex()} and got the answer of {data[:8].hex()}")
            data = data[UID_BYTES:]
        try:
            return command.parse(Reply(status, data))
        except FrameError as error:
            raise FrameError(f"{command.name}: {error}") from error

    async def _exchange(self, request: Frame, command: Command[R], *, strict: bool) -> bytes:
        def take(heard: Frame) -> bytes | None:
            if not _is_answer(heard, request):
                return None
            return heard.data if heard.start == START else heard.data[2:]

        return await exchange(
            self._transport, self._cutter, encode(request), take,
            f"{command.name} ({command.code:02X})",
            seconds=command.timeout * self._patience, strict=strict,
        )  # fmt: skip


def _is_answer(heard: Frame, request: Frame) -> bool:
    """True unless it is something else, or our own question from a line that echoes."""
    return (heard.command, heard.start) == (request.command, request.start) and heard != request
