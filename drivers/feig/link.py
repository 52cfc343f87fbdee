"""Ask a FEIG reader and get its answer: one question at a time, repeated when the wire was bad.

A reader answers in order and its replies do not say what was asked. So after a lost answer, or a
question that was cancelled, we put a fence: a version request, whose answer has a code that nothing
else uses. All that comes before it belongs to the past.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from drivers.errors import DriverError, FrameError
from drivers.exchange import exchange
from drivers.feig.answers import Reply
from drivers.feig.commands import VERSION, Command
from drivers.feig.frames import ANY_ADDRESS, Cutter, Frame, encode
from drivers.feig.status import WITH_DATA_ALL_THE_SAME, trouble
from drivers.ports import Transport
from drivers.retries import again

R = TypeVar("R")


class Link:
    """The conversation with one reader."""

    def __init__(
        self,
        transport: Transport,
        *,
        address: int = ANY_ADDRESS,
        patience: float = 1.0,
        tries: int = 3,
        pause: float = 0.0,
    ) -> None:
        """Talk over ``transport``.

        ``patience`` scales all time limits; ``pause`` is what the reader needs between its answer
        and the next question, seconds (5 ms on a serial line).
        """
        self._transport = transport
        self._address = address
        self._patience = patience
        self._tries = tries
        self._pause = pause
        self._cutter = Cutter(replies=True)
        self._turn = asyncio.Lock()
        self._in_doubt = True
        self._answered = 0.0

    async def ask(self, command: Command[R], data: bytes = b"") -> R:
        """Return the answer to one command; repeats it, so it must be harmless to repeat."""
        return await self.again(lambda: self.once(command, data))

    async def again(self, operation: Callable[[], Awaitable[R]]) -> R:
        """Run an operation made of :meth:`once`; all of it again after a bad answer or none.

        A tag that does not answer is tried once more.
        """
        async with self._turn:
            return await again(operation, self._tries)

    async def once(self, command: Command[R], data: bytes = b"") -> R:
        """Ask once, within :meth:`again`."""
        if self._in_doubt:
            await self._exchange(VERSION, b"", strict=False)
        self._in_doubt = True
        reply = await self._exchange(command, data, strict=True)
        answer = self._answer(command, reply)
        self._in_doubt = False
        if isinstance(answer, DriverError):
            raise answer
        return answer

    def _answer(self, command: Command[R], reply: Reply) -> R | DriverError:
        """Return what the reply says, or the refusal; a reply that does not fit raises."""
        warned = reply.status in WITH_DATA_ALL_THE_SAME and reply.data and command.gives_data
        if reply.status not in command.good and not warned:
            return trouble(reply.status, reply.data, tag_command=command.is_to_tag)
        try:
            return command.parse(reply)
        except FrameError as error:
            raise FrameError(f"{command.name}: {error}") from error

    async def _exchange(self, command: Command[R], data: bytes, *, strict: bool) -> Reply:
        def take(frame: Frame) -> Reply | None:
            ours = frame.address == self._address or self._address == ANY_ADDRESS
            if frame.command != command.code or not ours:
                return None
            return Reply(frame.data[0], frame.data[1:])

        await self._rest()
        request = Frame(self._address, command.code, command.request(data))
        reply = await exchange(
            self._transport, self._cutter, encode(request), take,
            f"{command.name} ({command.code:02X})",
            seconds=command.timeout * self._patience, strict=strict,
        )  # fmt: skip
        self._answered = asyncio.get_running_loop().time()
        return reply

    async def _rest(self) -> None:
        if self._pause:
            ready_at = self._answered + self._pause
            await asyncio.sleep(max(0.0, ready_at - asyncio.get_running_loop().time()))
