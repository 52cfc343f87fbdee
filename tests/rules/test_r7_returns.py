"""R7: a return is always taken; what it closes, and what staff hear of it. R8: from when it counts."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from edge.clock import Clock
from edge.desk import Desk
from edge.wire.facts import Loan, Return, TagTrouble
from gateway.ledger.holds import Hold
from gateway.testing import DAY, HOUR, KEYS, NOW, POLICY, Speaker, card

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def at(day, hour, minute=0):
    return int(datetime(2026, 12, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


def told(both, speaker, received=NOW + DAY):
    return both.ledger.apply(speaker.site, speaker.batch(), received).outcomes


@pytest.fixture
def kiosk():
    return Speaker()


@pytest.mark.parametrize("place", ["kiosk", "drop", "desk"])
async def test_a_return_closes_the_loan_when_it_happened_wherever_it_was(both, kiosk, place):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    kiosk.happened(Return(item="B1", place=place), NOW + HOUR)
    assert told(both, kiosk) == {}
    [row] = both.ledger.store.all("SELECT ended FROM loans")
    assert row["ended"] == NOW + HOUR
    assert both.work() == []


@pytest.mark.parametrize(
    ("fact", "codes", "work"),
    [
        (Return(item="B1"), ["NOT_ON_LOAN"], []),
        (Return(item="B5"), ["NOT_ON_LOAN"], []),
        (Return(item="B6"), ["LOST_RETURNED", "NOT_ON_LOAN"], ["LOST_RETURNED"]),
        (Return(item="B9", bin="2"), ["UNKNOWN_ITEM"], ["UNKNOWN_ITEM"]),
        (Return(item="B9", owner="VN-KHAC"), ["FOREIGN_ITEM"], ["FOREIGN_ITEM"]),
        (Return(item="B9", owner="VN-TINH"), ["UNKNOWN_ITEM"], ["UNKNOWN_ITEM"]),
        (Return(item="B1", owner="VN-KHAC"), ["NOT_ON_LOAN"], []),
    ],
)
async def test_what_is_strange_about_a_return_is_said_and_it_is_taken(
    both, kiosk, fact, codes, work
):
    kiosk.happened(fact)
    assert told(both, kiosk) == {"1": codes}
    assert both.work() == work
    assert both.ledger.store.value("SELECT count(*) FROM facts") == 1


async def test_a_lost_book_that_is_on_loan_comes_back_and_its_loan_ends(both, kiosk):
    kiosk.happened(Loan(item="B6", card=card("C1"), due=0))
    kiosk.happened(Return(item="B6"), NOW + HOUR)
    assert told(both, kiosk) == {"1": ["FOUND_ITEM"], "2": ["LOST_RETURNED"]}
    assert both.loans() == {}


async def test_a_return_from_before_the_loan_leaves_it_open_and_is_shown(both, kiosk):
    commune = Speaker("xa-all", "xa", "e2")
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0), NOW + HOUR)
    told(both, kiosk)
    commune.happened(Return(item="B1"))
    assert told(both, commune) == {"1": ["RETURN_BEFORE_LOAN"]}
    assert both.loans() == {"B1": "R1"}
    assert both.work() == ["RETURN_BEFORE_LOAN"]


async def test_a_return_of_an_unsure_clock_leaves_the_loan_open_and_in_doubt(both, kiosk):
    commune = Speaker("xa-all", "xa", "e2")
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0), NOW + HOUR)
    commune.happened(Return(item="B1"), NOW, clock="holdover", unc=2 * HOUR)
    told(both, kiosk)
    told(both, commune)
    assert both.ledger.catalogue.loan("tinh", "B1").doubt
    both.copy()
    assert both.replica.loan("B1").doubt


async def test_a_set_that_lacks_a_part_is_closed_and_staff_are_told(both, kiosk):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    kiosk.happened(Return(item="B1"), NOW + HOUR)
    kiosk.happened(
        TagTrouble(reason="incomplete_set", uid="E0", item="B1", station="kiosk"), NOW + HOUR
    )
    assert told(both, kiosk) == {"3": ["TAG_TROUBLE"]}
    assert both.loans() == {}
    assert both.work() == ["TAG_TROUBLE"]


async def test_who_waits_gets_the_copy_that_came_back(both, kiosk):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    told(both, kiosk)
    with both.ledger.store.transaction():
        both.ledger.holds.put(
            [Hold(hold="H1", reader="R2", item="B1", site="tinh", placed=NOW)], NOW
        )
    both.copy()
    [view] = await both.desk.take_back(["B1"])
    assert view is not None
    kiosk.happened(Return(item="B1"), NOW + HOUR)
    told(both, kiosk)
    [hold] = both.ledger.holds.of_reader("R2")
    assert hold.ready
    assert both.work() == ["HOLD_CAUGHT"]


async def test_who_waits_gets_what_was_not_on_loan_too(both, kiosk):
    with both.ledger.store.transaction():
        rows = [Hold(hold="H1", reader="R2", item="B1", site="tinh", placed=NOW)]
        both.ledger.holds.put(rows, NOW)
    kiosk.happened(Return(item="B1"), NOW + HOUR)
    assert told(both, kiosk) == {"1": ["NOT_ON_LOAN"]}
    [hold] = both.ledger.holds.of_reader("R2")
    assert hold.ready


async def test_a_return_seen_twice_within_two_minutes_is_one_and_by_two_machines_it_is_two(
    both, kiosk
):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    kiosk.happened(Return(item="B1"), NOW + HOUR)
    kiosk.happened(Return(item="B1"), NOW + HOUR + 60_000)
    assert told(both, kiosk) == {"3": ["DUPLICATE_SCAN"]}
    drop = Speaker("gate-1", "tinh", "e3")
    drop.happened(Return(item="B1", place="drop"), NOW + HOUR + 90_000)
    assert told(both, drop) == {"1": ["NOT_ON_LOAN"]}


async def test_a_return_is_known_here_before_the_ledger_hears_of_it(both):
    await both.lend("C1", "B1")
    assert [
        loan.item for loan in both.replica.loans_of(both.replica.reader(card("C1")).reader)
    ] == ["B1"]
    await both.happens(Return(item="B1"))
    assert both.replica.loan("B1") is None
    assert both.replica.reader(card("C1")).loans == 0
    assert await both.bring() == {}
    assert both.loans() == {}


FEE = {"fee_per_day": 1000, "closed_weekdays": [6]}  # closed on Sundays


@pytest.mark.parametrize(
    ("credit_to", "back", "late_days"),
    [
        ("drop_time", at(7, 16, 59), 0),  # due on Monday the 7th
        ("drop_time", at(7, 23, 59), 0),
        ("drop_time", at(8, 0, 1), 1),
        ("last_open_close", at(8, 6, 0), 0),  # fell in before the doors opened: the evening before
        ("last_open_close", at(8, 7, 30), 1),
        ("last_open_close", at(8, 20, 0), 1),
        ("next_open", at(7, 20, 0), 0),  # it fell in before it was late
        ("next_open", at(8, 20, 0), 1),  # given back on the 9th, but it fell in on the 8th
        ("next_open", at(12, 20, 0), 5),  # neither Sunday nor Monday, when it was emptied
        ("next_open", at(7, 12, 0), 0),
        ("drop_time", at(14, 12, 0), 6),  # Sunday the 13th costs nothing
    ],
)
async def test_what_falls_into_the_drop_counts_as_the_policy_says(
    both, kiosk, credit_to, back, late_days
):
    both.policy(credit_to=credit_to, **FEE)
    drop = Speaker("gate-1", "tinh", "e3")
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0), at(7, 12) - 14 * DAY)
    both.ledger.apply("tinh", kiosk.batch(), at(20, 12))
    both.ledger.store.run("UPDATE loans SET due = ?", at(7, 23, 59) + 59_000)
    drop.happened(Return(item="B1", place="drop"), back)
    both.ledger.apply("tinh", drop.batch(), at(20, 12))
    both.ledger.store.run("UPDATE loans SET due = ?", at(7, 23, 59) + 59_000)
    assert both.ledger.fees.balance("R1", at(20, 12)) == late_days * 1000


@pytest.mark.parametrize("credit_to", ["drop_time", "last_open_close", "next_open"])
@pytest.mark.parametrize("back", [at(7, 23, 59), at(8, 7), at(8, 20), at(12, 20)])
@pytest.mark.parametrize("place", ["kiosk", "drop"])
async def test_alone_a_device_reckons_no_other_fee_than_the_ledger(both, credit_to, back, place):
    both.policy(credit_to=credit_to, fee_limit=1, **FEE)
    both.now = at(7, 12) - 14 * DAY
    await both.lend("C1", "B1")
    await both.bring()
    both.now = back
    await both.happens(Return(item="B1", place=place))
    alone = (await both.desk.reader(["C1"])).fees
    await both.bring(settle=False)
    assert alone == both.ledger.fees.balance("R1", both.now)
    unfair = place == "drop" and credit_to == "last_open_close" and back < at(8, 7, 30)
    assert bool(alone) == (back > at(7, 23, 59) and not unfair)


async def test_days_of_closure_that_become_known_later_cost_nothing(both, kiosk):
    """A storm: the library was closed from the day it was due to the tenth."""
    both.policy(fee_limit=1, **FEE)
    both.now = at(7, 12) - 14 * DAY
    await both.lend("C1", "B1", "B2")
    await both.bring()
    both.now = at(12, 12)
    await both.happens(Return(item="B1"))
    await both.bring()
    assert both.ledger.fees.balance("R1", both.now) == 10_000
    storm = ["2026-12-07", "2026-12-08", "2026-12-09", "2026-12-10"]
    both.policy(fee_limit=1, closed_dates=storm, **FEE)
    due = at(11, 23, 59)  # the first day of opening
    assert both.ledger.fees.balance("R1", due) == 1000, "of the book that came on the twelfth"
    assert both.ledger.fees.balance("R1", both.now) == 2000
    assert (await both.desk.reader(["C1"])).fees == 2000


async def test_an_unset_clock_makes_no_open_loan_dearer_than_it_surely_is(both):
    both.policy(fee_limit=1, **FEE)
    both.now = at(7, 12) - 14 * DAY
    await both.lend("C1", "B1")
    await both.bring()
    both.now = at(8, 12)
    assert (await both.desk.reader(["C1"])).fees == 1000
    unsure = Clock(lambda: 0.0, lambda: both.now / 1000, "b2", lambda: False)
    unsure.not_before(both.now)
    desk = Desk(KEYS["tinh"], both.replica, unsure, both)
    assert unsure.state() == "unset"
    assert (await desk.reader(["C1"])).fees == 0, "it may be a day earlier"


async def test_a_return_of_an_unsure_clock_is_credited_as_early_as_it_may_have_been(both, kiosk):
    both.policy(**FEE)
    due = msgspec.structs.replace(POLICY, closed_weekdays=[6])
    assert due.groups["adult"].days == 14
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0), NOW)
    promised = both.ledger.apply("tinh", kiosk.batch(), NOW) and both.ledger.store.value(
        "SELECT due FROM loans"
    )
    drop = Speaker("gate-1", "tinh", "e3")
    drop.happened(Return(item="B1", place="drop"), promised + HOUR, clock="holdover", unc=2 * HOUR)
    both.ledger.apply("tinh", drop.batch(), promised + DAY)
    assert both.ledger.fees.balance("R1", promised + 30 * DAY) == 0
