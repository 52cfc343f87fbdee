"""What a simulated device still has to say: in order, each reply after its own time."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from drivers.testing.simulator import Reply


class Outbox:
    """Replies on their way; what needs no time goes out at once. Closed until ``open``."""

    def __init__(
        self,
        write: Callable[[bytes], None],
        on_the_way: Callable[[Iterable[Reply]], Iterable[Reply]] = lambda replies: replies,
    ) -> None:
        """Say everything through ``write``, after ``on_the_way`` did to it what a wire does."""
        self._write = write
        self._on_the_way = on_the_way
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
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def put(self, replies: Iterable[Reply]) -> None:
        """Queue replies behind those that wait."""
        if self._open:
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
