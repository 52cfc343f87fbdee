"""Wakes whoever shows the state of things, when something has changed."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
ROOM_SECONDS = 1.0
"""Between two tries to write a ledger that cannot be written."""


class Pulse:
    """A count that grows with every change; waiting for the next beat misses none.

    ``full``: the ledger cannot be written at present, and devices keep their facts.
    """

    def __init__(self) -> None:
        self.count = 0
        self.full = False
        self.ended = False
        self._waiting: set[asyncio.Future[None]] = set()

    def beat(self) -> None:
        """Say that something changed."""
        self.count += 1
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def fill(self, full: bool) -> bool:
        """Say whether the ledger cannot be written; True when that is news."""
        news, self.full = full is not self.full, full
        if news:
            self.beat()
        return news

    async def outlast(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do a work, again and again while the ledger cannot be written (a full disk); return it."""
        while True:
            try:
                return await work()
            except sqlite3.OperationalError as error:
                await self.cannot_write(error)

    async def cannot_write(self, error: sqlite3.OperationalError) -> None:
        """Say once that the ledger cannot be written, and wait a moment."""
        if self.fill(True):
            log.error("the ledger cannot be written (%s): devices keep their facts", error)
        await asyncio.sleep(ROOM_SECONDS)

    def end(self) -> None:
        """Say that nothing will change any more: whoever follows shall let go."""
        self.ended = True
        self.beat()

    async def after(self, count: int, seconds: float) -> int:
        """Return the count once it is above ``count``, or after ``seconds`` anyway."""
        if self.count <= count:
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait([future], timeout=seconds)
            finally:
                self._waiting.discard(future)
        return self.count
