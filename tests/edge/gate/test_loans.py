import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.testing.waiting import until
from edge.circulation.model import ItemView, LoanView
from edge.elsewhere import Lent
from edge.gate.loancopy import LoanCopy
from edge.gate.loans import MINUTE_MS, Loans
from edge.table import Table
from edge.wire.elsewhere import Elsewhere, Prints, pack_rows
from edge.wire.facts import Loan, Return
from edge.wire.messages import Part

KEY = b"k" * 32
UID = "E004010000000001"
SINCE = 1_795_000_020_000
NUMBERS = st.integers(0, 2**64 - 1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(NUMBERS, st.none() | st.integers(0, 2**32 - 1)), max_size=60))
def test_a_table_is_a_map(steps):
    table, known = Table("I"), {}
    for key, value in steps:
        if value is None:
            table.pop(key)
            known.pop(key, None)
        else:
            table.put(key, value)
            known[key] = value
    again = Table("I")
    again.load(len(table), memoryview(table.dump()))
    for one in (table, again):
        assert len(one) == len(known)
        assert all(one.get(key) == value for key, value in known.items())
        assert all(one.get(key) == known.get(key) for key, _ in steps)


def test_an_item_is_found_by_its_number_and_by_its_tag_until_it_comes_back():
    loans = Loans(KEY)
    loans.put("B1", SINCE, UID)
    loans.put("B2", SINCE)
    assert loans.since("B1", "") == loans.since(None, UID) == SINCE // MINUTE_MS * MINUTE_MS
    loans.drop("B1")
    assert loans.since("B1", "") is loans.since(None, UID) is None
    assert loans.since("B2", UID) is not None
    assert len(loans) == 1


def test_the_file_is_of_one_key_and_one_base_and_names_nothing():
    loans = Loans(KEY)
    loans.put("TV000001", SINCE, UID)
    data = loans.dump(7)
    assert b"TV000001" not in data
    assert UID.encode() not in data
    assert Loans(KEY).load(data, 7)
    assert not Loans(KEY).load(data, 8)
    assert not Loans(b"x" * 32).load(data, 7)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_file_is_not_believed(at, byte):
    loans = Loans(KEY)
    loans.put("B1", SINCE, UID)
    data = bytearray(loans.dump(7))
    damaged = at < len(data) and data[at] != byte
    if at < len(data):
        data[at] = byte
    else:
        del data[at - 150 :]
        damaged = True
    assert Loans(KEY).load(bytes(data), 7) is not damaged


@contextlib.asynccontextmanager
async def following(copy):
    task = asyncio.create_task(copy.run())
    try:
        async with asyncio.timeout(10):
            while not copy.ready:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield copy
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def filled(replica):
    items = [ItemView(item="B1", title="Số đỏ", uid=UID)]
    loans = [LoanView(item="B1", reader="r", due=1, since=SINCE)]
    replica.apply(Part(version=3, items=items, loans=loans))
    return replica


async def test_the_copy_follows_the_centre_this_device_and_a_new_snapshot(
    filled, journal, tmp_path
):
    async with following(LoanCopy(filled, KEY, tmp_path / "loans.bin")) as copy:
        assert copy.lent_since(None, UID)
        await journal.append(Return(item="B1"), Loan(item="B2", card="c", due=1))
        await until(lambda: copy.lent_since("B2", "") and not copy.lent_since("B1", ""))
        filled.apply(Part(version=4, start=3, loans=[LoanView(item="B3", reader="r", due=1)]))
        await until(lambda: copy.lent_since("B3", "") is not None)
        filled.apply(Part(version=9, loans=[LoanView(item="B4", reader="r", due=1)]))
        await until(lambda: copy.lent_since("B4", "") is not None)
        assert copy.lent_since("B3", "") is None
        assert copy.lent_since("B2", "") is not None, "lent here, and not settled yet"


async def test_the_copy_outlives_a_restart_and_is_made_anew_for_another_base(
    filled, journal, tmp_path, monkeypatch
):
    path = tmp_path / "loans.bin"
    async with following(LoanCopy(filled, KEY, path)):
        pass
    await journal.append(Loan(item="B2", card="c", due=1))
    monkeypatch.setattr(type(filled), "every_loan", lambda _: pytest.fail("the file was good"))
    async with following(LoanCopy(filled, KEY, path)) as copy:
        await until(lambda: copy.lent_since("B2", "") is not None)
        assert copy.lent_since("B1", "")
    monkeypatch.undo()
    filled.apply(Part(version=9, loans=[]))
    async with following(LoanCopy(filled, KEY, path)) as copy:
        assert copy.lent_since("B1", "") is None


async def test_before_the_copy_is_ready_the_replica_answers(filled, tmp_path):
    copy = LoanCopy(filled, KEY, tmp_path / "loans.bin")
    assert not copy.ready
    assert copy.lent_since("B1", "") == copy.lent_since(None, UID) == SINCE
    assert copy.lent_since("B9", "") is copy.lent_since(None, "AB") is None


async def test_a_loan_elsewhere_counts_until_the_item_comes_back_here(filled, journal, tmp_path):
    lent, prints = Lent(KEY, tmp_path / "elsewhere.bin"), Prints(KEY)
    rows = pack_rows([prints.row("B7", "AB07", SINCE), prints.row("B8", "AB08", SINCE)])
    async with following(LoanCopy(filled, KEY, tmp_path / "loans.bin", lent)) as copy:
        assert lent.wanted
        lent.take(Elsewhere(version=5, rows=rows))
        assert copy.lent_since("B7", "") == copy.lent_since(None, "AB07")
        assert copy.lent_since("B1", "") == SINCE // MINUTE_MS * MINUTE_MS
        await journal.append(Return(item="B7"))
        assert copy.lent_since("B7", "") is None
        await until(lambda: len(lent) == 1)
        lent.take(Elsewhere(version=5, start=5, rows=rows))
        assert copy.lent_since("B7", "") is None, "a page that was on its way says so, wrongly"
        await until(lambda: len(lent) == 1)
        assert copy.lent_since("B8", "") is not None
