"""Send a question over a line and wait for what answers it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from drivers.cutting import FrameCutter, Noise
from drivers.errors import FrameError, NoReplyError
from drivers.ports import Transport

F = TypeVar("F")
A = TypeVar("A")


async def exchange(
    transport: Transport,
    cutter: FrameCutter[F],
    question: bytes,
    take: Callable[[F], A | None],
    name: str,
    *,
    seconds: float,
    strict: bool,
) -> A:
    """Forget what came before, ask, and return the first answer that ``take`` sees in the frames.

    NoReplyError after ``seconds``; FrameError for noise when ``strict``. ``name`` says in both what
    was asked.
    """
    transport.discard()
    cutter.reset()
    try:
        async with asyncio.timeout(seconds):
            await transport.send(question)
            while True:
                for event in cutter.feed(await transport.receive()):
                    if isinstance(event, Noise):
                        if strict:
                            raise FrameError(f"answer to {name}: {event.why}")
                    elif (answer := take(event)) is not None:
                        return answer
    except TimeoutError as error:
        raise NoReplyError(f"no answer to {name}") from error
