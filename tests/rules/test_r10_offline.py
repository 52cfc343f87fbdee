"""R10: what is lent without the centre. The edge decides by the centre's own rules, and less."""

import pytest

from edge.circulation.model import GroupRule
from edge.circulation.rules import TRUSTED_READER, offline_limit
from edge.desk import Desk
from edge.replica import Replica
from edge.wire.facts import Loan, Return
from gateway.ledger.catalogue import Item, Reader
from gateway.ledger.holds import Hold
from gateway.testing import DAY, Speaker, card

STACK = ["B1", "B2", "B3", "B4"]


@pytest.mark.parametrize(
    ("days", "rest_ms", "limit", "most"),
    [
        (0, 0, 3, 3),
        (7, 0, 3, 3),
        (7, 1, 3, 1),
        (30, 0, 3, 1),
        (30, 1, 3, 0),
        (300, 0, 3, 0),
        (7, 1, 4, 2),
        (7, 1, 2, 1),
        (7, 1, 1, 1),
        (30, 0, 1, 1),
        (0, 0, 0, 0),
        (7, 1, 0, 0),
    ],
)
async def test_the_limit_of_an_outage_falls_with_the_age_of_the_copy(
    both, days, rest_ms, limit, most
):
    policy = both.policy(offline_limit=limit, groups={"adult": GroupRule(limit=9)})
    both.now += days * DAY + rest_ms
    assert both.replica.age_ms == days * DAY + rest_ms
    assert offline_limit(policy, both.replica.age_ms) == most
    said = await both.lend("C1", *STACK)
    assert said[:most] == [""] * most
    word = "offline_limit" if most or not limit else "offline_stale"
    assert said[most:] == [word] * (4 - most)


async def test_the_days_of_the_policy_are_its_own(both):
    both.policy(
        offline_days=1, offline_stop_days=2, offline_limit=4, groups={"adult": GroupRule(limit=9)}
    )
    both.pass_days(1)
    assert await both.alone("C1", *STACK) == ["", "", "", ""]
    both.now += 1
    assert await both.alone("C1", *STACK) == ["", "", "offline_limit", "offline_limit"]
    both.pass_days(1)
    assert await both.alone("C1", *STACK) == ["offline_stale"] * 4


async def test_what_was_lent_in_this_outage_counts_over_visits_and_restarts_of_a_visit(both):
    assert await both.lend("C1", "B1", "B2") == ["", ""]
    both.pass_days(1)
    assert await both.lend("C1", "B3", "B4") == ["", "limit"]
    both.policy(groups={"adult": GroupRule(limit=9)})
    assert await both.alone("C1", "B4") == ["offline_limit"]


async def test_the_other_card_of_the_same_reader_has_no_limit_of_its_own(both):
    both.policy(groups={"adult": GroupRule(limit=9)})
    assert await both.lend("C1", "B1", "B2") == ["", ""]
    assert await both.lend("UID:04A1B2C3", "B3", "B4") == ["", "offline_limit"]


async def test_each_card_has_its_own_limit(both):
    both.policy(offline_limit=1)
    assert await both.lend("C1", "B1", "B2") == ["", "offline_limit"]
    assert await both.lend("C2", "B2") == [""]


async def test_what_came_back_in_the_outage_does_not_count_any_more(both):
    both.policy(offline_limit=1)
    await both.lend("C1", "B1")
    await both.happens(Return(item="B1"))
    assert await both.alone("C1", "B2") == [""]


async def test_the_outage_is_over_for_what_the_ledger_has_settled(both):
    both.policy(groups={"adult": GroupRule(limit=9)})
    assert await both.lend("C1", "B1", "B2", "B3") == ["", "", ""]
    assert await both.alone("C1", "B4") == ["offline_limit"]
    await both.bring()
    assert await both.alone("C1", "B4") == [""]


async def test_a_loan_that_the_centre_allowed_counts_in_its_limit_and_not_twice(both):
    assert await both.lend("C1", "B1", online=True) == [""]
    await both.bring()
    assert both.replica.reader(card("C1")).loans == 1
    assert await both.lend("C1", "B2", "B3", "B4") == ["", "", "limit"]


@pytest.mark.parametrize(
    ("who", "item", "alone", "centre"),
    [
        ("C1", "B1", "", ""),
        ("C3", "B1", "expired", "expired"),
        ("C4", "B1", "blocked", "blocked"),
        ("C9", "B1", "card_unverified", "unknown_card"),
        ("C1", "B9", "unknown_item", "unknown_item"),
        ("C1", "B5", "not_for_loan", "not_for_loan"),
        ("C1", "B6", "", ""),
    ],
)
async def test_alone_and_with_the_centre_the_same_rows_say_the_same(both, who, item, alone, centre):
    assert await both.alone(who, item) == [alone]
    assert await both.centre(who, item) == [centre]


