from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.circulation.model import REASONS, GroupRule, ItemView, LoanView, Policy, ReaderView
from edge.circulation.rules import (
    DAY_MS,
    Offline,
    Wanted,
    decide_loan,
    decide_loans,
    decide_renewal,
    due_date,
    is_closed,
    next_open_day,
    offline_limit,
    owed,
)

NOON = int(datetime(2026, 11, 20, 5, 0, tzinfo=UTC).timestamp() * 1000)  # a Friday, noon in Huế
READER = ReaderView(card="c1", reader="r1")
OTHER = LoanView(item="B1", reader="r2", due=NOON + DAY_MS)
OWN = LoanView(item="B1", reader="r1", due=NOON + DAY_MS, renewals=1)
BOOK = ItemView(item="B1", title="Số đỏ")
POLICY = Policy(groups={"adult": GroupRule(limit=3, days=14, renewals=2)})
TODAY = Offline(age_ms=0)


def with_(value, **fields):
    return msgspec.structs.replace(value, **fields)


def reason(reader=READER, item=BOOK, loan=None, *, policy=POLICY, offline=None):
    verdict = decide_loan(policy, reader, item, loan, now=NOON, offline=offline, item_id="B1")
    assert verdict.ok == (verdict.reason == "")
    assert verdict.item == "B1"
    return verdict.reason


@pytest.mark.parametrize(
    ("expected", "case"),
    [
        ("", {}),
        ("unknown_card", {"reader": None}),
        ("card_unverified", {"reader": None, "offline": TODAY}),
        ("unknown_item", {"item": None}),
        ("blocked", {"reader": with_(READER, blocked=True)}),
        ("expired", {"reader": with_(READER, expires=NOON)}),
        ("", {"reader": with_(READER, expires=NOON + 1)}),
        ("limit", {"reader": with_(READER, loans=3)}),
        ("not_for_loan", {"item": with_(BOOK, flags=["reference"])}),
        ("not_for_loan", {"item": with_(BOOK, flags=["withdrawn"])}),
        ("not_for_loan", {"policy": with_(POLICY, never_lend_kinds=["book"])}),
        ("", {"item": with_(BOOK, flags=["lost"])}),
        ("held", {"item": with_(BOOK, held=True)}),
        ("held", {"item": with_(BOOK, held=True), "offline": TODAY}),
        ("on_loan", {"loan": OTHER}),
        ("", {"loan": OTHER, "offline": TODAY}),
        ("already_yours", {"loan": OWN}),
        ("", {"policy": with_(POLICY, offline_never_kinds=["book"])}),
        (
            "needs_network",
            {"policy": with_(POLICY, offline_never_kinds=["book"]), "offline": TODAY},
        ),
        ("offline_limit", {"offline": Offline(age_ms=0, lent=3)}),
        ("offline_limit", {"offline": Offline(age_ms=8 * DAY_MS, lent=1)}),
        ("offline_stale", {"offline": Offline(age_ms=31 * DAY_MS)}),
        ("", {"reader": None, "offline": TODAY, "policy": with_(POLICY, offline_trust=True)}),
    ],
)
def test_each_reason_has_its_case(expected, case):
    assert reason(**case) == expected
    assert not expected or expected in REASONS


def test_an_item_the_reader_has_already_keeps_its_due_date():
    verdict = decide_loan(POLICY, READER, BOOK, OWN, now=NOON)
    assert (verdict.renews, verdict.due) == (True, OWN.due)


def test_a_stack_counts_against_the_limit_as_it_is_lent():
    stack = [Wanted(f"B{n}", with_(BOOK, item=f"B{n}")) for n in range(5)]
    verdicts = decide_loans(POLICY, with_(READER, loans=1), stack, now=NOON)
    assert [v.reason for v in verdicts] == ["", "", "limit", "limit", "limit"]


def test_a_stack_counts_against_the_limit_of_the_outage():
    stack = [Wanted(f"B{n}", with_(BOOK, item=f"B{n}")) for n in range(3)]
    verdicts = decide_loans(
        with_(POLICY, offline_limit=2), READER, stack, now=NOON, offline=Offline(0)
    )
    assert [v.reason for v in verdicts] == ["", "", "offline_limit"]


def test_a_refused_item_does_not_count():
    stack = [Wanted("B0", None), Wanted("B1", BOOK)]
    verdicts = decide_loans(POLICY, with_(READER, loans=2), stack, now=NOON)
    assert [(v.item, v.reason) for v in verdicts] == [("B0", "unknown_item"), ("B1", "")]


@pytest.mark.parametrize(
    ("expected", "case"),
    [
        ("", {}),
        ("needs_network", {"offline": TODAY}),
        ("unknown_card", {"reader": None}),
        ("unknown_item", {"loan": None}),
        ("on_loan", {"loan": OTHER}),
        ("held", {"item": with_(BOOK, held=True)}),
        ("blocked", {"reader": with_(READER, blocked=True)}),
        ("renewals", {"loan": with_(OWN, renewals=2)}),
    ],
)
def test_each_reason_not_to_renew_has_its_case(expected, case):
    given_ = {"reader": READER, "item": BOOK, "loan": OWN, "offline": None} | case
    verdict = decide_renewal(
        POLICY,
        given_["reader"],
        given_["item"],
        given_["loan"],
        now=NOON,
        offline=given_["offline"],
    )
    assert (verdict.reason, verdict.ok) == (expected, not expected)


