import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.journal.database import plain
from edge.journal.errors import JournalError
from edge.journal.writer import Writer


@pytest.fixture
def commits() -> list[str]:
    return []


@pytest.fixture
def writer(tmp_path: Path, commits: list[str]) -> Iterator[Writer]:
    db = plain(tmp_path / "w.db")
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT")
    db.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    writer = Writer(db, lambda: False)
    yield writer
    writer.stop()


def _put(n: int) -> object:
    return lambda db: db.execute("INSERT INTO t VALUES (?)", (n,)) and n


def _all(db: sqlite3.Connection) -> list[int]:
    return [n for (n,) in db.execute("SELECT n FROM t ORDER BY n")]


async def test_jobs_that_wait_together_share_a_commit(writer: Writer, commits: list[str]) -> None:
    found = await asyncio.gather(*(writer.do(_put(n)) for n in range(50)))
    assert found == list(range(50))
    assert await writer.do(_all) == list(range(50))
    assert len(commits) < 25


async def test_a_job_that_fails_takes_only_its_own_work_back(writer: Writer) -> None:
    def half(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO t VALUES (99)")
        raise ValueError("half done")

    jobs = [writer.do(_put(1)), writer.do(half), writer.do(_put(2))]
    one, failed, two = await asyncio.gather(*jobs, return_exceptions=True)
    assert (one, two) == (1, 2)
    assert isinstance(failed, ValueError)
    assert await writer.do(_all) == [1, 2]
    with pytest.raises(ValueError, match="half"):
        await writer.do(half)
    assert await writer.do(_all) == [1, 2]


async def test_a_job_the_database_refuses_takes_no_other_along(writer: Writer) -> None:
    jobs = [writer.do(_put(n)) for n in (1, 2, 1, 3)]
    found = await asyncio.gather(*jobs, return_exceptions=True)
    assert isinstance(found.pop(2), JournalError)
    assert found == [1, 2, 3]
    assert await writer.do(_all) == [1, 2, 3]


async def test_on_a_storage_that_answers_at_once_who_is_alone_does_not_leave_the_loop(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.writer.AT_ONCE", 60.0)
    threads = set()

    def where(db: sqlite3.Connection) -> None:
        threads.add(threading.current_thread())
        db.execute("INSERT INTO t DEFAULT VALUES")

    for _ in range(220):  # and the log is copied home now and then
        await writer.do(where)
    assert threading.main_thread() in threads
    assert len(await writer.do(_all)) == 220
    with pytest.raises(JournalError):
        await writer.do(_put(1), simple=True)
    with pytest.raises(ZeroDivisionError):
        await writer.do(lambda _: 1 / 0, simple=True)
    with pytest.raises(ZeroDivisionError):
        await writer.do(lambda db: db.execute("INSERT INTO t VALUES (999)") and 1 / 0)
    assert len(await writer.do(_all)) == 220


async def test_many_at_once_share_commits_on_a_quick_storage_too_and_end_in_their_order(
    writer: Writer, commits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.writer.AT_ONCE", 60.0)
    ended: list[int] = []
    numbers = iter(range(1000))

    async def some() -> None:
        for _ in range(20):
            await writer.do(lambda db: _put(next(numbers))(db), ended.append)  # type: ignore[operator]

    await asyncio.gather(*(some() for _ in range(8)))
    assert ended == list(range(160))
    assert len(commits) < 120
