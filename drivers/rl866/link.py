"""Ask an RL866 reader and get its answer: one question at a time, repeated when the wire was bad.

Messages are numbered 0 and 1 in turn. After a lost answer, or a question that was cancelled, nobody
knows which number comes next: we resynchronise. The answer to that can be taken for nothing else, so
all that comes before it belongs to the past.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from drivers.errors import DriverError, FrameError
from drivers.exchange import exchange
from drivers.ports import Transport
from drivers.retries import again
from drivers.rl866.answers import Reply, access
from drivers.rl866.commands import Command
from drivers.rl866.frames import (
    ANY_ADDRESS,
    GOES_ON,
    RESYNC,
    RESYNCED,
    Cutter,
    Frame,
    encode,
    message,
)
from drivers.rl866.status import WRONG_NUMBER, trouble

R = TypeVar("R")

_RESYNC_SECONDS = 0.5


class Link:
    """The conversation with one reader."""

    def __init__(
        self,
        transport: Transport,
        *,
        address: int = ANY_ADDRESS,
        patience: float = 1.0,
        tries: int = 3,
        numbered: bool = True,
    ) -> None:
        """Talk over ``transport``; ``patience`` scales all time limits.

        ``numbered``: a reply carries the number of its question.
        """
        self._transport = transport
        self._address = address
        self._patience = patience
        self._tries = tries
        self._numbered = numbered
        self._cutter = Cutter()
        self._turn = asyncio.Lock()
        self._in_doubt = True
        self._number = 0
        self.begun = 0
        """How often the conversation began anew; what the reader held for us may be gone since."""

    async def ask(self, command: Command[R], data: bytes = b"") -> R:
        """Return the answer to one command; repeats it, so it must be harmless to repeat."""
        return await self.again(lambda: self.once(command, data))

    async def again(self, operation: Callable[[], Awaitable[R]]) -> R:
        """Run an operation made of :meth:`once`; see :func:`drivers.retries.again`."""
        async with self._turn:
            return await again(operation, self._tries)

    async def settle(self) -> None:
        """Within :meth:`again`: resynchronise if there is doubt about what was heard."""
        if not self._in_doubt:
            return
        self.begun += 1
        await self._exchange(Frame(self._address, RESYNC), "resynchronise", _RESYNC_SECONDS)
        self._number = 0
        self._in_doubt = False

    async def once(self, command: Command[R], data: bytes = b"", handle: int = 0) -> R:
        """Ask once, within :meth:`again`."""
        await self.settle()
        self._in_doubt = True
        request = message(self._address, self._number, command.request(data, handle))
        inf = await self._exchange(request, command.name, command.timeout)
        reply = self._reply(command, inf)
        answer = self._answer(command, reply)
        self._number ^= 1
        self._in_doubt = reply.status == WRONG_NUMBER
        if isinstance(answer, DriverError):
            raise answer
        return answer

    def _reply(self, command: Command[R], inf: bytes) -> Reply:
        """Return the reply in a message, for an access the one inside it."""
        if len(inf) < 3:
            raise FrameError(f"answer to {command.name}: a message of {len(inf)} bytes")
        reply = Reply(int.from_bytes(inf[1:3], "little"), inf[3:])
        if command.sub is None or not reply.data or (reply.status and len(reply.data) < 4):
            return reply
        code, inner = access(reply)
        if code != command.sub:
            raise FrameError(f"asked {command.sub:04X} and got the answer to {code:04X}")
        return inner

    def _answer(self, command: Command[R], reply: Reply) -> R | DriverError:
        """Return what the reply says, or the refusal; a reply that does not fit raises."""
        if reply.status not in command.good:
            return trouble(reply.status, tag_command=command.is_to_tag)
        try:
            return command.parse(reply)
        except FrameError as error:
            raise FrameError(f"{command.name}: {error}") from error

    async def _exchange(self, request: Frame, name: str, seconds: float) -> bytes:
        return await exchange(
            self._transport, self._cutter, encode(request),
            lambda heard: heard.inf if self._is_answer(heard, request) else None,
            name, seconds=seconds * self._patience, strict=request.is_message,
        )  # fmt: skip

    def _is_answer(self, heard: Frame, request: Frame) -> bool:
        if heard.address != self._address and self._address != ANY_ADDRESS:
            return False
        if heard == request:  # a line that echoes
            return False
        if not request.is_message:
            return heard.pcb == RESYNCED
        if heard.pcb & GOES_ON and heard.pcb < RESYNC:
            raise FrameError("an answer came in pieces, which we never ask for")
        if not heard.is_message or heard.inf[:1] != request.inf[:1]:
            return False
        return heard.number == request.number or not self._numbered
