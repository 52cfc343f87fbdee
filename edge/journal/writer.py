"""The writing connection; jobs that wait together share one durable commit.

They run in a thread, so that a slow card never holds up a station. On a storage that keeps answering
at once, who is alone does not leave the loop: handing over would take longer than the commit.
"""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

from edge.journal.errors import JournalError, JournalFullError

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
Finish = Callable[[Any, Exception | None], None]
TOGETHER = 64
"""At most so many jobs share a commit."""
AT_ONCE = 0.001
"""Seconds that a commit usually takes at most for which the loop can wait."""
WEIGHT = 16
"""What is usual is the mean of about so many commits; unknown, it is taken for a slow card's."""
ALONE = 0.002
"""Seconds without another's job after which nobody is expected to share a commit."""
IN_TURN = 16
"""So many jobs are done in the loop before others have their turn."""
TIDY = 400
"""Commits after which the log is copied home, beside the loop."""


@dataclass(slots=True)
class _Waiting:
    """A job, who waits for it, and how it ended so far."""

    job: Job[Any]
    finish: Finish
    simple: bool = False
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs jobs as transactions.

    A job whose caller was cancelled is done all the same, and so is its ``after``.
    """

    _usual, _left = 0.1, 0

    def __init__(self, db: sqlite3.Connection, on_full: Callable[[], bool]) -> None:
        self._db = db
        self._on_full = on_full
        self._jobs: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._stopped = False
        self._busy = threading.Lock()
        self._who: asyncio.Task[Any] | None = None
        self._at, self._count, self._commits = 0.0, 0, 0
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    async def do(
        self, job: Job[T], after: Callable[[T], None] | None = None, *, simple: bool = False
    ) -> T:
        """Run ``job`` in a durable transaction; ``after`` runs in the loop when it is committed.

        ``simple``: the job writes with a single statement, which is a transaction by itself.
        Raises JournalFullError when there is no room, JournalError when the storage fails or
        the writer has stopped.
        """
        if self._stopped:
            raise JournalError("the journal is closed")
        if self._usual < AT_ONCE and self._is_alone() and self._busy.acquire(blocking=False):
            result: T = self._at_once(job, simple)
            if after is not None:
                after(result)
            self._count += 1
            if not self._count % IN_TURN:
                await asyncio.sleep(0)
            return result
        return await self._beside(job, after, simple)

    async def _beside(self, job: Job[T], after: Callable[[T], None] | None, simple: bool) -> T:
        """Have the thread do a job; until it is settled, none is done in the loop before it."""
        self._at = time.perf_counter()
        self._left += 1
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(result: Any, error: Exception | None) -> None:
            self._left -= 1
            try:
                if error is None and after is not None:
                    after(result)
            except Exception as failed:  # noqa: BLE001  handed to the caller
                error = failed
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        def finish(result: Any, error: Exception | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        self._jobs.put(_Waiting(job, finish, simple))
        return await future

    def stop(self) -> None:
        """Do what is queued, then end the thread and close the connection."""
        self._stopped = True
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()
        self._db.close()

    def _is_alone(self) -> bool:
        """Return whether nobody else has a job for the same commit, or is likely to."""
        before, self._who = self._who, asyncio.current_task()
        return not self._left and (self._who is before or time.perf_counter() - self._at > ALONE)

    def _at_once(self, job: Job[T], simple: bool) -> T:
        """Do a job in the loop; the lock is taken, and let go here."""
        began = time.perf_counter()
        try:
            return job(self._db) if simple else self._now(job, simple)
        except sqlite3.Error:  # a statement takes itself back: it may be tried like any other job
            return self._now(job, simple)
        finally:
            self._busy.release()
            self._at = time.perf_counter()
            self._took(self._at - began)
            if self._commits == TIDY:
                self._jobs.put(_Waiting(_nothing, _nobody))

    def _now(self, job: Job[T], simple: bool) -> T:
        one = _Waiting(job, _nobody, simple)
        if error := self._attempt([one]) or one.error:
            raise error
        result: T = one.result
        return result

    def _took(self, seconds: float) -> None:
        self._usual += (seconds - self._usual) / WEIGHT
        self._commits += 1

    def _work(self) -> None:
        more = True
        while more:
            group, more = self._gather()
            with self._busy:
                began = time.perf_counter()
                self._settle(group)
                self._took(time.perf_counter() - began)
                if self._commits >= TIDY and self._jobs.empty():
                    self._tidy()

    def _tidy(self) -> None:
        """Copy the log home, while nobody waits; what cannot be copied now is copied later."""
        self._commits = 0
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _gather(self) -> tuple[list[_Waiting], bool]:
        """Wait for a job; return it with those that wait behind it, and whether more may come."""
        group: list[_Waiting] = []
        while (one := self._jobs.get()) is not None:
            group.append(one)
            if len(group) == TOGETHER or self._jobs.empty():
                return group, True
        return group, False

    def _settle(self, group: list[_Waiting]) -> None:
        """Do a group of jobs and tell everybody who waits; one that fails takes no other along."""
        failed = self._attempt(group) if group else None
        if failed and len(group) > 1:
            for one in group:
                self._settle([one])
            return
        for one in group:
            error = failed or one.error
            one.finish(None if error else one.result, error)

    def _attempt(self, group: list[_Waiting]) -> Exception | None:
        """Commit the group, once more with the reserve given up when the disk was full."""
        try:
            try:
                self._transact(group)
            except sqlite3.Error as error:
                if not _is_full(error) or not self._on_full():
                    raise
                self._transact(group)
        except sqlite3.Error as error:
            if _is_full(error):
                return JournalFullError("the disk is full: the fact was not recorded")
            return JournalError(f"the journal cannot be written: {error}")
        return None

    def _transact(self, group: list[_Waiting]) -> None:
        if len(group) == 1 and group[0].simple:
            self._run(group[0], alone=True)
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for one in group:
                self._run(one, alone=len(group) == 1)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _run(self, one: _Waiting, *, alone: bool) -> None:
        """Do one job; what it does wrong by itself takes only its own work back."""
        one.result, one.error = None, None
        if not alone:
            self._db.execute("SAVEPOINT job")
        try:
            one.result = one.job(self._db)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001  handed to the caller
            one.error = error
            if self._db.in_transaction:  # no simple job
                self._db.execute("ROLLBACK" if alone else "ROLLBACK TO job")
            if alone and not one.simple:
                self._db.execute("BEGIN")
        if not alone:
            self._db.execute("RELEASE job")


def _nothing(_: sqlite3.Connection) -> None:
    """Do nothing: the thread looks whether there is something to tidy up."""


def _nobody(_result: Any, _error: Exception | None) -> None:
    """Nobody waits in the loop for this job."""


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
