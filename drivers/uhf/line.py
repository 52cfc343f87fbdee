"""Ask a UHF reader and get its answer, over a half-duplex line of frames with command codes.

The families differ in how a frame looks; they agree that a reply repeats the code of its command
and that one command may have several replies. After a lost answer, or a question that was
cancelled, a fence is put: a question whose answer has a code that nothing else uses here. All that
comes before it belongs to the past.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from drivers.errors import FrameError, NoReplyError
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
class Noise:
    """Bytes that are no frame, and why."""

    why: str
    data: bytes


class FrameCutter(Protocol):
    """Cuts what a line delivers into frames. Nothing raises: noise is an event like a frame."""

    def reset(self) -> None:
        """Forget a frame that has begun."""

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Take any number of bytes; return the frames, and the noise, that they complete."""


@dataclass(frozen=True, slots=True)
class Family:
    """How a family of readers frames its bytes; ``fence`` is a harmless command."""

    name: str
    encode: Callable[[Frame], bytes]
    cutter: Callable[[], FrameCutter]
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
        self._transport.discard()
        self._cutter.reset()
        request = Frame(self._address, question.code, question.data)
        try:
            async with asyncio.timeout(question.timeout * self._patience):
                await self._transport.send(self._family.encode(request))
                return await self._replies(question, strict=strict)
        except TimeoutError as error:
            raise NoReplyError(f"no answer to {question.name} ({question.code:02X})") from error

    async def _replies(self, question: Question, *, strict: bool) -> list[bytes]:
        replies: list[bytes] = []
        while True:
            for event in self._cutter.feed(await self._transport.receive()):
                match event:
                    case Noise(why=why) if strict:
                        raise FrameError(f"answer to {question.name}: {why}")
                    case Frame(command=code, data=data) if code == question.code:
                        if event.address == self._address or self._address == ANY_ADDRESS:
                            replies.append(data)
                            if question.is_last(data):
                                return replies
                    case _:
                        pass
