"""SQLite on a disk whose power can be cut: connections as those of ``sqlite3``, every write noted.

apsw brings its own SQLite, into which a virtual file system can be written in Python. It has no
shared memory, so the write-ahead log works in exclusive mode and all connections to a file are one.
"""

import contextlib
import hashlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import apsw

from drivers.testing.powercut import Create, Delete, Disk, Promise, Step, Sync, Truncate, Write

_names = itertools.count()
_CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
Values = Sequence[Any] | Mapping[str, Any]


class RecordedStorage:
    """Gives connections to files in one folder, and notes on the disk what becomes of them.

    ``synchronous`` overrules what the program under test asks for (to show what that costs).
    Every commit that returned is a promise of the state that :func:`fingerprint` tells.
    """

    def __init__(self, disk: Disk, synchronous: str = "") -> None:
        self.disk = disk
        self._synchronous = synchronous
        self._vfs = _Vfs(disk, f"cut{next(_names)}")
        self._open: dict[Path, tuple[apsw.Connection, int]] = {}

    def connect(self, path: Path | str, isolation_level: str | None = None) -> sqlite3.Connection:
        """Return a connection; a factory as the storage of edge and gateway takes it."""
        path = Path(path)
        if path not in self._open:
            db = apsw.Connection(str(path), vfs=self._vfs.name)
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._open[path] = (db, 0)
        db, users = self._open[path]
        self._open[path] = (db, users + 1)
        return cast("sqlite3.Connection", _Connection(self, path, db, isolation_level))

    def close(self) -> None:
        """Close what is open and forget the file system."""
        for db, _ in self._open.values():
            db.close(True)
        self._open.clear()
        self._vfs.unregister()

    def let_go(self, path: Path) -> None:
        """One user of a file is gone; the last one closes it."""
        if path not in self._open:
            return
        db, users = self._open[path]
        self._open[path] = (db, users - 1)
        if users == 1:
            del self._open[path]
            db.close()

    def overruled(self, sql: str) -> str:
        """Return the statement with our setting instead of the program's."""
        if self._synchronous and sql.replace(" ", "").upper().startswith("PRAGMASYNCHRONOUS="):
            return f"PRAGMA synchronous = {self._synchronous}"
        return sql


class _Vfs(apsw.VFS):
    """Files of the operating system, each change of which is noted."""

    def __init__(self, disk: Disk, name: str) -> None:
        self.name, self._disk = name, disk
        super().__init__(name, "", maxpathname=0)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "_File":  # noqa: N802
        """Open or create a file."""
        text = name.filename() if isinstance(name, apsw.URIFilename) else name
        if flags[0] & apsw.SQLITE_OPEN_CREATE and text and not Path(text).exists():
            self._disk.note(Create(Path(text).name))
        return _File(self._disk, name, flags, Path(text).name if text else "")

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """Remove a file."""
        self._disk.note(Delete(Path(filename).name, safe=bool(syncdir)))
        super().xDelete(filename, syncdir)


class _File(apsw.VFSFile):
    def __init__(
        self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int], short: str
    ) -> None:
        self._disk, self._short = disk, short
        super().__init__("", name, flags)

    def _note(self, step: Step) -> None:
        if self._short:  # a file without a name is SQLite's own scratch paper
            self._disk.note(step)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._note(Write(self._short, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._note(Truncate(self._short, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._note(Sync(self._short))
        super().xSync(flags)


class _Connection:
    """As much of ``sqlite3.Connection`` as the storage of edge and gateway uses."""

    def __init__(
        self, storage: RecordedStorage, path: Path, db: apsw.Connection, isolation: str | None
    ) -> None:
        self.isolation_level = isolation
        self.row_factory: type[sqlite3.Row] | None = None
        self._storage, self._path, self._db = storage, path, db
        self._promised = db.total_changes()
        self._closed = False

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    @property
    def total_changes(self) -> int:
        return self._db.total_changes()

    def execute(self, sql: str, values: Values = ()) -> "_Cursor":
        return self._run(sql, [values])

    def executemany(self, sql: str, rows: Iterable[Values]) -> "_Cursor":
        return self._run(sql, list(rows))

    def executescript(self, script: str) -> "_Cursor":
        with _translated():
            found = self._db.execute(script)
        self._promise(anyway=True)
        return _Cursor(found, self)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._storage.let_go(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._db.in_transaction:
            self.execute("COMMIT" if kind is None else "ROLLBACK")

    def _run(self, sql: str, rows: list[Values]) -> "_Cursor":
        with _translated():
            if (
                self.isolation_level is not None
                and not self._db.in_transaction
                and sql.lstrip().upper().startswith(_CHANGES)
            ):
                self._db.execute("BEGIN")
            found = self._db.cursor()
            for values in rows:
                found = self._db.execute(self._storage.overruled(sql), values)
        self._promise()
        return _Cursor(found, self)

    def _promise(self, *, anyway: bool = False) -> None:
        """A commit returned: whoever waited for it is told so."""
        changes = self._db.total_changes()
        if not self._db.in_transaction and (anyway or changes != self._promised):
            self._promised = changes
            self._storage.disk.note(Promise(fingerprint(self._db)))


class _Cursor:
    """The rows of a statement, and what it changed."""

    def __init__(self, cursor: apsw.Cursor, connection: _Connection) -> None:
        self._cursor = cursor
        self._named = connection.row_factory is not None
        self._names: list[str] = []
        with contextlib.suppress(apsw.ExecutionCompleteError):
            self._names = [column[0] for column in cursor.getdescription()]
        self.rowcount = connection._db.changes()  # noqa: SLF001  two halves of one thing
        self.lastrowid = connection._db.last_insert_rowid()  # noqa: SLF001

    def __iter__(self) -> Iterator[Any]:
        for row in self._cursor:
            yield _Row(self._names, row) if self._named else row

    def fetchone(self) -> Any:
        return next(iter(self), None)

    def fetchall(self) -> list[Any]:
        return list(self)


class _Row:
    """A row by name or number, as ``sqlite3.Row``."""

    def __init__(self, names: list[str], values: tuple[Any, ...]) -> None:
        self._names, self._values = names, values

    def keys(self) -> list[str]:
        return self._names

    def __getitem__(self, key: int | str) -> Any:
        return self._values[self._names.index(key) if isinstance(key, str) else key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def fingerprint(db: Any) -> str:
    """Return what a database says, in short: its schema number and every row of every table."""
    said = hashlib.sha256(repr(list(db.execute("PRAGMA user_version"))).encode())
    for (table,) in list(
        db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
    ):
        rows = sorted(repr(tuple(row)) for row in db.execute(f'SELECT * FROM "{table}"'))  # noqa: S608
        said.update(repr((table, rows)).encode())
    return said.hexdigest()[:16]


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.ConstraintError as error:
        raise sqlite3.IntegrityError(str(error)) from error
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error
