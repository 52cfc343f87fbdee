"""The journal, read beside an agent that may be writing to it: sound, how much waits, since when."""

import contextlib
import sqlite3
import time
from pathlib import Path

from edge.doctor.model import Finding, Tell
from edge.journal.database import migrations
from edge.uplink import astray

PART = "journal"
OLD_DAYS = 2
_DAY_MS = 86_400_000


def look(tell: Tell, folder: Path) -> list[tuple[str, str]]:
    """Look at the journal of a data folder; return the troubles that are open in it."""
    path = folder / "journal.db"
    if not path.exists():
        tell(Finding(PART, "note", "journal_none"))
        return []
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=5)) as db:
            return _read(tell, db)
    except sqlite3.Error as error:
        tell(Finding(PART, "bad", "journal_damaged", {"why": str(error)}))
        return []


def _read(tell: Tell, db: sqlite3.Connection) -> list[tuple[str, str]]:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
    (found,) = db.execute("PRAGMA user_version").fetchone()
    known = migrations()[-1][0]
    if found > known:
        tell(Finding(PART, "bad", "journal_newer", {"found": found, "known": known}))
        return []
    (acked,) = db.execute("SELECT value FROM meta WHERE key = 'acked'").fetchone()
    (facts,) = db.execute("SELECT count(*) FROM events").fetchone()
    waiting, oldest = db.execute(
        "SELECT count(*), min(at_ms) FROM events WHERE seq > ?", (int(acked),)
    ).fetchone()
    tell(Finding(PART, "ok", "journal_ok", {"facts": facts, "waiting": waiting}))
    days = (time.time() * 1000 - oldest) // _DAY_MS if oldest else 0
    if days >= OLD_DAYS:
        tell(Finding(PART, "warn", "journal_old", {"days": int(days)}))
    (tasks,) = db.execute("SELECT count(*) FROM tasks").fetchone()
    if tasks:
        tell(Finding(PART, "note", "tasks_open", {"count": tasks}))
    found = db.execute("SELECT part, reason FROM troubles").fetchall()
    for reason in astray.REASONS:
        if (PART, reason) in found:
            tell(Finding(PART, "warn", f"journal_{reason}"))
            found.remove((PART, reason))
    return found
