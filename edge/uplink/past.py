"""Earlier epochs: a ledger that was put back may need their facts again. Asked until it is told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from edge.journal import Journal
from edge.wire.messages import Cursor

log = logging.getLogger(__name__)
AGAIN, LONGEST = 15.0, 3600.0
"""Seconds until the centre is asked again: the first time, and at most."""
EMPTY = 300.0
"""Seconds for which an answer counts while no fact of the current epoch would show a loss."""


class Past:
    """What the centre says of earlier epochs. ``ask`` sends the device's state, which asks it."""

    def __init__(
        self,
        journal: Journal,
        ask: Callable[[], Awaitable[None]],
        *,
        now: Callable[[], float] = lambda: asyncio.get_running_loop().time(),
    ) -> None:
        self._journal, self._ask, self._now = journal, ask, now
        self._told, self._told_at = False, 0.0

    def doubt(self) -> None:
        """A new connection, or a ledger that went back: what was told counts no more."""
        self._told = False

    def missing(self, cursor: Cursor) -> dict[str, int]:
        """Return after which numbers facts of earlier epochs must go again (see Journal.beyond)."""
        if not cursor.past:
            return {}
        self._told = cursor.past.keys() >= self._journal.past().keys()
        self._told_at = self._now()
        found = self._journal.beyond(cursor.past)
        if found:
            log.warning("the ledger was put back: facts of %d earlier epochs go again", len(found))
        return found

    async def run(self) -> None:
        """Ask while there is something to ask; a task of one connection."""
        pause = AGAIN
        while True:
            await asyncio.sleep(pause)
            if not self.wanting:
                pause = AGAIN
                continue
            await self._ask()
            pause = min(LONGEST, 2 * pause)

    @property
    def wanting(self) -> bool:
        """Whether there is something to ask.

        While this epoch has no fact in the ledger, no health message would show that it was put back.
        """
        fresh = self._journal.acked > 0 or self._now() - self._told_at < EMPTY
        return not (self._told and fresh) and bool(self._journal.past())
