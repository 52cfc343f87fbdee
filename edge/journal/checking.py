"""Whether a journal's file is whole: at once while it is small, in the background when it is long.

A device that was offline for months starts as quickly as any other: of a long file the short tables
and both ends of the facts are looked at before the start, the whole of it afterwards. If that finds
damage, a mark is left and the agent ends; at the next start the whole file is checked and saved.
"""

import asyncio
import contextlib
import logging
import sqlite3
from pathlib import Path

from edge.journal.errors import JournalError

log = logging.getLogger(__name__)
AT_ONCE = 32 * 1024 * 1024
"""Bytes that are checked in less than a second, also from an SD card."""
ENDS = 500
"""Facts of a long file that are read at either end."""
LATER = 20.0
"""Seconds after the start at which a long file is checked, when the stations are at work."""
_SHORT = ("meta", "tasks", "troubles", "sqlite_sequence")


def check(db: sqlite3.Connection, path: Path) -> None:
    """Raise sqlite3.DatabaseError when the file is damaged; of a long one, look at what is short."""
    if not _is_long(path) or _mark(path).exists():
        _demand_ok(db, "PRAGMA quick_check(1)")
        return
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
    for table in _SHORT:
        if table in tables:
            _demand_ok(db, f"PRAGMA quick_check({table})")
    for order in ("ASC", "DESC") if "events" in tables else ():
        some = f"SELECT id FROM events ORDER BY seq {order} LIMIT {ENDS}"  # noqa: S608
        db.execute(f"SELECT sum(length(id)) FROM ({some})").fetchone()  # noqa: S608


async def check_later(path: Path, after: float = LATER) -> None:
    """Check the whole of a long file; raise JournalError when it is damaged, for a new start."""
    mark = _mark(path)
    if not _is_long(path):
        mark.unlink(missing_ok=True)
        return
    await asyncio.sleep(after)
    try:
        await asyncio.to_thread(_check_whole, path)
    except sqlite3.OperationalError as error:
        log.warning("%s was not checked: %s", path.name, error)
    except sqlite3.DatabaseError as error:
        mark.touch()
        raise JournalError(f"{path}: damaged ({error}); what can be read is saved now") from None
    else:
        mark.unlink(missing_ok=True)


def _check_whole(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as db:
        _demand_ok(db, "PRAGMA quick_check(1)")


def _demand_ok(db: sqlite3.Connection, query: str) -> None:
    (verdict,) = db.execute(query).fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _is_long(path: Path) -> bool:
    try:
        return path.stat().st_size > AT_ONCE
    except OSError:
        return False


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.doubt")
