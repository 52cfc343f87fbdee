"""Durable commits a second, one transaction each: the disk's floor, raw SQLite, peers, our journal.

A disk has good and bad seconds. So all take turns in short slices, and a ratio is between
neighbours.
"""

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import peers
import sqlite_utils
import table

from edge.clock import Clock
from edge.journal import Journal
from edge.wire.facts import Evidence, Loan

SLICE = 100
SLICES = 40
TASKS = 8
RAW, OURS = "sqlite3, WAL FULL", "Shelfwire journal, one task"
BODY = b"x" * 300
Commit = Callable[[int], None]
"""Makes so many durable commits."""
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def fact(n: int) -> Loan:
    """Return a loan as a kiosk writes it."""
    seen = Evidence(uid=f"E00401{n:010X}", format="iso28560-2", reads=3, afi_before=7)
    return Loan(item=f"TV{n:07}", card="c" * 32, due=1_800_000_000_000, session="s", evidence=seen)


FACTS = [fact(n) for n in range(SLICE)]
"""Made beforehand, as the others' body is."""


@contextmanager
def floor(folder: Path) -> Iterator[Commit]:
    """Append 4 KiB and fdatasync: the bare loop that a journal is measured with."""
    handle = os.open(folder / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def commit(count: int) -> None:
        for _ in range(count):
            os.write(handle, BODY.ljust(4096, b"\0"))
            os.fdatasync(handle)

    yield commit
    os.close(handle)


@contextmanager
def raw(folder: Path) -> Iterator[Commit]:
    """Insert with the standard library, WAL and synchronous=FULL."""
    with closing(sqlite3.connect(folder / "raw.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB) STRICT")

        def commit(count: int) -> None:
            for _ in range(count):
                db.execute("INSERT INTO t (body) VALUES (?)", (BODY,))

        yield commit


@contextmanager
def utils(folder: Path) -> Iterator[Commit]:
    """Insert with sqlite-utils, WAL and synchronous=FULL."""
    db = sqlite_utils.Database(folder / "utils.db")
    db.enable_wal()
    db.execute("PRAGMA synchronous=FULL")

    def commit(count: int) -> None:
        for _ in range(count):
            db.table("t").insert({"body": BODY})

    yield commit
    db.close()


@contextmanager
def journal_of(folder: Path, name: str) -> Iterator[tuple[Run, Journal]]:
    """Open a journal in a loop of its own, and what runs something there."""
    with asyncio.Runner() as runner:
        run = runner.get_loop().run_until_complete
        journal = Journal.open(folder / f"{name}.db", "bench", Clock())
        yield run, journal
        run(journal.close())


@contextmanager
def ours(folder: Path, tasks: int = 1) -> Iterator[Commit]:
    """Append loans to the journal from some tasks, each one after another."""
    with journal_of(folder, f"journal{tasks}") as (run, journal):

        async def append(count: int) -> None:
            for one in FACTS[:count]:
                await journal.append(one)

        async def together(count: int) -> None:
            await asyncio.gather(*(append(count // tasks) for _ in range(tasks)))

        yield lambda count: run(append(count) if tasks == 1 else together(count))


@contextmanager
def aiosqlite(folder: Path) -> Iterator[Commit]:
    """Insert with aiosqlite, WAL and synchronous=FULL."""
    import aiosqlite as library

    with asyncio.Runner() as runner:
        run = runner.get_loop().run_until_complete
        db = run(_opened(library, folder / "aio.db"))

        async def insert(count: int) -> None:
            for _ in range(count):
                await db.execute("INSERT INTO t (body) VALUES (?)", (BODY,))

        yield lambda count: run(insert(count))
        run(db.close())


async def _opened(library: Any, path: Path) -> Any:
    db = await library.connect(path, isolation_level=None)
    await db.execute("PRAGMA journal_mode=WAL")
    await db.execute("PRAGMA synchronous=FULL")
    await db.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB) STRICT")
    return db


@contextmanager
def queue(folder: Path) -> Iterator[Commit]:
    """Put into persist-queue's SQLiteAckQueue."""
    from persistqueue import SQLiteAckQueue

    waiting = SQLiteAckQueue(str(folder / "queue"), auto_commit=True)

    def commit(count: int) -> None:
        for _ in range(count):
            waiting.put(BODY)

    yield commit
    waiting.close()


Rivals = dict[str, Callable[[Path], AbstractContextManager[Commit]]]
RIVALS: Rivals = {
    "append 4 KiB + fdatasync (the floor)": floor,
    RAW: raw,
    "sqlite-utils insert, WAL FULL": utils,
    OURS: ours,
    f"Shelfwire journal, {TASKS} tasks": lambda folder: ours(folder, TASKS),
}


def measure(folder: Path, rivals: Rivals) -> dict[str, list[float]]:
    """Return commits a second of every slice, by rival."""
    rates: dict[str, list[float]] = {name: [] for name in rivals}
    with ExitStack() as stack:
        commits = {name: stack.enter_context(make(folder)) for name, make in rivals.items()}
        for _ in range(SLICES):
            for name, commit in commits.items():
                started = time.perf_counter()
                commit(SLICE)
                rates[name].append(SLICE / (time.perf_counter() - started))
    return rates


def latencies(folder: Path) -> dict[str, list[float]]:
    """Return how long single commits take in ms: sqlite3 and appends by one task, in turn."""
    took: dict[str, list[float]] = {RAW: [], OURS: []}
    with journal_of(folder, "single") as (run, journal), raw(folder) as commit:

        async def turns() -> None:
            for one in FACTS * 50:
                started = time.perf_counter()
                commit(1)
                between = time.perf_counter()
                await journal.append(one)
                took[RAW].append((between - started) * 1000)
                took[OURS].append((time.perf_counter() - between) * 1000)

        run(turns())
    return took


def main() -> None:
    """Let all take turns, and show medians and the ratios between neighbours."""
    rivals = RIVALS | ({"aiosqlite": aiosqlite, "persist-queue": queue} if peers.borrow() else {})
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        rates = measure(Path(name), rivals)
        (Path(name) / "single").mkdir()
        single = latencies(Path(name) / "single")
    floor_, raw_ = (rates[one] for one in (next(iter(RIVALS)), RAW))

    def ratio(found: list[float], base: list[float]) -> str:
        return f"{statistics.median(a / b for a, b in zip(found, base, strict=True)):.2f}"

    table.show(
        f"Durable commits, {SLICES} slices of {SLICE} in turn, medians (target: 0.9 of sqlite3)",
        ("", "a second", "of the floor", "of sqlite3", "p10 … p90 of slices"),
        (
            (
                name,
                f"{statistics.median(found):,.0f}",
                ratio(found, floor_),
                ratio(found, raw_),
                f"{table.quantile(found, 0.1):,.0f} … {table.quantile(found, 0.9):,.0f}",
            )
            for name, found in rates.items()
        ),
    )
    for name, took in single.items():
        half, most = table.quantile(took, 0.5), table.quantile(took, 0.99)
        print(f"{name}: p50 {half:.3f} ms, p99 {most:.2f} ms, {most / half:.1f} times as long")


if __name__ == "__main__":
    main()
