"""R9: what may be refused is a wish. Alone nothing is promised; the centre says what became of it."""

import pytest

from edge.circulation.model import GroupRule
from edge.circulation.rules import due_date
from edge.wire.facts import Loan, RenewalWish, Return
from gateway.ledger.catalogue import Reader
from gateway.ledger.holds import Hold
from gateway.testing import DAY, HOUR, NOW, POLICY, Speaker, card

DUE = due_date(POLICY, "adult", NOW)


async def renew(both, who, *items, online):
    both.connected = online
    return [(v.ok, v.reason) for v in await both.desk.renew(card(who), items)]


@pytest.fixture
def kiosk():
    return Speaker()


async def test_alone_a_renewal_is_never_promised_whatever_the_copy_says(both):
    await both.lend("C1", "B1")
    assert await renew(both, "C1", "B1", "B2", "B9", online=False) == [(False, "needs_network")] * 3
    assert await renew(both, "C9", "B1", online=False) == [(False, "needs_network")]


async def test_with_the_centre_the_same_question_has_an_answer(both):
    await both.lend("C1", "B1")
    await both.bring()
    both.pass_days(2)
    said = await renew(both, "C1", "B1", "B2", "B9", online=True)
    assert said == [(True, ""), (False, "unknown_item"), (False, "unknown_item")]
    assert both.ledger.store.value("SELECT renewals FROM loans") == 0, "a question changes nothing"


async def test_a_wish_of_an_outage_becomes_true_as_of_its_day_when_the_rules_allow(both):
    await both.lend("C1", "B1")
    both.pass_days(3)
    wished = both.now
    await both.happens(RenewalWish(item="B1", card=card("C1")))
    both.pass_days(9)
    assert await both.bring() == {"2": ["RENEWED"]}
    [row] = both.ledger.store.all("SELECT due, renewals FROM loans")
    assert (row["due"], row["renewals"]) == (due_date(POLICY, "adult", wished), 1)
    assert both.replica.loan("B1").due == row["due"]


@pytest.mark.parametrize(
    ("why", "facts"),
    [
        ("not on loan", [RenewalWish(item="B1", card=card("C1"))]),
        ("unknown item", [RenewalWish(item="B9", card=card("C1"))]),
        ("unknown card", [Loan(item="B1", card=card("C1"), due=0), RenewalWish(item="B1", card=card("C9"))]),
        ("another reader's", [Loan(item="B1", card=card("C1"), due=0), RenewalWish(item="B1", card=card("C2"))]),
        ("returned", [Loan(item="B1", card=card("C1"), due=0), Return(item="B1"), RenewalWish(item="B1", card=card("C1"))]),
        ("blocked", [Loan(item="B1", card=card("C4"), due=0), RenewalWish(item="B1", card=card("C4"))]),
        ("expired", [Loan(item="B1", card=card("C3"), due=0), RenewalWish(item="B1", card=card("C3"))]),
    ],
)  # fmt: skip
async def test_a_wish_that_cannot_be_granted_is_refused_and_kept(both, kiosk, why, facts):
    for n, fact in enumerate(facts):
        kiosk.happened(fact, NOW + n * HOUR)
    outcomes = both.ledger.apply("tinh", kiosk.batch(), NOW + DAY).outcomes
    assert "RENEWAL_REFUSED" in outcomes[str(len(facts))], why
    assert both.ledger.store.value("SELECT coalesce(max(renewals), 0) FROM loans") == 0
    assert both.ledger.store.value("SELECT count(*) FROM facts") == len(facts)


@pytest.mark.parametrize("allowed", [0, 1, 2])
async def test_as_many_wishes_as_the_policy_allows_are_granted(both, kiosk, allowed):
    both.policy(groups={"adult": GroupRule(limit=3, days=14, renewals=allowed)})
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    for n in range(3):
        kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW + (n + 1) * DAY)
    outcomes = both.ledger.apply("tinh", kiosk.batch(), NOW + 5 * DAY).outcomes
    said = [outcomes[str(seq)] for seq in (2, 3, 4)]
    assert said == [["RENEWED"]] * allowed + [["RENEWAL_REFUSED"]] * (3 - allowed)


async def test_a_wish_never_makes_a_loan_shorter(both, kiosk):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=DUE + 20 * DAY))
    kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW + DAY)
    both.ledger.apply("tinh", kiosk.batch(), NOW + 2 * DAY)
    assert both.ledger.store.value("SELECT due FROM loans") == DUE + 20 * DAY


@pytest.mark.parametrize(("placed_first", "code"), [(True, "RENEWAL_REFUSED"), (False, "RENEWED")])
async def test_a_hold_refuses_only_the_wishes_that_come_after_it(both, kiosk, placed_first, code):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    both.ledger.apply("tinh", kiosk.batch(), NOW)

    def hold():
        with both.ledger.store.transaction():
            rows = [Hold(hold="H1", reader="R2", item="B1", site="tinh", placed=NOW)]
            both.ledger.holds.put(rows, NOW)

    if placed_first:
        hold()
    kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW + DAY)
    assert both.ledger.apply("tinh", kiosk.batch(2), NOW + DAY).outcomes == {"2": [code]}
    if not placed_first:
        hold()
        kiosk.happened(Return(item="B2"), NOW + 2 * DAY)
        both.ledger.apply("tinh", kiosk.batch(3), NOW + 2 * DAY)
        assert both.ledger.store.value("SELECT renewals FROM loans") == 1


async def test_a_reader_blocked_after_the_wish_keeps_what_was_granted(both, kiosk):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW + DAY)
    blocked = Reader(reader="R1", name="An", blocked=True, cards=["C1"])
    with both.ledger.store.transaction():
        both.ledger.catalogue.put_readers([(blocked, 0, 0)], NOW + 2 * DAY)
    assert both.ledger.apply("tinh", kiosk.batch(), NOW + 3 * DAY).outcomes == {"2": ["RENEWED"]}
