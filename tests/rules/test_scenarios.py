"""Whole stories of an outage, named by what makes them hard; the rows of R2 to R11 have files of their own."""

import random

import pytest

from edge.wire.facts import Loan, Return
from gateway.ledger.catalogue import Reader
from gateway.ledger.holds import Hold
from gateway.testing import DAY, HOUR, MINUTE, NOW, Speaker, card


async def test_lent_alone_at_one_place_and_returned_elsewhere_before_it_was_told(both):
    """The return comes first, finds no loan, and still ends the loan that is told later."""
    assert await both.lend("C1", "B1") == [""]
    other = Speaker("xa-all", "xa", "e2")
    other.happened(Return(item="B1"), both.now + HOUR)
    assert both.ledger.apply("xa", other.batch(), both.now + HOUR).outcomes == {
        "1": ["NOT_ON_LOAN"]
    }
    both.now += 2 * HOUR
    assert await both.bring() == {}
    assert both.loans() == {}
    assert both.replica.loan("B1") is None
    assert both.work() == []


async def test_a_card_that_was_replaced_during_the_outage_lends_to_its_reader(both):
    with both.ledger.store.transaction():
        both.ledger.catalogue.put_readers(
            [(Reader(reader="R1", name="An", cards=["C7"]), 0, 0)], both.now
        )
    assert await both.lend("C1", "B1") == [""]
    assert await both.alone("C7", "B2") == ["card_unverified"], "the copy has not heard of it"
    assert await both.bring() == {}
    assert both.loans() == {"B1": "R1"}
    assert await both.alone("C7", "B2") == [""]


async def test_a_card_that_was_taken_away_during_the_outage_is_a_question_with_an_answer(both):
    """Lost and found by a stranger, perhaps: staff say whose loan it is."""
    assert await both.lend("C1", "B1") == [""]
    with both.ledger.store.transaction():
        both.ledger.catalogue.forget_refs("C1")
    assert await both.bring() == {"1": ["UNKNOWN_CARD"]}
    assert both.loans() == {}
    [entry] = both.ledger.store.all("SELECT number FROM worklist WHERE closed IS NULL")
    both.ledger.resolve(entry["number"], "assign", "Lan", "C2", both.now)
    assert both.loans() == {"B1": "R2"}


async def test_a_hold_placed_during_the_outage_waits_on_and_staff_hear_of_it(both):
    assert await both.lend("C1", "B1") == [""]
    with both.ledger.store.transaction():
        rows = [Hold(hold="H1", reader="R2", item="B1", site="tinh", placed=both.now + MINUTE)]
        both.ledger.holds.put(rows, both.now + MINUTE)
    both.now += HOUR
    assert await both.bring() == {"1": ["HOLD_TAKEN"]}
    assert both.loans() == {"B1": "R1"}
    [mine] = both.ledger.holds.of_reader("R2")
    assert (mine.ready, mine.ahead) == (False, 0)


@pytest.mark.parametrize("seed", [1, 2])
async def test_thirty_days_of_a_commune_alone_with_two_thousand_facts(both, seed):
    """Half comes by network, all of it again on a stick: nothing is lost, nothing is doubled."""
    chance, at = random.Random(seed), NOW - 30 * DAY
    commune = Speaker("xa-all", "xa", "e2")
    out: dict[str, str] = {}
    lent = 0
    for _ in range(2000):
        at += chance.randrange(2 * 30 * DAY // 2000)
        item = chance.choice(["B1", "B2", "B3", "B4"])
        if item in out:
            commune.happened(Return(item=item), at)
            del out[item]
        else:
            reader = chance.choice(["1", "2"])
            commune.happened(Loan(item=item, card=card(f"C{reader}", "xa"), due=0), at)
            out[item] = f"R{reader}"
            lent += 1
    fresh = 0
    for first, last in ((1, 400), (401, 1000), (1, 1000), (1001, 2000), (1, 2000)):
        fresh += both.ledger.apply("xa", commune.batch(first, last), at + HOUR).fresh
    assert fresh == 2000
    assert both.ledger.store.value("SELECT count(*) FROM loans") == lent
    assert both.loans() == out
