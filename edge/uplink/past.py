"""Earlier epochs: a ledger that was put back may need their facts again. Asked until it is told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from edge.journal import Journal
from edge.wire.messages import Cursor

log = logging.getLogger(__name__)
AGAIN, LONGEST = 15.0, 3600.0
"""Seconds until the centre is asked again: the first time, and at most."""


class Past:
    """What the centre says of earlier epochs. ``ask`` sends the device's state, which asks it."""

    def __init__(self, journal: Journal, ask: Callable[[], Awaitable[None]]) -> None:
        self._journal, self._ask = journal, ask
        self._told = False

    def doubt(self) -> None:
        """A new connection, or a ledger that went back: what was told counts no more."""
        self._told = False

    def missing(self, cursor: Cursor) -> dict[str, int]:
        """Return after which numbers facts of earlier epochs must go again (see Journal.beyond)."""
        if not cursor.past:
            return {}
        self._told = cursor.past.keys() >= self._journal.past().keys()
        found = self._journal.beyond(cursor.past)
        if found:
            log.warning("the ledger was put back: facts of %d earlier epochs go again", len(found))
        return found

    async def run(self) -> None:
        """Ask while there is something to ask; a task of one connection."""
        pause = AGAIN
        while True:
            await asyncio.sleep(pause)
            if self._told or not self._journal.past():
                pause = AGAIN
                continue
            await self._ask()
            pause = min(LONGEST, 2 * pause)
