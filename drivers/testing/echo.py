"""The simplest device: it says back what it hears. For tests of wires."""

import asyncio
from collections.abc import Callable

from drivers.testing.simulator import Reply


class Echo:
    """Answers every byte with itself, ``after`` seconds later; silent while ``mute``."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.after = 0.0
        self.mute = False
        self.heard = b""
        self._heard_more = asyncio.Event()
        self.say: Callable[[bytes], None] = lambda _: None

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Keep the way to speak unasked."""
        self.say = send

    def feed(self, data: bytes) -> list[Reply]:
        """Give the bytes back."""
        self.heard += data
        self._heard_more.set()
        return [] if self.mute else [Reply(data, self.after)]

    async def has_heard(self, count: int) -> None:
        """Wait until so many bytes were heard."""
        while len(self.heard) < count:
            self._heard_more.clear()
            await self._heard_more.wait()
