"""What devices said and nobody has taken in yet: bounded, and fair to each device."""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass

from edge.wire.topics import Topic

ROOM = 500
"""Messages of one kind that may wait; more are dropped, and devices say them again."""
SHARE = 100
"""Messages of one device among them."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a device."""

    site: str
    device: str
    topic: Topic
    payload: bytes
    heard: int


class Inbox:
    """Messages of one kind. Each device has its turn: one that floods waits for itself alone."""

    def __init__(self, room: int = ROOM, share: int = SHARE) -> None:
        self._room, self._share = room, share
        self._of: OrderedDict[str, deque[Said]] = OrderedDict()
        self._count = 0
        self._news = asyncio.Event()

    def put(self, said: Said) -> None:
        """Take a message; where there is no room, the oldest of who has most here goes."""
        own = self._of.setdefault(said.device, deque())
        own.append(said)
        self._count += 1
        if len(own) > self._share:
            self._drop(own)
        elif self._count > self._room:
            self._drop(max(self._of.values(), key=len))
        self._news.set()

    async def get(self) -> Said:
        """Return the next device's oldest message; wait until there is one."""
        while not self._of:
            self._news.clear()
            await self._news.wait()
        device, own = self._of.popitem(last=False)
        said = own.popleft()
        self._count -= 1
        if own:
            self._of[device] = own
        return said

    def _drop(self, own: deque[Said]) -> None:
        """Let the oldest of a device go. It has two at least, or is the one that came just now."""
        own.popleft()
        self._count -= 1
        if not own:
            self._of = OrderedDict((name, kept) for name, kept in self._of.items() if kept)
