"""What the centre sent of items, readers and loans, in the replica's file: taken in and looked up.

Rows of a snapshot that is still arriving carry the next generation; the swap is one update.
"""

import sqlite3
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from edge import overlay
from edge.circulation.model import ItemView, LoanView, ReaderView
from edge.wire.errors import WireError
from edge.wire.messages import Part

View = TypeVar("View", ItemView, ReaderView, LoanView)
_TABLES = ("items", "readers", "loans")
_LIVE = "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'gen')"


def one(db: sqlite3.Connection, table: str, column: str, key: str, kind: type[View]) -> View | None:
    """Return a row of one of the tables whose ``column`` is ``key``; None of an empty key."""
    if not key:
        return None
    query = f"SELECT body FROM {table} WHERE gen = {_LIVE} AND {column} = ? LIMIT 1"  # noqa: S608
    row = db.execute(query, (key,)).fetchone()
    return msgspec.json.decode(row[0], type=kind) if row else None


def loans_of(db: sqlite3.Connection, reader: str) -> list[LoanView]:
    """Return the loans of a reader reference."""
    query = f"SELECT body FROM loans WHERE gen = {_LIVE} AND ref = ?"  # noqa: S608
    rows = db.execute(query, (reader,)).fetchall()
    return [msgspec.json.decode(body, type=LoanView) for (body,) in rows]


def cards(db: sqlite3.Connection, begins: str) -> list[str]:
    """Return two at most of the card references that begin so."""
    query = f"SELECT key FROM readers WHERE gen = {_LIVE} AND key >= ? AND key < ? LIMIT 2"  # noqa: S608
    return [key for (key,) in db.execute(query, (begins, begins + "g"))]


def change(db: sqlite3.Connection, part: Part, gen: int) -> list[str]:
    """Write changes over the base; return the items that they speak of. Raises WireError."""
    _write(db, part, gen)
    loans = [loan.item for loan in part.loans]
    loans += [name[6:] for name in part.gone if name.startswith("loans:")]
    overlay.agree(db, loans, gen)
    return [*loans, *(item.item for item in part.items)]


def stage(db: sqlite3.Connection, part: Part, gen: int, version: int) -> bool:
    """Write a snapshot's part beside the base; return True when it is whole and has become the base.

    ``gen`` and ``version`` are those of the base so far. Raises WireError.
    """
    if db.execute("SELECT 1 FROM parts WHERE version <> ?", (part.version,)).fetchone():
        _drop(db, gen + 1)
        db.execute("DELETE FROM meta WHERE key = 'next_policy'")
    _write(db, part, gen + 1)
    db.execute("INSERT OR IGNORE INTO parts VALUES (?, ?)", (part.version, part.number))
    if part.policy is not None:
        put(db, "next_policy", msgspec.json.encode(part.policy).decode())
    if db.execute("SELECT count(*) FROM parts").fetchone()[0] < part.count:
        return False
    _drop(db, gen)
    if part.version < version:  # the centre went back: what it said counts no more
        db.execute("DELETE FROM overlay WHERE settled")
    overlay.whole(db, gen + 1)
    db.execute("UPDATE OR REPLACE meta SET key = 'policy' WHERE key = 'next_policy'")
    put(db, "gen", str(gen + 1))
    return True


def put(db: sqlite3.Connection, key: str, value: str) -> None:
    """Keep one thing about the base, such as its version."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def _drop(db: sqlite3.Connection, gen: int) -> None:
    for table in _TABLES:
        db.execute(f"DELETE FROM {table} WHERE gen = ?", (gen,))  # noqa: S608
    db.execute("DELETE FROM parts")


def _write(db: sqlite3.Connection, part: Part, gen: int) -> None:
    _put(db, "items", gen, [(i.item, i.uid.upper(), i) for i in part.items])
    _put(db, "readers", gen, [(r.card, r.reader, r) for r in part.readers])
    _put(db, "loans", gen, [(loan.item, loan.reader, loan) for loan in part.loans])
    for name in part.gone:
        table, _, key = name.partition(":")
        if table not in _TABLES:
            raise WireError(f"Part.gone: {name!r} names no table of the replica")
        db.execute(f"DELETE FROM {table} WHERE gen = ? AND key = ?", (gen, key))  # noqa: S608


def _put(
    db: sqlite3.Connection, table: str, gen: int, rows: Sequence[tuple[str, str, msgspec.Struct]]
) -> None:
    query = f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)"  # noqa: S608
    db.executemany(query, [(gen, key, ref, msgspec.json.encode(row)) for key, ref, row in rows])
