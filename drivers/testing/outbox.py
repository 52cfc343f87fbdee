"""What a simulated device still has to say: in order, each reply after its own time.

Device time and wire time are two things: a late wire carries many replies at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from drivers.testing.simulator import Reply

MOST = 1 << 18
"""Replies that may wait. A camera on a wire that drips says more than is heard: the rest is lost."""


class Outbox:
    """Replies on their way; what needs no time goes out at once. Closed until ``open``."""

    def __init__(
        self,
        write: Callable[[bytes], None],
        on_the_way: Callable[[Iterable[Reply]], Iterable[Reply]] = lambda replies: replies,
        late: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Say everything through ``write``, after ``on_the_way`` did to it what a wire does.

        It is heard so many seconds after it was said as ``late`` says.
        """
        self._heard = write
        self._on_the_way = on_the_way
        self._late = late
        self._travelling: deque[tuple[float, bytes]] = deque()
        self._arrival: asyncio.TimerHandle | None = None
        self._replies: deque[Reply] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._open = False

    def open(self) -> None:
        """Begin to speak."""
        self._open = True

    def close(self) -> None:
        """Fall silent at once and forget what was not said."""
        self.forget()
        self._open = False

    def forget(self) -> None:
        """Drop what was not said yet."""
        self._replies.clear()
        self._travelling.clear()
        for timer in filter(None, (self._timer, self._arrival)):
            timer.cancel()
        self._timer = self._arrival = None

    def put(self, replies: Iterable[Reply]) -> None:
        """Queue replies behind those that wait."""
        if self._open and len(self._replies) < MOST:
            self._replies.extend(self._on_the_way(replies))
            self._speak()

    def say(self, data: bytes) -> None:
        """Say something unasked, after what waits."""
        self.put([Reply(data)])

    def _speak(self) -> None:
        while self._replies and self._timer is None:
            if self._replies[0].after <= 0:
                self._write(self._replies.popleft().data)
            else:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(self._replies[0].after, self._due)

    def _due(self) -> None:
        self._timer = None
        self._write(self._replies.popleft().data)
        self._speak()

    def _write(self, data: bytes) -> None:
        late = self._late()
        if late <= 0 and not self._travelling:
            self._heard(data)
            return
        self._travelling.append((asyncio.get_running_loop().time() + late, data))
        if self._arrival is None:
            self._arrive()

    def _arrive(self) -> None:
        loop, self._arrival = asyncio.get_running_loop(), None
        while self._travelling and self._arrival is None:
            due = self._travelling[0][0]
            if due <= loop.time():
                self._heard(self._travelling.popleft()[1])
            else:
                self._arrival = loop.call_at(due, self._arrive)