async def test_what_is_kept_for_somebody_is_lent_alone_to_nobody_else(both):
    with both.ledger.store.transaction():
        rows = [Hold(hold="H1", reader="R2", item="B1", site="tinh", placed=both.now)]
        both.ledger.holds.put(rows, both.now)
    both.copy()
    assert await both.alone("C1", "B1") == await both.centre("C1", "B1") == ["held"]
    assert await both.alone("C2", "B1") == await both.centre("C2", "B1") == [""]


async def test_a_loan_to_somebody_else_is_no_reason_where_nobody_can_know_of_its_return(both):
    await both.lend("C2", "B1", online=True)
    await both.bring()
    assert await both.centre("C1", "B1") == ["on_loan"]
    assert await both.lend("C1", "B1") == [""]
    assert await both.bring() == {"2": ["OTHER_LOAN_CLOSED"]}
    assert both.loans() == {"B1": "R1"}


async def test_what_is_lent_only_with_the_centre_waits_for_it(both):
    with both.ledger.store.transaction():
        both.ledger.catalogue.put_items([Item(item="D1", title="Phim", kind="dvd", branch="tinh")])
    both.policy(offline_never_kinds=["dvd"])
    assert await both.alone("C1", "D1", "B1") == ["needs_network", ""]
    assert await both.centre("C1", "D1") == [""]
    both.policy(never_lend_kinds=["dvd"])
    assert await both.alone("C1", "D1") == await both.centre("C1", "D1") == ["not_for_loan"]


async def test_trust_lends_to_a_card_that_nobody_could_check_up_to_its_limit(both):
    both.policy(offline_trust=True, offline_limit=2)
    visitor = await both.desk.reader(["C9"])
    assert (visitor.reader.reader, visitor.refusal) == (TRUSTED_READER, "")
    assert await both.lend("C9", "B1", "B2", "B3") == ["", "", "offline_limit"]
    assert await both.lend("C8", "B3") == [""], "another card is another person"
    assert await both.bring() == {
        "1": ["UNKNOWN_CARD"],
        "2": ["UNKNOWN_CARD"],
        "3": ["UNKNOWN_CARD"],
    }
    assert both.loans() == {}
    assert both.work() == ["UNKNOWN_CARD"] * 3


async def test_trust_ends_with_the_age_of_the_copy_like_all_lending_alone(both):
    both.policy(offline_trust=True)
    both.pass_days(31)
    assert await both.alone("C9", "B1") == ["offline_stale"]


async def test_trust_never_reaches_a_reader_who_is_known_and_blocked(both):
    both.policy(offline_trust=True)
    assert await both.alone("C4", "B1") == ["blocked"]
    assert await both.alone("C3", "B1") == ["expired"]


async def test_a_reader_blocked_since_the_copy_was_made_is_lent_to_and_shown_to_staff(both):
    blocked = Reader(reader="R1", name="An", blocked=True, cards=["C1"])
    with both.ledger.store.transaction():
        both.ledger.catalogue.put_readers([(blocked, 0, both.now)], both.now)
    both.now += 1000
    assert await both.lend("C1", "B1") == [""]
    assert await both.bring() == {"1": ["READER_BLOCKED"]}
    assert both.loans() == {"B1": "R1"}, "the book is gone: the loan is true"


async def test_two_machines_that_each_kept_the_limit_are_over_it_together_and_staff_see_it(both):
    other = Speaker("xa-all", "xa", "e2")
    for n, item in enumerate(("B3", "B4")):
        other.happened(Loan(item=item, card=card("C1", "xa"), due=0), both.now + n)
    both.now += 10
    assert await both.lend("C1", "B1", "B2") == ["", ""], "the copy knows of neither"
    assert both.ledger.apply("xa", other.batch(), both.now).outcomes == {}
    assert await both.bring() == {"2": ["READER_BLOCKED"]}, "the fourth of three"
    assert len(both.loans()) == 4
    assert both.work() == ["READER_BLOCKED"]


async def test_returns_are_taken_however_old_the_copy_is(both):
    await both.lend("C1", "B1")
    both.pass_days(400)
    [view] = await both.desk.take_back(["B1"])
    assert view is not None
    await both.happens(Return(item="B1"))
    await both.bring()
    assert both.loans() == {}
    assert both.replica.loan("B1") is None


async def test_without_a_copy_nobody_can_be_known_and_nothing_is_lent(tmp_path, both):
    empty = Replica.open(tmp_path / "empty.db", both.clock.now_ms)
    try:
        desk = Desk(b"k" * 32, empty, both.clock, both)
        assert [v.reason for v in await desk.lend(card("C1"), ["B1"])] == ["card_unverified"]
    finally:
        empty.close()
