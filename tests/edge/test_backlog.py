"""A journal in which very much waits: it opens at once, and is checked all the same."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.agent import note_again
from edge.clock import Clock
from edge.journal import Journal, JournalError, checking
from edge.replica import Replica
from edge.wire.facts import Loan


def spoil(path: Path) -> None:
    """Damage a page in the middle of the facts, where neither end is."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = db.execute("PRAGMA page_size").fetchone()[0]
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    with path.open("r+b") as file:
        file.seek(size * (pages // 2))
        file.write(b"\xa5" * size)


@pytest.fixture
async def long(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, "kiosk", clock)
    for n in range(20):
        await journal.append(*[Loan(item=f"B{n}", card="c" * 32, due=1) for _ in range(100)])
    await journal.close()
    monkeypatch.setattr(checking, "AT_ONCE", 1000)
    return path


async def test_a_long_file_is_checked_when_the_stations_are_at_work(
    long: Path, clock: Clock
) -> None:
    spoil(long)
    journal = Journal.open(long, "kiosk", clock)
    assert journal.salvaged is None
    with pytest.raises(JournalError, match="damaged"):
        await checking.check_later(long, 0.0)
    await journal.close()
    again = Journal.open(long, "kiosk", clock)
    assert again.salvaged is not None
    assert 0 < again.salvaged < 2000
    await checking.check_later(long, 0.0)
    await again.close()


async def test_a_long_file_that_is_whole_stays_as_it_is(long: Path, clock: Clock) -> None:
    await checking.check_later(long, 0.0)
    journal = Journal.open(long, "kiosk", clock)
    assert (journal.salvaged, journal.last_seq) == (None, 2000)
    await journal.close()


async def test_what_the_local_copy_has_is_not_noted_again(
    long: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[int] = []
    note = Replica.note
    monkeypatch.setattr(
        Replica, "note", lambda self, event, **k: (noted.append(event.seq), note(self, event, **k))
    )
    journal = Journal.open(long, "kiosk", clock)
    for wanted in (2000, 0):
        noted.clear()
        with closing(Replica.open(long.with_name("replica.db"), clock.now_ms)) as replica:
            note_again(journal, replica)
            assert replica.loan("B19") is not None
        assert len(noted) == wanted
    await journal.begin_epoch()
    noted.clear()
    with closing(Replica.open(long.with_name("replica.db"), clock.now_ms)) as replica:
        note_again(journal, replica)
    assert noted == list(range(1, 2001))
    await journal.close()
