"""Between the engine and the pages that show it: the screen as it is now, and fingers coming in."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

Message = dict[str, Any]
"""A screen as the page gets it: ``screen``, ``lang``, ``online``, ``data``, ``seconds_left``."""

WAITING_PRESSES = 64


class Stage:
    """Shows the newest screen to every page; a slow page skips screens but ends on the newest."""

    def __init__(self) -> None:
        self._message: Message = {"screen": "trouble", "lang": "vi", "online": False, "data": {}}
        self._wakers: set[asyncio.Event] = set()
        self._presses: asyncio.Queue[tuple[str, str]] = asyncio.Queue(WAITING_PRESSES)

    @property
    def message(self) -> Message:
        """The screen as it is now."""
        return self._message

    @property
    def watchers(self) -> int:
        """How many pages look at this kiosk now."""
        return len(self._wakers)

    def show(self, message: Message) -> None:
        """Make this the screen; every page that watches is woken when it differs."""
        if message == self._message:
            return
        self._message = message
        for waker in self._wakers:
            waker.set()

    def press(self, name: str, arg: str = "") -> bool:
        """Hand a press to the engine; False when so many wait that this one is dropped."""
        try:
            self._presses.put_nowait((name, arg))
        except asyncio.QueueFull:
            return False
        return True

    async def next_press(self) -> tuple[str, str]:
        """Wait for the next press."""
        return await self._presses.get()

    @contextmanager
    def _waker(self) -> Iterator[asyncio.Event]:
        waker = asyncio.Event()
        waker.set()
        self._wakers.add(waker)
        try:
            yield waker
        finally:
            self._wakers.discard(waker)

    async def watch(self) -> AsyncGenerator[Message, None]:
        """Give the screen now and then every change, for as long as somebody asks."""
        with self._waker() as waker:
            while True:
                await waker.wait()
                waker.clear()
                yield self._message
