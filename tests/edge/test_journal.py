import asyncio
import sqlite3
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import Clock
from edge.journal import Backlog, Journal, JournalError, JournalFullError, TagTask, rows
from edge.journal.database import migrations, plain
from edge.journal.ids import uuid7
from edge.wire.batch import Event, decode_event
from edge.wire.facts import Loan, Return, Secured, StaffCalled, TagStillArmed, Trouble, Well

LOAN = Loan(item="38000000000018", card="c" * 32, due=1_796_000_000_000)


def opened(tmp_path: Path, clock: Clock, **options: object) -> Journal:
    return Journal.open(tmp_path / "journal.db", "tinh-kiosk", clock, **options)  # type: ignore[arg-type]


async def test_a_fact_gets_its_number_and_id_when_it_is_recorded(journal: Journal) -> None:
    journal.versions = lambda: (3, 17)
    first, second = await journal.append(LOAN, StaffCalled(station="kiosk"))
    assert (first.seq, second.seq) == (1, 2)
    assert uuid.UUID(first.id).version == 7
    assert (first.policy, first.replica, first.at.boot) == (3, 17, "boot-1")
    assert [decode_event(raw) for _, raw in journal.waiting(0)] == [first, second]


async def test_facts_are_still_there_after_a_power_cut(tmp_path: Path, clock: Clock) -> None:
    journal = opened(tmp_path, clock)
    events = await journal.append(LOAN)
    for name in ("journal.db", "journal.db-wal"):  # the image of the storage at the cut
        (tmp_path / "cut").mkdir(exist_ok=True)
        (tmp_path / "cut" / name).write_bytes((tmp_path / name).read_bytes())
    again = opened(tmp_path / "cut", clock)
    assert not again.was_clean
    assert again.epoch == journal.epoch
    assert again.last_seq == 1
    assert decode_event(again.waiting(0)[0][1]) == events[0]
    await again.close()
    await journal.close()


async def test_a_clean_end_is_remembered_and_a_new_file_is_clean(
    tmp_path: Path, clock: Clock
) -> None:
    for _ in range(2):
        journal = opened(tmp_path, clock)
        assert journal.was_clean
        await journal.close()


async def test_closing_twice_does_no_harm_and_a_closed_journal_says_so(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock)
    await journal.close()
    await journal.close()
    with pytest.raises(JournalError, match="the journal is closed"):
        await journal.append(LOAN)
    again = opened(tmp_path, clock)
    assert again.was_clean
    await asyncio.gather(again.close(), again.close())


async def test_numbers_are_never_used_twice_even_when_all_facts_are_gone(
    journal: Journal, hands: object
) -> None:
    await journal.append(LOAN, LOAN)
    await journal.sending(2)
    assert await journal.acknowledge(journal.epoch, 2)
    assert await journal.tend(keep_days=30) == 0
    hands.pass_time(40 * 86_400)  # type: ignore[attr-defined]
    assert await journal.tend(keep_days=30) == 2
    assert journal.waiting(0) == []
    assert journal.first_kept() == 3
    assert [event.seq for event in await journal.append(LOAN)] == [3]


async def test_only_old_and_acknowledged_facts_are_trimmed(journal: Journal, hands: object) -> None:
    await journal.append(LOAN, LOAN)
    await journal.acknowledge(journal.epoch, 1)
    assert await journal.tend(keep_days=30) == 0
    hands.pass_time(31 * 86_400)  # type: ignore[attr-defined]
    assert await journal.tend(keep_days=30) == 1
    assert [seq for seq, _ in journal.waiting(0)] == [2]


async def test_a_fact_that_waited_for_long_is_kept_as_long_after_its_acknowledgement(
    journal: Journal, hands: object
) -> None:
    await journal.append(LOAN, LOAN)
    hands.pass_time(31 * 86_400)  # type: ignore[attr-defined]
    await journal.acknowledge(journal.epoch, 2)
    for _ in range(2):
        assert await journal.tend(keep_days=30) == 0, "a ledger put back may ask for it again"
        hands.pass_time(15 * 86_400)  # type: ignore[attr-defined]
    hands.pass_time(1)  # type: ignore[attr-defined]
    assert await journal.tend(keep_days=30) == 2


