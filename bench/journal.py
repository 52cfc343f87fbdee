"""Durable commits a second, one transaction each: the disk's floor, raw SQLite, peers, our journal."""

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlite_utils
import table

from edge.clock import Clock
from edge.journal import Journal
from edge.wire.facts import Evidence, Loan

COUNT = 1500
ROUNDS = 5
BODY = b"x" * 300


def fact(n: int) -> Loan:
    """Return a loan as a kiosk writes it."""
    seen = Evidence(uid=f"E00401{n:010X}", format="iso28560-2", reads=3, afi_before=7)
    return Loan(item=f"TV{n:07}", card="c" * 32, due=1_800_000_000_000, session="s", evidence=seen)


def floor(folder: Path) -> None:
    """Append 4 KiB and fdatasync: nothing durable can be faster on this disk."""
    handle = os.open(folder / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for _ in range(COUNT):
        os.write(handle, BODY.ljust(4096, b"\0"))
        os.fdatasync(handle)
    os.close(handle)


def raw(folder: Path) -> None:
    """Insert with the standard library, WAL and synchronous=FULL."""
    db = sqlite3.connect(folder / "raw.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB) STRICT")
    for _ in range(COUNT):
        db.execute("INSERT INTO t (body) VALUES (?)", (BODY,))
    db.close()


def utils(folder: Path) -> None:
    """Insert with sqlite-utils, WAL and synchronous=FULL."""
    db = sqlite_utils.Database(folder / "utils.db")
    db.enable_wal()
    db.execute("PRAGMA synchronous=FULL")
    for n in range(COUNT):
        db["t"].insert({"seq": n, "body": BODY}, pk="seq")
    db.close()


def ours(folder: Path) -> None:
    """Append loans to the journal, one after another."""

    async def work() -> None:
        journal = Journal.open(folder / "journal.db", "bench", Clock())
        for n in range(COUNT):
            await journal.append(fact(n))
        await journal.close()

    asyncio.run(work())


def together(folder: Path) -> None:
    """Append loans from 8 tasks at once."""

    async def work() -> None:
        journal = Journal.open(folder / "journal.db", "bench", Clock())

        async def task(first: int) -> None:
            for n in range(first, first + COUNT // 8):
                await journal.append(fact(n))

        await asyncio.gather(*(task(n * COUNT) for n in range(8)))
        await journal.close()

    asyncio.run(work())


def rate(work: Callable[[Path], None]) -> float:
    """Return commits a second of one run in a fresh folder."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        started = time.perf_counter()
        work(Path(folder))
        return COUNT / (time.perf_counter() - started)


def main() -> None:
    """Run all in turn, several rounds, and show medians and the ratio to the floor."""
    rivals = {
        "append 4 KiB + fdatasync (the floor)": floor,
        "sqlite3, WAL FULL": raw,
        "sqlite-utils insert, WAL FULL": utils,
        "Shelfwire journal, one task": ours,
        "Shelfwire journal, 8 tasks": together,
    }
    rates: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(ROUNDS):
        for name, work in rivals.items():
            rates[name].append(rate(work))
    base = next(iter(rates))
    table.show(
        f"Durable commits, {COUNT} each, median of {ROUNDS} rounds",
        ("", "a second", "of the floor", "min … max of rounds"),
        (
            (
                name,
                f"{statistics.median(found):,.0f}",
                f"{statistics.median(a / b for a, b in zip(found, rates[base], strict=True)):.2f}",
                f"{min(found):,.0f} … {max(found):,.0f}",
            )
            for name, found in rates.items()
        ),
    )


if __name__ == "__main__":
    main()
