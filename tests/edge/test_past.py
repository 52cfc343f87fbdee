"""A ledger that was put back gets facts of earlier epochs again."""

import asyncio
import shutil
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from edge.clock import Clock
from edge.journal import Journal
from edge.uplink.past import EMPTY, Past
from edge.wire.batch import Event, decode_event, mark
from edge.wire.facts import Return
from edge.wire.messages import Cursor

OLD = Path(__file__).parent / "databases" / "journal_0001.db"


async def settled(journal: Journal, count: int) -> list[Event]:
    """Let some facts be acknowledged, and a new epoch begin."""
    events = [(await journal.append(Return(item=f"B{n}")))[0] for n in range(count)]
    await journal.acknowledge(journal.epoch, journal.last_seq)
    await journal.begin_epoch()
    return events


def ids(journal: Journal) -> list[str]:
    return [decode_event(body).id for _, body in journal.waiting(0)]


async def test_what_the_ledger_has_of_an_earlier_epoch_stays_where_it_is(journal: Journal) -> None:
    first = journal.epoch
    events = await settled(journal, 3)
    assert journal.past() == {first: 3}
    assert journal.beyond({first: (3, mark(events[2].id))}) == {}
    assert journal.beyond({}) == {}


async def test_what_it_lost_goes_again_before_what_is_newer_under_the_same_ids(
    journal: Journal,
) -> None:
    first = journal.epoch
    one = await settled(journal, 3)
    second = journal.epoch
    two = await settled(journal, 2)
    [newest] = await journal.append(Return(item="C"))
    beyond = journal.beyond({first: (1, mark(one[0].id)), second: (0, "")})
    assert beyond == {first: 1, second: 0}
    await journal.begin_epoch(0, beyond)
    assert ids(journal) == [event.id for event in (*one[1:], *two, newest)]
    assert journal.past() == {first: 1}
    assert (journal.last_seq, journal.acked) == (5, 0)


async def test_with_another_event_under_the_number_everything_that_is_kept_goes_again(
    journal: Journal,
) -> None:
    first = journal.epoch
    events = await settled(journal, 3)
    assert journal.beyond({first: (2, mark(events[2].id))}) == {first: 0}


async def test_a_ledger_that_heard_another_history_since_is_known_by_its_mark(
    journal: Journal,
) -> None:
    events = [(await journal.append(Return(item=f"B{n}")))[0] for n in range(3)]
    await journal.sending(3)
    await journal.acknowledge(journal.epoch, 3)
    assert not journal.diverged(journal.epoch, 2, mark(events[1].id))
    assert journal.diverged(journal.epoch, 2, "another1")
    assert not journal.diverged(journal.epoch, 2)


async def test_before_the_first_fact_of_an_epoch_the_centre_is_asked_now_and_then(
    journal: Journal,
) -> None:
    now, first = [0.0], journal.epoch
    past = Past(journal, AsyncMock(), now=lambda: now[0])
    assert not past.wanting, "there are no earlier epochs"
    events = await settled(journal, 1)
    answer = Cursor(epoch=journal.epoch, seq=0, past={first: (1, mark(events[0].id))})
    assert past.wanting
    assert past.missing(answer) == {}
    assert not past.wanting
    now[0] += EMPTY
    assert past.wanting, "the ledger may have been put back, and its word was lost"
    assert past.missing(answer) == {}
    now[0] += EMPTY
    await journal.append(Return(item="B"))
    await journal.acknowledge(journal.epoch, 1)
    assert not past.wanting, "what it has of this epoch is said with every health message"


async def test_what_was_acknowledged_of_an_epoch_that_just_ended_settles_nothing_of_the_new_one(
    journal: Journal, hands: object
) -> None:
    for n in range(4):
        await journal.append(Return(item=f"B{n}"))
    await journal.acknowledge(journal.epoch, 2)
    await journal.tend(30)
    hands.pass_time(31 * 86_400)  # type: ignore[attr-defined]
    _, news, _ = await asyncio.gather(
        journal.begin_epoch(), journal.acknowledge(journal.epoch, 4), journal.tend(30)
    )
    assert (news, journal.acked, journal.last_seq) == (False, 0, 2)
    assert not await journal.tend(30)
    assert [seq for seq, _ in journal.waiting(journal.acked)] == [1, 2]


async def test_earlier_epochs_are_kept_as_long_as_other_facts(
    journal: Journal, hands: object
) -> None:
    await settled(journal, 3)
    assert await journal.tend(30) == 0
    hands.pass_time(31 * 86_400)  # type: ignore[attr-defined]
    assert await journal.tend(30) == 3
    assert journal.past() == {}


async def test_acknowledged_facts_of_a_damaged_file_are_kept_too(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, "tinh-kiosk", clock)
    earlier = journal.epoch
    await settled(journal, 2)
    epoch = journal.epoch
    for n in range(300):
        await journal.append(Return(item=f"{n}"))
    await journal.acknowledge(epoch, 40)
    await journal.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 2 * 4096)
        file.write(b"\xa5" * 4096)
    journal = Journal.open(path, "tinh-kiosk", clock)
    assert journal.salvaged
    assert journal.past() == {earlier: 2, epoch: 40}
    await journal.close()


@pytest.fixture
async def old(tmp_path: Path, clock: Clock) -> Journal:
    """A journal as the first version wrote it, opened by this one."""
    shutil.copyfile(OLD, tmp_path / "old.db")
    journal = Journal.open(tmp_path / "old.db", "tinh-kiosk", clock)
    yield journal  # type: ignore[misc]
    await journal.close()


async def test_a_journal_of_the_first_schema_is_taken_over_whole(old: Journal) -> None:
    assert (old.salvaged, old.was_clean, old.last_seq, old.acked) == (None, False, 4, 2)
    assert old.troubles == {("paper", "paper_out")}
    assert [task.item for task in old.open_tasks()] == ["A0", "A1", "A2"]
    assert [decode_event(body).seq for _, body in old.waiting(2)] == [3, 4]
    assert list(old.past().values()) == [2, 2]


async def test_epochs_that_the_first_schema_archived_go_again_in_their_order(old: Journal) -> None:
    await old.begin_epoch(2, dict.fromkeys(old.past(), 0))
    items = [getattr(decode_event(body).fact, "item", "") for _, body in old.waiting(0)]
    assert items == ["A0", "B0", "A1", "B1", "", "C1"]