async def test_a_long_backlog_is_trimmed_in_slices_to_its_end(
    journal: Journal, hands: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "TRIM", 10)
    await journal.append(*[LOAN] * 25, Return(item="1"))
    await journal.acknowledge(journal.epoch, 25)
    assert await journal.tend(keep_days=30) == 0
    hands.pass_time(31 * 86_400)  # type: ignore[attr-defined]
    assert await journal.tend(keep_days=30) == 25
    assert [seq for seq, _ in journal.waiting(0)] == [26]
    assert (journal.first_kept(), journal.last_seq) == (26, 26)


async def test_the_reserve_is_made_again_when_there_is_room_again(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock)
    (tmp_path / "reserve").unlink()
    await journal.tend(keep_days=30)
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1 << 20, "not a hole in a file"
    await journal.close()


async def test_what_waits_outlives_any_age(journal: Journal, hands: object) -> None:
    await journal.append(LOAN, LOAN)
    hands.pass_time(400 * 86_400)  # type: ignore[attr-defined]
    assert await journal.tend(keep_days=30) == 0
    assert journal.backlog().count == 2


async def test_many_tasks_that_append_at_once_get_numbers_without_gaps(journal: Journal) -> None:
    async def one(n: int) -> list[Event]:
        return await journal.append(*[StaffCalled(station=f"s{n}")] * (n % 3 + 1))

    groups = await asyncio.gather(*(one(n) for n in range(40)))
    numbers = [[event.seq for event in events] for events in groups]
    assert sorted(n for group in numbers for n in group) == list(range(1, journal.last_seq + 1))
    for group in numbers:
        assert group == list(range(group[0], group[0] + len(group)))


async def test_a_caller_that_is_cancelled_does_not_undo_what_was_begun(journal: Journal) -> None:
    heard: list[Event] = []
    journal.listen(heard.append)
    task = asyncio.create_task(journal.append(LOAN))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await journal.append(StaffCalled(station="kiosk"))
    assert [event.seq for event in heard] == [1, 2]
    assert journal.last_seq == 2


async def test_a_batch_ends_at_the_limit_of_rows_or_bytes_but_is_never_empty(
    journal: Journal,
) -> None:
    await journal.append(*[LOAN] * 10)
    size = len(journal.waiting(0)[0][1])
    assert [seq for seq, _ in journal.waiting(3, limit=2)] == [4, 5]
    assert len(journal.waiting(0, max_bytes=3 * size)) == 3
    assert len(journal.waiting(0, max_bytes=1)) == 1
    assert journal.waiting(10) == []


async def test_acknowledgements_only_move_forward_and_only_in_their_epoch(
    journal: Journal,
) -> None:
    await journal.append(*[LOAN] * 3)
    assert await journal.acknowledge(journal.epoch, 2)
    assert not await journal.acknowledge(journal.epoch, 1)
    assert not await journal.acknowledge("another", 3)
    assert not await journal.acknowledge(journal.epoch, 99)
    backlog = journal.backlog()
    assert (backlog.count, backlog.last_seq, backlog.acked) == (1, 3, 2)
    assert backlog.oldest_ms == 1_795_000_000_000


async def test_a_waiter_is_woken_by_the_next_fact(journal: Journal) -> None:
    assert journal.backlog() == Backlog(0, 0, 0, 0)
    waiter = asyncio.create_task(journal.wait_beyond(0))
    await asyncio.sleep(0)
    assert not waiter.done()
    await journal.append(LOAN)
    await asyncio.wait_for(waiter, 1)


async def test_a_loan_and_its_security_work_are_one_commit(tmp_path: Path, clock: Clock) -> None:
    journal = opened(tmp_path, clock)
    (loan,) = await journal.append(LOAN, open_tasks=[TagTask("E0AA", LOAN.item, 0xC2)])
    assert journal.task("E0AA") == TagTask("E0AA", LOAN.item, 0xC2, loan.id, 1_795_000_000_000)
    await journal.close()
    journal = opened(tmp_path, clock)
    assert [task.about for task in journal.open_tasks()] == [loan.id]
    secured = Secured(item=LOAN.item, uid="E0AA", afi=0xC2, about=loan.id)
    await journal.append(secured, close_tasks=["E0AA"])
    assert journal.open_tasks() == []
    await journal.close()
    journal = opened(tmp_path, clock)
    assert journal.open_tasks() == []
    await journal.close()


