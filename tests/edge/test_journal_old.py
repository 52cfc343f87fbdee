"""Journals that earlier versions wrote, and what the newest schema makes of an append."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from edge.clock import Clock
from edge.journal import Journal
from edge.wire.facts import Return

DATABASES = Path(__file__).parent / "databases"
PAGE = 4096 + 24
"""Bytes of one page in SQLite's log, with its head."""


def schema(path: Path) -> set[tuple[str, str]]:
    """Return the words of a file's tables."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return set(db.execute("SELECT name, sql FROM sqlite_schema"))


@pytest.mark.parametrize("version", [1, 2])
async def test_an_old_journal_ends_as_a_new_one_begins(
    tmp_path: Path, clock: Clock, version: int
) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    shutil.copyfile(DATABASES / f"journal_{version:04}.db", old)
    with contextlib.closing(sqlite3.connect(old)) as beside:
        before = beside.execute("SELECT seq, id, body FROM events").fetchall()
        for path in (old, new):
            await Journal.open(path, "tinh-kiosk", clock).close()
        assert beside.execute("SELECT seq, id, body FROM events").fetchall() == before
    assert schema(old) == schema(new)


async def test_an_old_journal_whose_facts_have_all_left_uses_no_number_twice(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "old.db"
    shutil.copyfile(DATABASES / "journal_0002.db", path)
    for number in (4, 5):
        journal = Journal.open(path, "tinh-kiosk", clock)
        assert (journal.last_seq, journal.first_kept()) == (number - 1, 4)
        assert [event.seq for event in await journal.append(Return(item="B"))] == [number]
        await journal.close()


async def test_a_fact_is_committed_with_one_page_and_sometimes_a_new_one(
    tmp_path: Path, clock: Clock
) -> None:
    log = tmp_path / "journal.db-wal"
    journal = Journal.open(tmp_path / "journal.db", "tinh-kiosk", clock)
    before = log.stat().st_size
    for _ in range(100):
        await journal.append(Return(item="B"))
    assert 100 <= (log.stat().st_size - before) // PAGE < 150
    await journal.close()
