"""Saves the facts of a damaged journal into a new one; the damaged file is kept beside it."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from edge.journal import rows
from edge.journal.database import Connect, open_database
from edge.journal.ids import new_epoch

log = logging.getLogger(__name__)


def salvage(path: Path, connect: Connect, now_ms: int) -> tuple[sqlite3.Connection, int]:
    """Return a new database under a new epoch with what could be read, and how many facts.

    Facts that were acknowledged are left out when that is known; sending one twice is harmless.
    """
    aside = path.with_name(f"{path.name}.damaged-{now_ms}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    old = sqlite3.connect(aside, isolation_level=None)
    try:
        meta = _meta(old)
        bodies = [body for seq, body in _readable(old) if meta is None or seq > meta.acked]
        tasks = []
        with contextlib.suppress(sqlite3.DatabaseError):
            tasks = rows.read_tasks(old)
    finally:
        old.close()
    db = open_database(path, connect)
    db.execute("BEGIN IMMEDIATE")
    saved = rows.number_anew(db, bodies)
    for task in tasks:
        rows.open_task(db, task)
    if meta is not None:
        rows.write_meta(db, device=meta.device, epoch=new_epoch(), acked=0, sent=0, clean=0)
    db.execute("COMMIT")
    log.warning("saved %d facts; the damaged file is kept as %s", saved, aside.name)
    return db, saved


def _meta(db: sqlite3.Connection) -> rows.Meta | None:
    try:
        return rows.read_meta(db)
    except (sqlite3.DatabaseError, KeyError, ValueError):
        return None


def _readable(db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """Yield every event that can be read: up to the damage from the front, then from the back."""
    newest = 0
    try:
        for seq, body in db.execute("SELECT seq, body FROM events ORDER BY seq"):
            yield seq, body
            newest = seq
    except sqlite3.DatabaseError:
        yield from reversed(_tail(db, newest))


def _tail(db: sqlite3.Connection, after: int) -> list[tuple[int, str]]:
    tail: list[tuple[int, str]] = []
    query = "SELECT seq, body FROM events WHERE seq > ? ORDER BY seq DESC"
    with contextlib.suppress(sqlite3.DatabaseError):
        for seq, body in db.execute(query, (after,)):
            tail.append((seq, body))
    return tail
