"""Keeps the compact copy of the loans in step with the replica, which is the truth."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from edge.elsewhere import Lent
from edge.files import write_whole
from edge.gate.loans import Loans
from edge.replica import Replica
from edge.threads import in_thread

log = logging.getLogger(__name__)
FOLLOW_SECONDS = 0.1
AT_ONCE = 200
"""Changes taken in at once, so that nothing else waits long."""
CHUNK = 2000
"""Loans taken in at once when the copy is made."""


class LoanCopy:
    """Answers whether something is on loan. While it is not up to date it asks the replica.

    :meth:`run` is a task of the gate. ``key`` is the site's secret for it; ``path`` its file.
    ``lent``: what is lent elsewhere, asked after the site's own loans.
    """

    def __init__(self, replica: Replica, key: bytes, path: Path, lent: Lent | None = None) -> None:
        self._replica, self._key, self._path = replica, key, path
        self._lent = lent
        self._loans = Loans(key)
        self._changes: deque[str] = deque()
        self._whole = False
        self.ready = False
        if lent is not None:
            lent.begin()
            lent.follow(lambda: self._changes.extend(replica.overlaid()))

    def lent_since(self, item: str | None, uid: str) -> int | None:
        """Return since when (ms) an item, or the item of a tag (UID, hex), is on loan, or None."""
        if self.ready and not self._changes:
            since = self._loans.since(item, uid)
        else:
            if not item:
                view = self._replica.item_by_uid(uid)
                item = view.item if view else None
            loan = self._replica.loan(item) if item else None
            if loan is None and item and self._replica.happened(item):
                return None  # it came back here
            since = loan.since if loan else None
        return self._lent.since(item, uid) if since is None and self._lent else since

    def __len__(self) -> int:
        """Return how many loans there are in the copy."""
        return len(self._loans)

    async def run(self) -> None:
        """Follow the replica until cancelled; then keep the copy in its file."""
        self._replica.follow(self._changed)
        try:
            self._load()
            while True:
                if self._whole or not self.ready:
                    await self._make()
                self.catch_up()
                await asyncio.sleep(0 if self._changes else FOLLOW_SECONDS)
        finally:
            self._save()

    def catch_up(self) -> None:
        """Take in some of what changed in the replica."""
        for _ in range(min(len(self._changes), AT_ONCE)):
            item = self._changes.popleft()
            loan = self._replica.loan(item)
            if loan is None:
                self._loans.drop(item)
                if self._lent is not None and self._replica.happened(item):
                    self._lent.drop(item)
            else:
                view = self._replica.item(item)
                self._loans.put(item, loan.since, view.uid.upper() if view else "")

    async def _make(self) -> None:
        """Make the copy from the whole replica, beside the work."""
        self.ready = self._whole = False
        self._changes.clear()
        made = Loans(self._key)
        with contextlib.closing(self._replica.every_loan()) as rows:
            while await in_thread(partial(_fill, made, rows)):  # never closed while it runs
                pass
        self._loans, self.ready = made, True
        self._changes.extend(self._replica.overlaid())

    def _load(self) -> None:
        with contextlib.suppress(OSError):
            self.ready = self._loans.load(self._path.read_bytes(), self._replica.version)
            self._changes.extend(self._replica.overlaid())

    def _save(self) -> None:
        """Keep the copy; one that cannot be kept is made anew at the next start."""
        if not self.ready or self._whole:
            return
        while self._changes:
            self.catch_up()
        try:
            write_whole(self._path, self._loans.dump(self._replica.version))
        except OSError as error:
            log.info("the copy of the loans could not be kept: %s", error)

    def _changed(self, items: Sequence[str] | None) -> None:
        if items is None:
            self._whole = True
        else:
            self._changes.extend(items)


def _fill(made: Loans, rows: Iterator[tuple[str, int, str]]) -> int:
    count = 0
    for item, since, uid in islice(rows, CHUNK):
        made.put(item, since, uid)
        count += 1
    return count