async def test_what_belongs_to_a_fact_of_the_same_commit_is_told_its_id(journal: Journal) -> None:
    back, secured, armed = await journal.append(
        Return(item="1"),
        Secured(item="1", uid="E0", afi=7, about=""),
        TagStillArmed(item="1", uid="E0", about="", until=5),
    )
    assert isinstance(secured.fact, Secured)
    assert isinstance(armed.fact, TagStillArmed)
    assert secured.fact.about == armed.fact.about == back.id


async def test_an_intent_is_on_the_disk_before_the_tag_is_touched(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock)
    task = await journal.intend("E0AA", "1", 7)
    assert task.about == ""
    assert journal.last_seq == 0
    rows = sqlite3.connect(tmp_path / "journal.db")
    assert rows.execute("SELECT uid, about FROM tasks").fetchall() == [("E0AA", "")]
    rows.close()
    await journal.close()


async def test_troubles_that_are_not_over_are_known_after_a_restart(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock)
    await journal.append(Trouble(part="pad", reason="reader_lost"))
    await journal.append(Trouble(part="paper", reason="paper_out"))
    await journal.append(Well(part="paper", reason="paper_out"))
    await journal.close()
    journal = opened(tmp_path, clock)
    assert journal.troubles == {("pad", "reader_lost")}
    await journal.append(Well(part="pad", reason="reader_lost"))
    assert journal.troubles == frozenset()
    await journal.close()


async def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path, clock: Clock) -> None:
    await opened(tmp_path, clock).close()
    db = sqlite3.connect(tmp_path / "journal.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = (tmp_path / "journal.db").read_bytes()
    with pytest.raises(JournalError, match=r"newer program \(schema 99.*install the newer"):
        opened(tmp_path, clock)
    assert (tmp_path / "journal.db").read_bytes() == before


async def test_the_journal_of_another_device_is_refused(tmp_path: Path, clock: Clock) -> None:
    await opened(tmp_path, clock).close()
    with pytest.raises(JournalError, match="belongs to device 'tinh-kiosk', this is 'xa-all'"):
        Journal.open(tmp_path / "journal.db", "xa-all", clock)


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(JournalError, match=r"journal\.db: cannot be opened"):
        opened(tmp_path, clock)


def cramped(pages: int) -> object:
    """Return a connection factory whose file may not grow beyond ``pages``."""

    def connect(path: Path) -> sqlite3.Connection:
        db = plain(path)
        db.execute(f"PRAGMA max_page_count = {pages}")
        return db

    return connect


async def test_a_full_disk_is_said_loses_nothing_and_is_no_end(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock, connect=cramped(16))
    (tmp_path / "reserve").unlink(missing_ok=True)
    recorded = 0
    with pytest.raises(JournalFullError):
        while True:
            recorded += len(await journal.append(*[LOAN] * 10))
    assert recorded == journal.last_seq == len(journal.waiting(0, limit=10_000, max_bytes=1 << 30))
    await journal.close()
    journal = opened(tmp_path, clock)
    assert [event.seq for event in await journal.append(LOAN)] == [recorded + 1]
    await journal.close()


async def test_the_reserve_is_given_up_before_a_fact_is_refused(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock, connect=cramped(16))
    assert (tmp_path / "reserve").stat().st_size > 0
    with pytest.raises(JournalFullError):
        while True:
            await journal.append(*[LOAN] * 10)
    assert not (tmp_path / "reserve").exists()
    await journal.close()


async def test_new_loans_stop_before_returns_when_room_is_short(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock, low_mb=1 << 40)
    assert journal.low
    with pytest.raises(JournalFullError, match="no new loans"):
        await journal.append(LOAN)
    assert len(await journal.append(Return(item="1"))) == 1
    await journal.close()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_facts_of_a_damaged_file_are_saved_under_a_new_epoch(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock)
    events = [(await journal.append(LOAN))[0] for _ in range(400)]
    await journal.intend("E0AA", "1", 7)
    epoch = journal.epoch
    await journal.close()
    path = tmp_path / "journal.db"
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(raw)
    journal = opened(tmp_path, clock)
    assert journal.epoch != epoch
    saved = [decode_event(body) for _, body in journal.waiting(0, 10_000, 1 << 30)]
    assert journal.salvaged == len(saved) == journal.last_seq
    assert len(saved) > 300
    assert {event.id for event in saved} <= {event.id for event in events}
    assert [event.seq for event in saved] == list(range(1, len(saved) + 1))
    assert saved[-1].id == events[-1].id
    assert journal.task("E0AA") is not None
    assert "journal.db.damaged-1795000000000" in names(tmp_path)
    await journal.close()


async def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "journal.db").write_bytes(b"\0not a database" * 400)
    journal = opened(tmp_path, clock)
    assert journal.salvaged == 0
    assert len(await journal.append(LOAN)) == 1
    await journal.close()


