"""The replica's SQLite file: made, brought up to date, set aside when it cannot be used."""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path

import msgspec

from edge.circulation.model import LoanView

log = logging.getLogger(__name__)
Connect = Callable[[Path], sqlite3.Connection]
LOG_BYTES, LOG_PAGES = 4_000_000, 8000
"""From here on the log is emptied by who works beside the loop; from here on by whoever comes."""
_STEPS = (
    """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('gen', '1'), ('settled', '- 0');
CREATE TABLE parts (version INTEGER, number INTEGER, PRIMARY KEY (version, number)) STRICT;
CREATE TABLE items (gen INTEGER, key TEXT, ref TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (gen, key)) STRICT, WITHOUT ROWID;
CREATE TABLE readers (gen INTEGER, key TEXT, ref TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (gen, key)) STRICT, WITHOUT ROWID;
CREATE TABLE loans (gen INTEGER, key TEXT, ref TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (gen, key)) STRICT, WITHOUT ROWID;
CREATE INDEX items_by_uid ON items (gen, ref) WHERE ref <> '';
CREATE INDEX loans_by_reader ON loans (gen, ref);
CREATE TABLE overlay (item TEXT PRIMARY KEY, seq INTEGER NOT NULL, settled INTEGER NOT NULL,
    ref TEXT NOT NULL, body BLOB) STRICT, WITHOUT ROWID;
CREATE INDEX overlay_by_reader ON overlay (ref);
""",
    # device: whose fact it is, '' for our own; at: when it happened. heard: how far each neighbour
    # was heard. known: facts of neighbours that were taken in. tags: what the site knows of tags.
    """
ALTER TABLE overlay ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE overlay ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
ALTER TABLE overlay ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE overlay ADD COLUMN id TEXT NOT NULL DEFAULT '';
CREATE TABLE heard (device TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE known (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX known_by_time ON known (at);
CREATE TABLE tags (uid TEXT PRIMARY KEY, item TEXT NOT NULL, until INTEGER NOT NULL,
    heal INTEGER NOT NULL) STRICT, WITHOUT ROWID;
""",
    # late: until when (ms) a loan that ended with this may cost; 0: until ``at``.
    "ALTER TABLE overlay ADD COLUMN late INTEGER NOT NULL DEFAULT 0;",
)
"""What makes a file of each schema out of the one before."""


def log_bytes(path: Path) -> int:
    """Return how long the log beside a file is."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except OSError:
        return 0


def plain(path: Path) -> sqlite3.Connection:
    """Return a connection without Python's own transactions, for any one thread at a time."""
    return sqlite3.connect(path, check_same_thread=False, isolation_level=None)


def open_file(path: Path, connect: Connect) -> sqlite3.Connection:
    """Return the writing connection, on a fresh file when the old one cannot be used."""
    try:
        return _prepared(path, connect)
    except sqlite3.DatabaseError as error:
        log.warning("%s cannot be used (%s): it is set aside and fetched again", path.name, error)
        path.replace(path.with_suffix(path.suffix + ".unusable"))
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _prepared(path, connect)


def _prepared(path: Path, connect: Connect) -> sqlite3.Connection:
    db = connect(path)
    db.isolation_level = "DEFERRED"
    with contextlib.ExitStack() as undo:
        undo.callback(db.close)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        schema = db.execute("PRAGMA user_version").fetchone()[0]
        if schema > len(_STEPS):
            raise sqlite3.DatabaseError(f"schema {schema}, this program knows up to {len(_STEPS)}")
        for number, step in enumerate(_STEPS[schema:], schema + 1):
            db.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")
        db.execute("SELECT late FROM overlay, items LIMIT 1").fetchone()
        undo.pop_all()
    return db


def every_loan(db: sqlite3.Connection) -> Generator[tuple[str, int, str]]:
    """Yield item, since (ms) and tag UID of each loan of the base; closes the connection."""
    with contextlib.closing(db):
        rows = db.execute(
            "SELECT l.key, l.body, coalesce(i.ref, '') FROM loans l LEFT JOIN items i"
            " ON i.gen = l.gen AND i.key = l.key"
            " WHERE l.gen = (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'gen')"
        )
        for item, body, uid in rows:
            yield item, msgspec.json.decode(body, type=LoanView).since, uid
