"""Storage that loses at a power cut what was not synced, can be full, copied and put back.

The model is cheap: databases are real SQLite files in memory. What a connection with
``synchronous=FULL`` committed stays. With less, a power cut keeps any prefix of the write-ahead log
that is no shorter than at the start of the process (nothing is moved out of the log meanwhile).
"""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from edge.journal.writer import Job, Writer

T = TypeVar("T")
COMMIT_SECONDS = 0.004
FULL = 2
NAMES = ("journal.db", "replica.db")
PLENTY = 1 << 30
LOW = 1000


class StepWriter(Writer):
    """The journal's writer as steps of the loop; queued jobs share a commit as with the thread."""

    def __init__(self, card: "Card", db: sqlite3.Connection) -> None:
        self._db, self._on_full, self._card = db, card.release, card
        self._jobs = SimpleQueue()
        self._stopped = self._due = False

    async def do(
        self, job: Job[T], after: Callable[[T], None] | None = None, *, simple: bool = False
    ) -> T:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(COMMIT_SECONDS, self._turn)
        return await super().do(job, after, simple=simple)

    def _turn(self) -> None:
        self._due = False
        group = []
        while not self._jobs.empty():
            if (one := self._jobs.get()) is not None:
                group.append(one)
        self._settle(group)
        now = asyncio.get_event_loop().now()
        for one in group:
            for event in one.result if isinstance(one.result, list) else ():
                self._card.times[event.id] = now

    def _transact(self, group: list[Any]) -> None:
        if self._card.fits <= 0:
            self._card.refused += 1
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        self._card.fits -= 1
        super()._transact(group)

    def stop(self) -> None:
        self._turn()
        self._db.close()


class Card:
    """The storage of a device. ``connect_*`` are the factories of journal and replica."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fits, self._reserve = PLENTY, True
        self.refused = self.dropped = 0
        self.times: dict[str, float] = {}
        self._generation = 0
        self._journal: list[sqlite3.Connection] = []
        self._all: list[sqlite3.Connection] = []
        self._started: dict[str, int] = {}
        self._place().mkdir(parents=True)

    @property
    def path(self) -> Path:
        """Where the files are now."""
        return self._place()

    def start(self) -> None:
        """A process begins to use the card."""
        self._journal.clear()
        self._started = {name: _size(_log(self.path / name)) for name in NAMES}

    def connect(self, path: Path) -> sqlite3.Connection:
        """Open a database file."""
        db = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self._all.append(db)
        if path.name == NAMES[0]:
            self._journal.append(db)
        else:
            db.execute("PRAGMA wal_autocheckpoint = 0")
        return db

    def fill(self, fits: int) -> None:
        """Let other data take the room: so many commits still fit."""
        self.fits, self._reserve = fits, True

    def free(self) -> None:
        """Give the room back."""
        self.fits = PLENTY

    def room(self) -> int:
        """Return the bytes that are free."""
        return PLENTY if self.fits > LOW else 0

    def release(self) -> bool:
        """Give up the reserve file: there is room for some more commits."""
        had, self._reserve = self._reserve, False
        self.fits += 20 if had else 0
        return had

    def writer(self, db: sqlite3.Connection, _: Callable[[], bool]) -> StepWriter:
        """Make the journal's writer."""
        return StepWriter(self, db)

    def cut(self, dice: random.Random) -> None:
        """The power is gone: what was not synced may be, too. Nobody may be writing."""
        old, level = self.path, self._level()
        self._generation += 1
        self.path.mkdir()
        for name in NAMES:
            if not (old / name).exists():
                continue
            shutil.copyfile(old / name, self.path / name)
            log = _log(old / name)
            if log.exists():
                data = log.read_bytes()
                least = min(self._started.get(name, 0), len(data))
                if name != NAMES[0] or level < FULL:
                    kept = dice.randint(least, len(data))
                    self.dropped += len(data) - kept
                    data = data[:kept]
                _log(self.path / name).write_bytes(data)

    def _level(self) -> int:
        try:
            return int(self._journal[0].execute("PRAGMA synchronous").fetchone()[0])
        except (IndexError, sqlite3.Error):
            return FULL

    def image(self, into: Path) -> Path:
        """Copy the card as it is (a backup, or the first step of a clone)."""
        into.mkdir(parents=True)
        for file in self.path.iterdir():
            if file.name.startswith(NAMES) and not file.name.endswith("-shm"):
                shutil.copyfile(file, into / file.name)
        return into

    def restore(self, image: Path) -> None:
        """Put an image back in place of what is there."""
        self._generation += 1
        shutil.copytree(image, self.path)

    def close(self) -> None:
        """Let go of everything that dead processes left open."""
        for db in self._all:
            db.close()

    def _place(self) -> Path:
        return self.folder / str(self._generation)


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
