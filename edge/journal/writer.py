"""One thread that owns the writing connection and does one job after the other."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from edge.journal.errors import JournalError, JournalFullError

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]


class Writer:
    """Runs jobs as transactions off the event loop.

    A job whose caller was cancelled is done all the same, and so is its ``after``.
    """

    def __init__(self, db: sqlite3.Connection, on_full: Callable[[], bool]) -> None:
        self._db = db
        self._on_full = on_full
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    async def do(self, job: Job[T], after: Callable[[T], None] | None = None) -> T:
        """Run ``job`` in one durable transaction; ``after`` runs in the loop when it is committed.

        Raises JournalFullError when there is no room, JournalError when the storage fails.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def finish(result: Any, error: Exception | None) -> None:
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

        def work() -> None:
            result, error = self._attempt(job)
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(finish, result, error)

        self._jobs.put(work)
        return await future

    def stop(self) -> None:
        """Do what is queued, then end the thread and close the connection."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()
        self._db.close()

    def _work(self) -> None:
        while (work := self._jobs.get()) is not None:
            work()

    def _attempt(self, job: Job[T]) -> tuple[T | None, Exception | None]:
        try:
            try:
                return self._transact(job), None
            except sqlite3.Error as error:
                if not _is_full(error) or not self._on_full():
                    raise
            return self._transact(job), None
        except sqlite3.Error as error:
            if _is_full(error):
                return None, JournalFullError("the disk is full: the fact was not recorded")
            return None, JournalError(f"the journal cannot be written: {error}")
        except Exception as error:  # noqa: BLE001  handed to the caller
            return None, error

    def _transact(self, job: Job[T]) -> T:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = job(self._db)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return result


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
