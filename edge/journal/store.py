"""The journal: three verbs (append, waiting, acknowledge) on one durable file.

A fact that :meth:`Journal.append` returned is on the disk. Facts leave it only after the ledger
acknowledged them, and even then stay for some days.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from edge.clock import Clock
from edge.journal import rows
from edge.journal.database import Connect, open_database, plain
from edge.journal.errors import JournalError, JournalFullError
from edge.journal.ids import Ids, new_epoch
from edge.journal.model import Backlog, TagTask
from edge.journal.room import Room
from edge.journal.salvage import finish, salvage
from edge.journal.writer import Writer
from edge.wire.batch import Event, mark
from edge.wire.facts import Fact, Loan, Trouble, Well

log = logging.getLogger(__name__)
DAY_MS = 86_400_000
PAST = 32
"""Earlier epochs that the centre is asked about; nobody has so many within a month."""
Listener = Callable[[Event], None]
WriterOf = Callable[[sqlite3.Connection, Callable[[], bool]], Writer]


class Journal:
    """The facts of one device. Use :meth:`open`; close it with :meth:`close`.

    ``versions`` gives the policy and replica version that are stamped on events. ``salvaged`` is
    the number of facts saved from a damaged file at start, None when the file was well.
    ``was_clean`` tells whether the last run said goodbye.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        reader: sqlite3.Connection,
        meta: rows.Meta,
        clock: Clock,
        room: Room,
        writer: WriterOf = Writer,
    ) -> None:
        self.versions: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self.salvaged: int | None = None
        self.was_clean = meta.clean
        self.device, self.epoch = meta.device, meta.epoch
        self.acked, self.sent = meta.acked, meta.sent
        self.last_seq = rows.last_seq(db)
        self._newest = (db.total_changes, self.last_seq)
        self._tasks = {task.uid: task for task in rows.read_tasks(db)}
        self._troubles = rows.read_troubles(db)
        self._clock = clock
        self._ids = Ids()
        self._room = room
        self._reader = reader
        self._listeners: list[Listener] = []
        self._news = asyncio.Event()
        self._writer = writer(db, room.release)

    @classmethod
    def open(
        cls,
        path: Path,
        device: str,
        clock: Clock,
        *,
        connect: Connect = plain,
        low_mb: int = 0,
        writer: WriterOf = Writer,
    ) -> Self:
        """Open or make the journal of a device; facts of a damaged file are saved into a new one.

        ``low_mb``: free space on the disk below which new loans are refused. Raises JournalError
        when the file is newer than this program or belongs to another device. ``connect`` and
        ``writer`` are for storage and time that are simulated.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        room = Room(path.parent, low_mb)
        finish(path)
        db, saved = _open(path, connect, room, clock)
        try:
            meta = _adopt(db, path, device, room)
            reader = connect(path)
        except BaseException:
            db.close()
            raise
        journal = cls(db, reader, meta, clock, room, writer)
        journal.salvaged = saved
        clock.not_before(journal._newest_ms())
        room.keep()
        return journal

    async def append(
        self, *facts: Fact, open_tasks: Iterable[TagTask] = (), close_tasks: Iterable[str] = ()
    ) -> list[Event]:
        """Record facts, and security work begun (tasks) and finished (UIDs), in one commit.

        An empty ``about`` of a task, Secured or TagStillArmed becomes the id of the first fact.
        Raises JournalFullError when there is no room; loans find the room gone first.
        """
        if not self._room.lends() and any(isinstance(fact, Loan) for fact in facts):
            raise JournalFullError("the disk is nearly full: no new loans until there is room")
        stamp = self._clock.stamp()
        born = [(self._ids.uuid7(stamp.wall), fact) for fact in facts]
        about = born[0][0] if born else ""
        opened = [rows.stamped(task, about, stamp.wall) for task in open_tasks]
        closed = list(close_tasks)
        versions = self.versions()
        changes = 0

        def job(db: sqlite3.Connection) -> list[Event]:
            nonlocal changes
            then, newest = self._newest
            newest = newest if then == db.total_changes else rows.last_seq(db)
            events = rows.numbered(newest, born, stamp, versions)
            rows.insert_events(db, events)
            if closed:
                rows.close_tasks(db, closed)
            for task in opened:
                rows.open_task(db, task)
            changes = db.total_changes
            return events

        def after(events: list[Event]) -> None:
            if events:
                self._newest = (changes, events[-1].seq)
            for uid in closed:
                self._tasks.pop(uid, None)
            self._tasks.update({task.uid: task for task in opened})
            self._committed(events)

        simple = len(born) == 1 and not opened and not closed and rows.is_one_statement(facts[0])
        return await self._writer.do(job, after, simple=simple)

    async def intend(self, uid: str, item: str, afi: int) -> TagTask:
        """Record that a tag is about to get ``afi``, before anything is written to it."""
        task = rows.stamped(TagTask(uid, item, afi), "", self._clock.now_ms())
        await self.append(open_tasks=[task])
        return task

    def open_tasks(self) -> list[TagTask]:
        """Return the security work that is not finished."""
        return list(self._tasks.values())

    def task(self, uid: str) -> TagTask | None:
        """Return the unfinished security work on a tag."""
        return self._tasks.get(uid)

    @property
    def troubles(self) -> frozenset[tuple[str, str]]:
        """Part and reason of every Trouble whose Well is not journaled."""
        return frozenset(self._troubles)

    def waiting(
        self, after_seq: int, limit: int = 500, max_bytes: int = 48_000
    ) -> list[tuple[int, bytes]]:
        """Return consecutive events after a number, as they travel: one at least, if there is."""
        found: list[tuple[int, bytes]] = []
        size = 0
        query = "SELECT seq, CAST(body AS BLOB) FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
        for seq, body in self._reader.execute(query, (after_seq, limit)):
            size += len(body)
            if found and (size > max_bytes or seq != found[-1][0] + 1):
                break
            found.append((seq, body))
        return found

    def of_kinds(self, kinds: Sequence[str], after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return events of some kinds after a number, oldest first (``limit`` < 0: the newest)."""
        marks, order = ",".join("?" * len(kinds)), "ASC" if limit >= 0 else "DESC"
        query = (
            "SELECT seq, CAST(body AS BLOB) FROM events WHERE seq > ?"  # noqa: S608
            f" AND kind IN ({marks}) ORDER BY seq {order} LIMIT ?"
        )
        rows = self._reader.execute(query, (after, *kinds, abs(limit)))
        return [(seq, body) for seq, body in rows]

    async def sending(self, seq: int, epoch: str | None = None) -> None:
        """Record that facts up to ``seq`` are about to travel (see :meth:`diverged`)."""
        epoch = self.epoch if epoch is None else epoch
        if epoch == self.epoch and seq > self.sent:
            await self._writer.do(lambda db: rows.advance(db, "sent", epoch, seq))
            if epoch == self.epoch:
                self.sent = max(self.sent, seq)

    async def acknowledge(self, epoch: str, seq: int) -> bool:
        """The ledger has committed everything up to ``seq``; return whether that was news."""
        if epoch != self.epoch or not self.acked < seq <= self.last_seq:
            return False
        await self._writer.do(lambda db: rows.advance(db, "acked", epoch, seq))
        if epoch != self.epoch:
            return False
        self.acked = max(self.acked, seq)
        return True

    def mark(self, seq: int) -> str:
        """Return the mark of an event that is here; empty of any other."""
        return self._mark("SELECT id FROM events WHERE seq = ?", seq)

    def past(self) -> dict[str, int]:
        """Return the newest number that is kept of earlier epochs (their acknowledged facts)."""
        return rows.past(self._reader, PAST)

    def beyond(self, known: Mapping[str, tuple[int, str]]) -> dict[str, int]:
        """Return after which number a ledger that was put back needs facts of earlier epochs again.

        ``known``: epoch -> up to where the ledger has it, and the mark of its event there. With
        another event under that number than here, it needs all that is kept.
        """
        query = "SELECT id FROM archive WHERE epoch = ? AND seq = ?"
        found = {}
        for epoch, newest in self.past().items():
            seq, there = known.get(epoch, (newest, ""))
            own = self._mark(query, epoch, seq)
            seq = 0 if own and there and own != there else seq
            if seq < newest:
                found[epoch] = seq
        return found

    def diverged(self, epoch: str, seq: int, last: str = "") -> bool:
        """Return whether the ledger's history of this epoch is another than this file's.

        It has more than was ever sent from here, or another event (of the mark ``last``) under the
        number. Then an older image of the storage came back, or it was cloned: see
        :meth:`begin_epoch`.
        """
        if epoch != self.epoch:
            return False
        if seq > self.sent:  # a bundle may have taken more along
            self.sent = max(self.sent, rows.read_sent(self._reader))
        own = self.mark(seq) if last else ""
        if seq <= self.acked:  # the ledger was put back, and heard of another history since
            return bool(own) and own != last
        return seq > self.sent or own != last

    async def begin_epoch(
        self, after: int | None = None, beyond: Mapping[str, int] = MappingProxyType({})
    ) -> str:
        """Number what is not acknowledged (or is beyond ``after``) from 1 under a new epoch.

        ``beyond``: facts of earlier epochs that go again, too, before these (see :meth:`beyond`).
        The events keep their ids, so that the ledger knows those which it has.
        """
        old, start = self.epoch, self.acked if after is None else after

        def job(db: sqlite3.Connection) -> tuple[str, int]:
            return rows.begin_epoch(db, old, start, beyond), rows.last_seq(db)

        def after_commit(result: tuple[str, int]) -> None:
            self.epoch, self.last_seq = result
            self.acked = self.sent = 0
            self._wake()

        epoch, _ = await self._writer.do(job, after_commit)
        return epoch

    def first_kept(self) -> int:
        """Return the number of the oldest event that is still here (last_seq + 1: none)."""
        row = self._reader.execute("SELECT min(seq) FROM events").fetchone()
        return int(row[0]) if row[0] is not None else self.last_seq + 1

    def backlog(self) -> Backlog:
        """Return how much waits for the ledger."""
        query = "SELECT at_ms FROM events WHERE seq > ? ORDER BY seq LIMIT 1"
        row = self._reader.execute(query, (self.acked,)).fetchone()
        oldest = int(row[0]) if row else 0
        return Backlog(self.last_seq - self.acked, oldest, self.last_seq, self.acked)

    async def wait_beyond(self, seq: int) -> None:
        """Wait until there is a fact with a higher number."""
        while self.last_seq <= seq:
            await self._news.wait()

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with every committed event, in order, before append returns."""
        self._listeners.append(listener)

    @property
    def low(self) -> bool:
        """Whether the disk is so full that new loans are refused."""
        return self._room.low()

    def free_bytes(self) -> int:
        """Return the room left on the disk."""
        return self._room.free()

    async def tend(self, keep_days: int) -> int:
        """Trim facts ``keep_days`` after their acknowledgement, make the reserve; return how many."""
        now = self._clock.now_ms()
        before = now - keep_days * DAY_MS
        await self._writer.do(lambda db: rows.settle(db, now))
        gone = some = await self._writer.do(lambda db: rows.trim(db, before))
        while some >= rows.TRIM:  # in slices: what happens meanwhile does not wait for long
            some = await self._writer.do(lambda db: rows.trim(db, before))
            gone += some
        self._room.keep()
        return gone

    async def alive(self) -> None:
        """Return when the writer answered (nothing is written)."""
        await self._writer.do(lambda _: None)

    async def close(self, *, clean: bool = True) -> None:
        """Finish what is queued, note whether the end was planned, and let go of the file."""
        if clean:
            with contextlib.suppress(JournalError):
                await self._writer.do(lambda db: rows.write_meta(db, clean=1))
        self._reader.close()
        self._writer.stop()

    def _committed(self, events: list[Event]) -> None:
        for event in events:
            self.last_seq = max(self.last_seq, event.seq)
            if isinstance(event.fact, Trouble):
                self._troubles.add((event.fact.part, event.fact.reason))
            elif isinstance(event.fact, Well):
                self._troubles.discard((event.fact.part, event.fact.reason))
            for listener in self._listeners:
                listener(event)
        self._wake()

    def _wake(self) -> None:
        """Wake who waits now; who waits later waits for the next fact."""
        self._news.set()
        self._news.clear()

    def _mark(self, query: str, *key: str | int) -> str:
        row = self._reader.execute(query, key).fetchone()
        return mark(row[0]) if row and row[0] else ""

    def _newest_ms(self) -> int:
        query = "SELECT at_ms FROM events ORDER BY seq DESC LIMIT 1"
        row = self._reader.execute(query).fetchone()
        return int(row[0]) if row else 0


def _open(
    path: Path, connect: Connect, room: Room, clock: Clock
) -> tuple[sqlite3.Connection, int | None]:
    try:
        try:
            return open_database(path, connect), None
        except sqlite3.OperationalError:
            if not room.release():
                raise
            return open_database(path, connect), None
    except sqlite3.OperationalError as error:
        raise JournalError(f"{path}: cannot be opened: {error}") from None
    except sqlite3.DatabaseError as error:
        log.warning("%s is damaged (%s): saving what can be read", path.name, error)
        return salvage(path, connect, clock.now_ms())


def _adopt(db: sqlite3.Connection, path: Path, device: str, room: Room) -> rows.Meta:
    """Make the file this device's, or refuse; note that it is in use. Return how it was."""
    meta = rows.read_meta(db)
    known: dict[str, str | int] = {}
    if meta is None:
        meta = rows.Meta(device, new_epoch())
        known = {"device": device, "epoch": meta.epoch, "acked": 0, "sent": 0}
    if meta.device != device:
        raise JournalError(
            f"{path}: belongs to device {meta.device!r}, this is {device!r}; "
            "move it away (its facts are not lost) or mend [agent] device"
        )
    try:
        _note(db, **known, clean=0)
    except sqlite3.OperationalError as error:
        if not room.release():
            raise JournalError(f"{path}: cannot be written: {error}") from None
        _note(db, **known, clean=0)
    return meta


def _note(db: sqlite3.Connection, **values: str | int) -> None:
    """Set some of the journal's state, all or nothing."""
    try:
        db.execute("BEGIN IMMEDIATE")
        rows.write_meta(db, **values)
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
