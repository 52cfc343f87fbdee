"""One thread that owns the writing connection; jobs that wait together share one durable commit."""

import asyncio
import contextlib
import sqlite3
import threading
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


@dataclass(slots=True)
class _Waiting:
    """A job, who waits for it, and how it ended so far."""

    job: Job[Any]
    finish: Finish
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs jobs as transactions off the event loop.

    A job whose caller was cancelled is done all the same, and so is its ``after``.
    """

    def __init__(self, db: sqlite3.Connection, on_full: Callable[[], bool]) -> None:
        self._db = db
        self._on_full = on_full
        self._jobs: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    async def do(self, job: Job[T], after: Callable[[T], None] | None = None) -> T:
        """Run ``job`` in a durable transaction; ``after`` runs in the loop when it is committed.

        Raises JournalFullError when there is no room, JournalError when the storage fails or
        the writer has stopped.
        """
        if self._stopped:
            raise JournalError("the journal is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(result: Any, error: Exception | None) -> None:
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

        self._jobs.put(_Waiting(job, finish))
        return await future

    def stop(self) -> None:
        """Do what is queued, then end the thread and close the connection."""
        self._stopped = True
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()
        self._db.close()

    def _work(self) -> None:
        more = True
        while more:
            group, more = self._gather()
            self._settle(group)

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
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for one in group:
                one.result, one.error = None, None
                self._run(one, alone=len(group) == 1)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _run(self, one: _Waiting, *, alone: bool) -> None:
        """Do one job; what it does wrong by itself takes only its own work back."""
        if not alone:
            self._db.execute("SAVEPOINT job")
        try:
            one.result = one.job(self._db)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001  handed to the caller
            one.error = error
            self._db.execute("ROLLBACK" if alone else "ROLLBACK TO job")
            if alone:
                self._db.execute("BEGIN")
        if not alone:
            self._db.execute("RELEASE job")


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