def test_a_loan_ends_with_the_day_in_local_time():
    due = datetime.fromtimestamp(due_date(POLICY, "adult", NOON) / 1000, ZoneInfo(POLICY.zone))
    assert due.isoformat() == "2026-12-04T23:59:59+07:00"


def test_nothing_falls_due_on_a_closed_day():
    policy = with_(POLICY, closed_weekdays=[4, 5], closed_dates=["2026-12-06"])
    due = datetime.fromtimestamp(due_date(policy, "adult", NOON) / 1000, ZoneInfo(POLICY.zone))
    assert due.date().isoformat() == "2026-12-07"


def test_the_next_open_day_is_not_today():
    due = datetime.fromtimestamp(
        next_open_day(with_(POLICY, closed_weekdays=[5, 6]), NOON) / 1000, ZoneInfo(POLICY.zone)
    )
    assert due.date().isoformat() == "2026-11-23"


def test_a_library_closed_for_good_still_has_due_dates():
    policy = with_(POLICY, closed_weekdays=list(range(7)))
    assert due_date(policy, "adult", NOON) > NOON


times = st.integers(0, 4_000_000_000_000)
policies = st.builds(
    lambda days, weekdays, renewals: with_(
        POLICY,
        groups={"adult": GroupRule(days=days, renewals=renewals)},
        closed_weekdays=sorted(weekdays),
    ),
    st.integers(0, 400),
    st.sets(st.integers(0, 6), max_size=6),
    st.integers(0, 5),
)


@given(policies, times, times)
def test_who_borrows_later_never_returns_earlier(policy, first, second):
    first, second = sorted((first, second))
    assert due_date(policy, "adult", first) <= due_date(policy, "adult", second)


@given(policies, times)
def test_a_due_date_is_an_open_day_and_not_too_early(policy, now):
    due = due_date(policy, "adult", now)
    day = datetime.fromtimestamp(due / 1000, ZoneInfo(policy.zone)).date()
    assert not is_closed(policy, day)
    assert due >= now // 1000 * 1000 + policy.groups["adult"].days * DAY_MS


@given(policies, times, times)
def test_a_renewal_never_shortens_a_loan(policy, now, due):
    verdict = decide_renewal(policy, READER, BOOK, with_(OWN, due=due, renewals=0), now=now)
    assert not verdict.ok or verdict.due >= due


@given(st.integers(0, 20), st.integers(0, 60 * DAY_MS), st.integers(0, 60 * DAY_MS))
def test_an_older_copy_never_lends_more(limit, first, second):
    policy = with_(POLICY, offline_limit=limit)
    newer, older = sorted((first, second))
    assert 0 <= offline_limit(policy, older) <= offline_limit(policy, newer) <= limit


@given(
    st.integers(0, 4), st.integers(0, 4), st.booleans(), st.booleans(),
    st.sampled_from([None, OTHER, OWN]), st.integers(0, 40),
)  # fmt: skip
def test_what_is_granted_alone_is_refused_by_the_centre_only_for_a_loan_to_somebody_else(
    loans, lent, blocked, held, loan, days
):
    reader, item = with_(READER, loans=loans, blocked=blocked), with_(BOOK, held=held)
    alone = decide_loan(POLICY, reader, item, loan, now=NOON, offline=Offline(days * DAY_MS, lent))
    centre = decide_loan(POLICY, reader, item, loan, now=NOON)
    assert not alone.ok or centre.ok or centre.reason == "on_loan"
    assert not (alone.ok and centre.ok) or alone.due == centre.due


def test_who_owes_as_much_as_the_limit_borrows_nothing_and_renews_all_the_same():
    policy = msgspec.structs.replace(POLICY, fee_limit=20_000)
    for fees, reason in ((19_999, ""), (20_000, "fees")):
        reader = msgspec.structs.replace(READER, fees=fees)
        assert decide_loan(policy, reader, BOOK, None, now=NOON).reason == reason
        away = Offline(0)
        assert decide_loan(policy, reader, BOOK, None, now=NOON, offline=away).reason == reason
        assert decide_renewal(policy, reader, BOOK, OWN, now=NOON).ok
    assert decide_loan(POLICY, reader, BOOK, None, now=NOON).ok


@given(st.integers(-50_000, 50_000), st.lists(st.integers(0, 40), max_size=4))
def test_what_is_owed_grows_with_every_late_day_and_is_never_below_zero(settled, days):
    policy = msgspec.structs.replace(POLICY, fee_per_day=1000)
    due = NOON - 30 * DAY_MS
    loans = [LoanView(item=f"B{n}", reader="R", due=due) for n in range(len(days))]
    back = [(due, due + late * DAY_MS) for late in days]
    alone = owed(policy, settled, [], back, NOON)
    assert 0 <= alone <= owed(policy, settled, loans, back, NOON)
    assert owed(policy, settled, [], [], NOON) == max(0, settled)
