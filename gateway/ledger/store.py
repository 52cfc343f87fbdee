"""The ledger's database file: connection, transactions, numbered migrations."""

import re
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from gateway.errors import HomeError

Connect = Callable[[Path | str], sqlite3.Connection]
AT_ONCE = 512
"""Keys that one question asks for."""
CACHE_KIB = 32_768
CHECKPOINT_PAGES = 8000
"""A backlog touches the same pages batch after batch: they are copied home less often."""
_SCHEMA = re.compile(r"(\d{4})_\w+\.sql\Z")


def migrations() -> list[tuple[int, str]]:
    """Return the schema steps of this program in order, as (number, SQL)."""
    steps = []
    for file in files("gateway").joinpath("schema").iterdir():
        if match := _SCHEMA.match(file.name):
            steps.append((int(match[1]), file.read_text("utf-8")))
    return sorted(steps)


def plain(path: Path | str) -> sqlite3.Connection:
    """Return a connection without Python's own transactions, for any one thread at a time."""
    return sqlite3.connect(
        path, isolation_level=None, timeout=10, check_same_thread=False, cached_statements=256
    )


class Store:
    """One connection; used by one thread at a time. Every commit is on the disk when it returns."""

    def __init__(self, path: Path | str, connect: Connect | None = None) -> None:
        self.path = path
        self._db = (connect or plain)(path)
        self._db.row_factory = sqlite3.Row
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            self._db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            self._migrate()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise HomeError(
                f"{path}: not a ledger ({error}); put back a backup or move the file away"
            ) from None
        except HomeError:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, or nothing of it. Inside another: part of it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Everything read inside is of one moment."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement; return the number of rows it changed."""
        return self._db.execute(sql, values).rowcount

    def insert(self, sql: str, *values: Any) -> int:
        """Execute an INSERT; return the number the row was given."""
        return self._db.execute(sql, values).lastrowid or 0

    def many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """Execute one statement for many rows."""
        self._db.executemany(sql, rows)

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return row

    def row(self, sql: str, *values: Any) -> sqlite3.Row:
        """Return the first row; raise LookupError when there is none."""
        row = self.one(sql, *values)
        if row is None:
            raise LookupError(f"no row for {sql}")
        return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows."""
        return self._db.execute(sql, values).fetchall()

    def each(self, sql: str, *values: Any) -> Iterator[sqlite3.Row]:
        """Yield rows as they are read; whoever has enough stops."""
        yield from self._db.execute(sql, values)

    def among(self, sql: str, keys: Collection[str], *values: Any) -> Iterator[sqlite3.Row]:
        """Yield the rows of a query for many keys, which take the place of ``{}`` in it.

        ``values`` are those of the ``?`` behind it. A key may be asked for twice.
        """
        left = list(keys)
        while left:
            some, left = left[:AT_ONCE], left[AT_ONCE:]
            size = 1 << (len(some) - 1).bit_length()  # few sizes: few statements to prepare
            some += some[-1:] * (size - len(some))
            yield from self._db.execute(sql.format(",".join("?" * size)), (*some, *values))

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row, or None."""
        row = self.one(sql, *values)
        return None if row is None else row[0]

    def _migrate(self) -> None:
        steps = migrations()
        newest = steps[-1][0]
        version = int(self.value("PRAGMA user_version"))
        if version > newest:
            raise HomeError(
                f"{self.path}: the ledger has version {version}, this program knows {newest}; "
                "install the newer program or put back the backup made before it"
            )
        for number, sql in steps:
            if number > version:
                self._db.executescript(f"BEGIN;\n{sql}\nPRAGMA user_version={number};\nCOMMIT;")
