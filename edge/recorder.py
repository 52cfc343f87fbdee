"""A queue in front of the journal, for stations that must not wait for the disk."""

import asyncio
import logging

from edge.journal import Journal, JournalError
from edge.wire.facts import Fact, Trouble, Well

log = logging.getLogger(__name__)
LIMIT = 1000


class Recorder:
    """Journals facts in their order from a task of its own (:meth:`run`); bounded.

    Only for facts that no hardware waits for: alarms, counts, levels, troubles.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._queue: asyncio.Queue[Fact] = asyncio.Queue(LIMIT)
        self._troubles = set(journal.troubles)

    def put(self, fact: Fact) -> None:
        """Queue a fact. When the disk has been stuck for a thousand facts, say so in the log."""
        try:
            self._queue.put_nowait(fact)
        except asyncio.QueueFull:
            log.error("no room to queue %s: the journal does not keep up", type(fact).__name__)

    def trouble(self, part: str, reason: str, why: str) -> None:
        """Queue a Trouble, unless staff know of it already."""
        if (part, reason) not in self._troubles:
            self._troubles.add((part, reason))
            self.put(Trouble(part=part, reason=reason, why=why))

    def well(self, part: str, reason: str) -> None:
        """Queue the end of a trouble, if there was one."""
        if (part, reason) in self._troubles:
            self._troubles.discard((part, reason))
            self.put(Well(part=part, reason=reason))

    async def run(self) -> None:
        """Journal what is queued until cancelled, then the rest."""
        try:
            while True:
                await self._record(await self._queue.get())
        finally:
            while not self._queue.empty():
                await self._record(self._queue.get_nowait())

    async def drained(self) -> None:
        """Wait until everything queued is journaled."""
        await self._queue.join()

    async def _record(self, fact: Fact) -> None:
        try:
            await self._journal.append(fact)
        except JournalError as error:
            log.warning("%s not recorded: %s", type(fact).__name__, error)
        finally:
            self._queue.task_done()
