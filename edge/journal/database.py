"""The journal's SQLite file: opened, brought up to date, checked."""

import sqlite3
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from edge.journal.checking import check
from edge.journal.errors import JournalError

Connect = Callable[[Path], sqlite3.Connection]
NAME = "journal"
CHECKPOINT_PAGES = 1000
"""The log is copied home earlier, when nobody waits (see the writer); at so many pages at once."""


def plain(path: Path) -> sqlite3.Connection:
    """Return a connection without Python's own transactions, usable from one thread at a time."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)


def open_database(path: Path, connect: Connect) -> sqlite3.Connection:
    """Return a durable, checked connection with the newest schema.

    Raises sqlite3.DatabaseError when the file is damaged, JournalError when it is newer than this
    program.
    """
    db = connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        db.execute("PRAGMA journal_size_limit = 4194304")
        check(db, path)
        _migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


def migrations() -> list[tuple[int, str]]:
    """Return the numbered SQL files of the journal in their order."""
    found = [
        (int(file.name.removesuffix(".sql").rpartition("_")[2]), file.read_text(encoding="utf-8"))
        for file in files("edge.schema").iterdir()
        if file.name.startswith(f"{NAME}_") and file.name.endswith(".sql")
    ]
    return sorted(found)


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    steps = migrations()
    newest = steps[-1][0]
    if version > newest:
        raise JournalError(
            f"{path}: written by a newer program (schema {version}, this one knows {newest}); "
            "install the newer version again, nothing was changed"
        )
    for number, script in steps:
        if number > version:
            db.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT")