async def test_an_older_image_of_the_storage_is_noticed_and_its_new_facts_renumbered(
    tmp_path: Path, clock: Clock
) -> None:
    journal = opened(tmp_path, clock)
    await journal.append(*[LOAN] * 3)
    await journal.sending(3)
    await journal.acknowledge(journal.epoch, 2)
    born = await journal.append(StaffCalled(station="kiosk"))
    assert not journal.diverged(journal.epoch, 3)
    assert journal.diverged(journal.epoch, 4)
    assert not journal.diverged("another", 4)
    old = journal.epoch
    fresh = await journal.begin_epoch()
    assert fresh == journal.epoch != old
    events = [decode_event(body) for _, body in journal.waiting(0)]
    assert [event.seq for event in events] == [1, 2]
    assert events[1].id == born[0].id
    assert (journal.last_seq, journal.acked, journal.sent) == (2, 0, 0)
    await journal.close()
    journal = opened(tmp_path, clock)
    assert (journal.epoch, journal.last_seq) == (fresh, 2)
    assert [event.seq for event in await journal.append(LOAN)] == [3]
    await journal.close()


async def test_what_was_on_its_way_when_an_epoch_began_is_not_counted_in_it(
    journal: Journal,
) -> None:
    await journal.append(*[LOAN] * 5)
    old = journal.epoch
    await asyncio.gather(journal.begin_epoch(), journal.sending(5, old))
    await journal.sending(5, old)
    assert journal.sent == 0
    assert journal.diverged(journal.epoch, 1)


async def test_a_ledger_that_went_back_can_be_given_everything_that_is_kept(
    journal: Journal,
) -> None:
    events = await journal.append(*[LOAN] * 5)
    await journal.acknowledge(journal.epoch, 5)
    await journal.begin_epoch(after=1)
    assert [decode_event(body).id for _, body in journal.waiting(0)] == [e.id for e in events[1:]]


async def test_the_clock_learns_the_time_of_the_newest_fact(tmp_path: Path, clock: Clock) -> None:
    journal = opened(tmp_path, clock)
    await journal.append(LOAN)
    await journal.close()
    dead = Clock(lambda: 0.0, lambda: 1.0, "boot-2", lambda: False)
    journal = opened(tmp_path, dead)
    assert dead.now_ms() == 1_795_000_000_000
    await journal.close()


async def test_a_failing_listener_is_heard_of(journal: Journal) -> None:
    def listener(event: Event) -> None:
        raise RuntimeError("no")

    journal.listen(listener)
    with pytest.raises(RuntimeError):
        await journal.append(LOAN)
    assert journal.last_seq == 1


@given(st.integers(0, (1 << 48) - 1), st.integers(0, (1 << 48) - 1))
def test_ids_sort_by_time(a: int, b: int) -> None:
    first, second = uuid7(a), uuid7(b)
    assert uuid.UUID(first).version == 7
    assert uuid.UUID(first).variant == uuid.RFC_4122
    if a < b:
        assert first < second


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))
