"""A journal as another process sees it, beside the agent that writes it: what waits, streamed."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from edge.journal import rows
from edge.journal.database import plain
from edge.journal.errors import JournalError
from edge.wire.batch import mark

ROWS, BYTES = 2000, 1_000_000


class Outside:
    """Facts of one epoch, of one moment. Close it when done."""

    def __init__(self, path: Path, *, everything: bool = False) -> None:
        """Fix what is there; ``everything``: with what is acknowledged and still here.

        The journal notes that these facts are about to travel (see Journal.diverged). Raises
        JournalError when the file cannot be used.
        """
        if not path.exists():
            raise JournalError(f"{path}: there is no such file")
        self._db = plain(path)
        try:
            self._fix(everything=everything)
        except (sqlite3.Error, KeyError, ValueError) as error:
            self._db.close()
            raise JournalError(f"{path}: {error}") from None
        except JournalError:
            self._db.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("ROLLBACK")
        self._db.close()

    def batches(self) -> Iterator[tuple[int, str, list[bytes]]]:
        """Yield consecutive events as (first number, mark of the one before, events)."""
        seq = self.first - 1
        while bodies := self._some(seq):
            first = seq + 1
            yield first, self._mark(seq), bodies
            seq += len(bodies)

    def _fix(self, *, everything: bool) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        meta = rows.read_meta(self._db)
        if meta is None:
            raise JournalError("the journal was never used")
        self.device, self.epoch, self.last = meta.device, meta.epoch, rows.last_seq(self._db)
        (oldest,) = self._db.execute("SELECT min(seq) FROM events").fetchone()
        oldest = self.last + 1 if oldest is None else int(oldest)
        self.first = oldest if everything else max(oldest, meta.acked + 1)
        rows.advance(self._db, "sent", self.epoch, self.last)
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")
        again = rows.read_meta(self._db)
        if again is None or again.epoch != self.epoch:
            raise JournalError("the journal began anew at this moment: try again")

    def _some(self, after: int) -> list[bytes]:
        found: list[bytes] = []
        size = 0
        query = (
            "SELECT seq, CAST(body AS BLOB) FROM events WHERE seq > ? AND seq <= ?"
            " ORDER BY seq LIMIT ?"
        )
        for seq, body in self._db.execute(query, (after, self.last, ROWS)):
            size += len(body)
            if seq != after + len(found) + 1 or (found and size > BYTES):
                break
            found.append(body)
        return found

    def _mark(self, seq: int) -> str:
        row = self._db.execute("SELECT id FROM events WHERE seq = ?", (seq,)).fetchone()
        return mark(row[0]) if row and row[0] else ""
