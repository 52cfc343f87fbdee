"""Ask a UHF reader and get its answer, over a half-duplex line of frames with command codes.

The families differ in how a frame looks; they agree that a reply repeats the code of its command
and that one command may have several replies. After a lost answer, or a question that was
cancelled, a fence is put: a question whose answer has a code that nothing else uses here. All that
comes before it belongs to the past.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from drivers.cutting import FrameCutter
from drivers.exchange import exchange
from drivers.ports import Transport
from drivers.retries import again

R = TypeVar("R")
ANY_ADDRESS = 0xFF


@dataclass(frozen=True, slots=True)
class Frame:
    """A request or a reply; ``data`` is what follows the command code."""

    address: int
    command: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Family:
    """How a family of readers frames its bytes; ``fence`` is a harmless command."""

    name: str
    encode: Callable[[Frame], bytes]
    cutter: Callable[[], FrameCutter[Frame]]
    fence: int


@dataclass(frozen=True, slots=True)
class Question:
    """A command as it goes out. ``is_last`` tells the reply that ends the answer."""

    name: str
    code: int
    data: bytes = b""
    timeout: float = 0.5
    is_last: Callable[[bytes], bool] = lambda _: True


class Line:
    """The conversation with one reader."""

    def __init__(
        self,
        transport: Transport,
        family: Family,
        *,
        address: int = ANY_ADDRESS,
        patience: float = 1.0,
        tries: int = 3,
    ) -> None:
        """Talk over ``transport``; ``patience`` scales all time limits."""
        self._transport = transport
        self._family = family
        self._address = address
        self._patience = patience
        self._tries = tries
        self._cutter = family.cutter()
        self._turn = asyncio.Lock()
        self._in_doubt = True

    async def again(self, operation: Callable[[], Awaitable[R]]) -> R:
        """Run an operation made of :meth:`once`; all of it again after a bad answer or none.

        A tag that does not answer is tried once more.
        """
        async with self._turn:
            return await again(operation, self._tries)

    async def once(self, question: Question) -> list[bytes]:
        """Ask once, within :meth:`again`; return the data of every reply."""
        if self._in_doubt:
            await self._exchange(Question("reader version", self._family.fence), strict=False)
        self._in_doubt = True
        replies = await self._exchange(question, strict=True)
        self._in_doubt = False
        return replies

    def doubt(self) -> None:
        """Say that the last answer did not make sense: something may still be on its way."""
        self._in_doubt = True

    async def _exchange(self, question: Question, *, strict: bool) -> list[bytes]:
        replies: list[bytes] = []

        def take(frame: Frame) -> list[bytes] | None:
            ours = frame.address == self._address or self._address == ANY_ADDRESS
            if frame.command != question.code or not ours:
                return None
            replies.append(frame.data)
            return replies if question.is_last(frame.data) else None

        request = Frame(self._address, question.code, question.data)
        return await exchange(
            self._transport, self._cutter, self._family.encode(request), take,
            f"{question.name} ({question.code:02X})",
            seconds=question.timeout * self._patience, strict=strict,
        )  # fmt: skip
