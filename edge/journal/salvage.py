"""Saves the facts of a damaged journal into a new one; the damaged file is kept beside it."""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from edge.journal import rows
from edge.journal.database import Connect, open_database
from edge.journal.ids import new_epoch
from edge.journal.model import TagTask

log = logging.getLogger(__name__)
_SUFFIXES = ("", "-wal", "-shm")
_Settled = tuple[str, int, str]
"""Epoch, number and event of what the ledger had acknowledged."""


def salvage(path: Path, connect: Connect, now_ms: int) -> tuple[sqlite3.Connection, int]:
    """Return a new database under a new epoch with what could be read, and how many facts.

    Facts that are known to be acknowledged go into its archive; sending one twice is harmless.
    The damaged file makes place only for a whole new one: a power cut on the way loses nothing.
    """
    fresh = _beside(path)
    for suffix in _SUFFIXES:
        _with(fresh, suffix).unlink(missing_ok=True)
    meta, bodies, settled, tasks = _rescue(path)
    db = open_database(fresh, connect)
    try:
        db.execute("BEGIN IMMEDIATE")
        saved = rows.number_anew(db, bodies)
        rows.archive(db, settled)
        for task in tasks:
            rows.open_task(db, task)
        if meta is not None:
            rows.write_meta(db, device=meta.device, epoch=new_epoch(), acked=0, sent=0, clean=0)
        db.execute("COMMIT")
    finally:
        db.close()
    aside = path.with_name(f"{path.name}.damaged-{now_ms}")
    path.rename(aside)
    finish(path, aside)
    log.warning("saved %d facts; the damaged file is kept as %s", saved, aside.name)
    return open_database(path, connect), saved


def finish(path: Path, aside: Path | None = None) -> None:
    """Put a saved journal into its place, if a power cut came when the damaged one had left it."""
    fresh = _beside(path)
    if path.exists() or not fresh.exists():
        return
    aside = aside or path.with_name(f"{path.name}.damaged")
    _sync_folder(path)
    for suffix in _SUFFIXES[1:]:  # a log of the old file must never meet the new one
        with contextlib.suppress(FileNotFoundError):
            _with(path, suffix).rename(_with(aside, suffix))
    _sync_folder(path)
    fresh.rename(path)
    _sync_folder(path)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.saved")


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _rescue(path: Path) -> tuple[rows.Meta | None, list[str], list[_Settled], list[TagTask]]:
    """Return what can be read of a damaged file."""
    old = sqlite3.connect(path, isolation_level=None)
    try:
        meta = _meta(old)
        bodies, settled, tasks = [], _archive(old), list[TagTask]()
        for seq, body in _readable(old):
            if meta is None or seq > meta.acked:
                bodies.append(body)
            else:
                settled.append((meta.epoch, seq, body))
        with contextlib.suppress(sqlite3.DatabaseError):
            tasks = rows.read_tasks(old)
    finally:
        old.close()
    return meta, bodies, settled, tasks


def _archive(db: sqlite3.Connection) -> list[_Settled]:
    found: list[_Settled] = []
    with contextlib.suppress(sqlite3.DatabaseError):
        found.extend(db.execute("SELECT epoch, seq, body FROM archive"))
    return found


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
