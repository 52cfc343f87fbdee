"""Whatever the order, the split and the repeats of deliveries: the same ledger, nothing twice."""

import itertools
import json
import random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.facts import Loan, RenewalWish, Return
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, HOUR, KEYS, MINUTE, NOW, Speaker, card, stock

RECEIVED = NOW + 90 * DAY
ITEMS = st.sampled_from(["B1", "B2", "B3", "B5", "B6", "B9"])
CARDS = st.sampled_from(["C1", "UID:04A1B2C3", "C2", "C3", "C9"])
KINDS = st.sampled_from(["loan", "loan", "return", "return", "renewal_wish"])
GAPS = st.sampled_from([0, 1, 500, MINUTE, 3 * MINUTE, HOUR, DAY])
UNSURE = st.sampled_from([0, 50, 2 * MINUTE, 13 * HOUR])
FACTS = st.lists(st.tuples(KINDS, ITEMS, CARDS, GAPS, UNSURE), max_size=12)
PLACES = (("kiosk-1", "tinh"), ("gate-1", "tinh"), ("xa-all", "xa"))


def make_ledger() -> SqliteLedger:
    return stock(SqliteLedger(":memory:", KEYS.__getitem__))


def speakers(histories) -> list[Speaker]:
    made = []
    for (device, site), history in zip(PLACES, histories, strict=True):
        speaker, at = Speaker(device, site, f"epoch-{device}"), NOW
        for kind, item, who, gap, unc in history:
            at += gap
            ref = card(who, site)
            if kind == "loan":
                speaker.happened(Loan(item=item, card=ref, due=0), at, unc=unc)
            elif kind == "return":
                speaker.happened(Return(item=item), at, unc=unc)
            else:
                speaker.happened(RenewalWish(item=item, card=ref), at, unc=unc)
        made.append(speaker)
    return made


def deliver(ledger: SqliteLedger, said: list[Speaker], order: random.Random) -> int:
    """Deliver everything in random pieces, with repeats, leaps ahead and devices interleaved."""
    fresh = 0
    while open_ones := [s for s in said if ledger.cursor(s.device, s.epoch) < len(s.events)]:
        speaker = order.choice(open_ones)
        first = order.randint(1, len(speaker.events))
        last = order.randint(first, len(speaker.events))
        fresh += ledger.apply(speaker.site, speaker.batch(first, last), RECEIVED).fresh
    return fresh


OF_ARRIVAL = ("RETURN_BEFORE_LOAN", "OTHER_LOAN_CLOSED", "NO_RETURN_SEEN")


def _without_arrival(chained: str) -> list[str]:
    codes = json.loads(chained.replace("RETURN_BEFORE_LOAN", "NOT_ON_LOAN"))
    return [code for code in codes if code not in OF_ARRIVAL]


def state(ledger: SqliteLedger) -> dict[str, object]:
    """Return the ledger but for the order of arrival, which some codes speak of (R6, R7)."""
    loans = ledger.store.all(
        "SELECT id, item, reader, since, due, renewals, ended, ended_by, over, doubt FROM loans"
    )
    facts = ledger.store.all("SELECT id, at, unc, reader, found, chained FROM facts")
    work = ledger.store.all("SELECT key FROM worklist WHERE closed IS NULL")
    return {
        "loans": sorted(tuple(row) for row in loans),
        "facts": sorted((*row[:5], *_without_arrival(row["chained"])) for row in facts),
        "work": {row["key"] for row in work if not row["key"].startswith(OF_ARRIVAL)},
    }


@given(st.tuples(FACTS, FACTS, FACTS), st.integers(0, 2**32), st.integers(0, 2**32))
def test_two_gateways_given_the_same_facts_reach_the_same_ledger(histories, one, other):
    said = speakers(histories)
    states = []
    for seed in (one, other):
        ledger = make_ledger()
        try:
            fresh = deliver(ledger, said, random.Random(seed))
            assert fresh == sum(len(speaker.events) for speaker in said)
            states.append(state(ledger))
        finally:
            ledger.close()
    assert states[0] == states[1]


@given(st.tuples(FACTS, FACTS, FACTS), st.integers(0, 2**32))
def test_nothing_is_lost_nothing_is_doubled_and_an_item_is_lent_once(histories, seed):
    said = speakers(histories)
    ledger = make_ledger()
    try:
        deliver(ledger, said, random.Random(seed))
        stored = [row["id"] for row in ledger.store.all("SELECT id FROM facts")]
        assert sorted(stored) == sorted(e.id for speaker in said for e in speaker.events)
        rows = ledger.store.all("SELECT * FROM loans ORDER BY item, since, ended IS NULL, ended")
        for before, after in itertools.pairwise(rows):
            if before["item"] == after["item"]:
                assert before["ended"] is not None
                assert before["ended"] <= after["since"]
        for speaker in said:
            again = ledger.apply(speaker.site, speaker.batch(), RECEIVED + DAY)
            assert (again.fresh, again.repeated) == (0, len(speaker.events))
    finally:
        ledger.close()


@given(FACTS, st.data())
def test_a_batch_is_taken_in_whole_or_not_at_all_when_the_power_goes(history, data):
    (speaker,) = speakers([history, [], []])[:1]
    ledger = make_ledger()
    try:
        before = state(ledger)
        stop = data.draw(st.integers(0, 40))
        calls = 0

        class PowerCutError(Exception):
            pass

        real = ledger.store.run

        def failing(sql, *values):
            nonlocal calls
            calls += 1
            if calls > stop:
                raise PowerCutError
            return real(sql, *values)

        ledger.store.run = failing
        try:
            ledger.apply(speaker.site, speaker.batch(), RECEIVED)
        except PowerCutError:
            ledger.store.run = real
            assert state(ledger) == before
            assert ledger.cursor(speaker.device, speaker.epoch) == 0
        ledger.store.run = real
        ledger.apply(speaker.site, speaker.batch(), RECEIVED)
        assert ledger.cursor(speaker.device, speaker.epoch) == len(speaker.events)
    finally:
        ledger.close()


def much_read(dice: random.Random) -> list[tuple[str, str, str, int, int]]:
    """Return what one machine says of an item that goes from hand to hand."""
    return [
        (
            dice.choice(["loan", "return", "return", "renewal_wish"]),
            "B1",
            dice.choice(["C1", "C2", "C3", "C9"]),
            dice.choice([0, 500, 90_000, 90_000, HOUR, HOUR]),
            dice.choice([0, 50, 50, HOUR]),
        )
        for _ in range(24)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_an_item_is_as_well_reckoned_from_where_it_was_settled_as_from_its_first_fact(seed):
    dice = random.Random(seed)
    said = speakers([much_read(dice) for _ in PLACES])
    states, codes = [], []
    for length in (2, 1000):
        ledger = make_ledger()
        try:
            with patch.multiple("gateway.ledger.strands", LONG=length, KEEP=1):
                deliver(ledger, said, random.Random(seed))
            states.append(state(ledger))
            rows = ledger.store.all(
                "SELECT id, chained FROM facts UNION SELECT id, doubt FROM loans"
            )
            codes.append([tuple(row) for row in rows])
            assert bool(ledger.store.all("SELECT * FROM settled")) is (length == 2)
        finally:
            ledger.close()
    assert states[0] == states[1]
    assert codes[0] == codes[1]
