"""An old image of a card comes back: what it says under numbers that were used is never lost."""

import itertools
import shutil

import pytest

from edge.clock import Clock
from edge.journal import Journal
from edge.wire.batch import decode_batch, decode_event, encode_batch
from edge.wire.facts import Return
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import KEYS, NOW, stock

DEVICE = "kiosk-1"


@pytest.fixture
def ledger():
    made = stock(SqliteLedger(":memory:", KEYS.__getitem__))
    yield made
    made.close()


def open_card(folder):
    ticks = itertools.count(NOW // 1000, 0.25)
    clock = Clock(lambda: next(ticks), lambda: next(ticks), "boot-1", lambda: True)
    return Journal.open(folder / "journal.db", DEVICE, clock)


async def send(journal, first, last):
    """Put facts on their way; return the batch that may or may not arrive."""
    await journal.sending(last)
    bodies = [body for seq, body in journal.waiting(first - 1) if seq <= last]
    return decode_batch(encode_batch(DEVICE, journal.epoch, first, bodies, journal.mark(first - 1)))


def hears(journal, ledger):
    """Whether the device sees, by the ledger's cursor, that its history is another one."""
    cursor = ledger.place(DEVICE, journal.epoch)
    return journal.diverged(cursor.epoch, cursor.seq, cursor.last)


@pytest.fixture
async def restored(tmp_path, ledger):
    """A card of one acknowledged fact, while the ledger has two of its epoch."""
    journal = open_card(tmp_path / "card")
    await journal.append(Return(item="B1"))
    ledger.apply("tinh", await send(journal, 1, 1), NOW)
    await journal.acknowledge(journal.epoch, 1)
    await journal.close()
    shutil.copytree(tmp_path / "card", tmp_path / "image")
    journal = open_card(tmp_path / "card")
    await journal.append(Return(item="B2"))
    ledger.apply("tinh", await send(journal, 2, 2), NOW)
    await journal.close()
    journal = open_card(tmp_path / "image")
    yield journal
    await journal.close()


async def test_before_anything_is_sent_it_is_seen_by_the_number(restored, ledger):
    assert hears(restored, ledger)


async def test_a_fact_that_was_lost_on_the_way_is_not_taken_for_the_one_that_is_there(
    restored, ledger
):
    await restored.append(Return(item="B3"))
    await send(restored, 2, 2)
    assert hears(restored, ledger)
    await restored.begin_epoch()
    ledger.apply("tinh", await send(restored, 1, 1), NOW)
    assert taken(ledger) == ["B1", "B2", "B3"]


async def test_what_follows_a_lost_fact_is_not_put_behind_another(restored, ledger):
    await restored.append(Return(item="B3"))
    await restored.append(Return(item="B4"))
    await send(restored, 2, 2)
    applied = ledger.apply("tinh", await send(restored, 3, 3), NOW)
    assert (applied.gap, applied.cursor) == (True, 2)
    assert hears(restored, ledger)
    await restored.begin_epoch()
    ledger.apply("tinh", await send(restored, 1, 2), NOW)
    assert taken(ledger) == ["B1", "B2", "B3", "B4"]


async def test_what_arrives_under_a_used_number_is_kept_once_whatever_comes_again(restored, ledger):
    await restored.append(Return(item="B3"))
    ledger.apply("tinh", await send(restored, 2, 2), NOW)
    assert hears(restored, ledger)
    await restored.begin_epoch()
    again = ledger.apply("tinh", await send(restored, 1, 1), NOW)
    assert again.outcomes == {"1": ["REPEATED"]}
    assert taken(ledger) == ["B1", "B2", "B3"]


async def test_a_device_in_step_never_sees_another_history(tmp_path, ledger):
    journal = open_card(tmp_path / "card")
    for number in range(1, 6):
        await journal.append(Return(item=f"B{number}"))
        applied = ledger.apply("tinh", await send(journal, number, number), NOW)
        assert not applied.gap
        assert not hears(journal, ledger)
        if number % 2:
            await journal.acknowledge(journal.epoch, number)
            assert not hears(journal, ledger)
    await journal.close()


def taken(ledger):
    bodies = ledger.store.all("SELECT body FROM facts ORDER BY arrival")
    return [decode_event(bytes(row["body"])).fact.item for row in bodies]
