"""R11: the due date that was promised is kept. Later of promise and policy; in doubt, the reader's."""

import pytest

from edge.circulation.model import GroupRule
from edge.circulation.rules import due_date
from edge.wire.facts import Loan
from gateway.ledger.catalogue import Reader
from gateway.testing import DAY, HOUR, MINUTE, NOW, POLICY, Speaker, card

DUE = due_date(POLICY, "adult", NOW)


def due_of(both, item="B1"):
    return both.ledger.store.value("SELECT due FROM loans WHERE item = ?", item)


@pytest.mark.parametrize(
    ("promised", "due", "codes"),
    [
        (0, DUE, []),
        (DUE, DUE, []),
        (DUE - 1, DUE, ["DUE_DATE_DIFFERS"]),
        (DUE - 5 * DAY, DUE, ["DUE_DATE_DIFFERS"]),
        (DUE + 1, DUE + 1, []),
        (DUE + 90 * DAY, DUE + 90 * DAY, []),
        (1, DUE, ["DUE_DATE_DIFFERS"]),
    ],
)
async def test_the_later_of_promise_and_policy_counts(both, promised, due, codes):
    kiosk = Speaker()
    kiosk.happened(Loan(item="B1", card=card("C1"), due=promised))
    outcomes = both.ledger.apply("tinh", kiosk.batch(), NOW + HOUR).outcomes
    assert due_of(both) == due
    assert outcomes == ({"1": codes} if codes else {})
    assert both.work() == [], "it is told, not asked"


async def test_what_the_edge_promises_alone_is_what_the_ledger_posts(both):
    for days, item in ((0, "B1"), (1.6, "B2"), (9, "B3")):
        both.pass_days(days)
        both.copy()
        assert await both.lend("C1" if item != "B3" else "C2", item) == [""]
    promised = {fact.item: fact.due for fact in both.facts()}
    assert await both.bring() == {}
    rows = both.ledger.store.all("SELECT item, due FROM loans")
    assert {row["item"]: row["due"] for row in rows} == promised


@pytest.mark.parametrize(
    "rule",
    [
        {"closed_weekdays": [5, 6]},
        {"closed_dates": ["2026-12-06", "2026-12-07"]},
        {"closed_weekdays": list(range(7))},
        {"groups": {"adult": GroupRule(days=1)}},
        {"groups": {"adult": GroupRule(days=90)}},
        {"zone": "UTC"},
    ],
)
async def test_edge_and_ledger_reckon_the_same_day_under_every_policy(both, rule):
    policy = both.policy(**rule)
    await both.lend("C1", "B1")
    [loan] = both.facts()
    assert await both.bring() == {}
    assert due_of(both) == loan.due == due_date(policy, "adult", NOW)


def days_become(both, days):
    """Change the policy at the centre alone."""
    rule = {"adult": GroupRule(limit=3, days=days, renewals=1)}
    with both.ledger.store.transaction():
        both.ledger.catalogue.put_policy(type(POLICY)(groups=rule), both.now)


async def test_a_policy_that_changed_meanwhile_takes_no_day_away(both):
    await both.lend("C1", "B1")
    [loan] = both.facts()
    days_become(both, 2)
    assert await both.bring() == {}
    assert due_of(both) == loan.due


async def test_a_policy_that_changed_meanwhile_may_give_days(both):
    await both.lend("C1", "B1")
    [loan] = both.facts()
    days_become(both, 30)
    assert await both.bring() == {"1": ["DUE_DATE_DIFFERS"]}
    assert due_of(both) > loan.due
    assert both.replica.loan("B1").due == due_of(both), "the reader sees the longer one"


async def test_a_group_that_the_edge_did_not_know_has_its_own_days(both):
    both.policy(groups={"adult": GroupRule(days=14), "teacher": GroupRule(days=60)})
    await both.lend("C1", "B1")
    with both.ledger.store.transaction():
        reader = Reader(reader="R1", name="An", group="teacher", cards=["C1"])
        both.ledger.catalogue.put_readers([(reader, 0, 0)], NOW)
    assert await both.bring() == {"1": ["DUE_DATE_DIFFERS"]}
    assert due_of(both) == due_date(both.replica.policy, "teacher", NOW)


@pytest.mark.parametrize(("unc", "more"), [(0, 0), (9 * HOUR, 0), (11 * HOUR, 1), (13 * HOUR, 1)])
async def test_an_unsure_clock_gives_the_latest_time_it_may_have_been(both, unc, more):
    """It is 14:00: ten hours later the next day begins."""
    kiosk = Speaker()
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0), NOW, clock="holdover", unc=unc)
    both.ledger.apply("tinh", kiosk.batch(), NOW + MINUTE)
    assert due_of(both) == DUE + more * DAY


async def test_a_second_word_on_the_same_loan_shortens_nothing(both):
    kiosk, other = Speaker(), Speaker("xa-all", "xa", "e2")
    kiosk.happened(Loan(item="B1", card=card("C1"), due=DUE + 5 * DAY))
    both.ledger.apply("tinh", kiosk.batch(), NOW)
    other.happened(Loan(item="B1", card=card("C1", "xa"), due=DUE + DAY), NOW + DAY)
    assert both.ledger.apply("xa", other.batch(), NOW + DAY).outcomes == {
        "1": ["ALREADY_ON_LOAN_SAME"]
    }
    assert due_of(both) == DUE + 5 * DAY
