"""Facts whose clock was wrong are placed anew once the stream has a sure time (R4)."""

import msgspec
import pytest

from edge.wire.facts import Booted, Loan, Return
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, HOUR, KEYS, MINUTE, NOW, POLICY, Speaker, card, stock

BOOT = {"boot": "b2", "clock": "unset", "unc": DAY}
SURE = {"boot": "b2", "clock": "synced", "unc": 50}
LOAN = Loan(item="B1", card=card("C1"), due=0)


@pytest.fixture
def ledger():
    made = stock(SqliteLedger(":memory:", KEYS.__getitem__))
    yield made
    made.close()


@pytest.fixture
def kiosk():
    return Speaker()


def times(ledger):
    return [(row["at"], row["unc"]) for row in ledger.store.all("SELECT * FROM facts ORDER BY seq")]


def entries(ledger):
    return [
        row["code"] for row in ledger.store.all("SELECT code FROM worklist WHERE closed IS NULL")
    ]


@pytest.mark.parametrize("together", [True, False])
def test_facts_before_the_clock_was_set_are_as_long_ago_as_the_monotonic_clock_says(
    ledger, kiosk, together
):
    kiosk.happened(LOAN, 1000, mono=5_000, **BOOT)
    kiosk.happened(Booted(version="1"), NOW, mono=5_000 + HOUR, **SURE)
    if not together:
        ledger.apply("tinh", kiosk.batch(1, 1), NOW + DAY)
        assert entries(ledger) == ["CLOCK_UNTRUSTED"]
    ledger.apply("tinh", kiosk.batch(), NOW + DAY)
    assert times(ledger) == [(NOW - HOUR, 50 + 180), (NOW, 50)]
    assert entries(ledger) == []
    [loan] = ledger.store.all("SELECT * FROM loans")
    assert loan["since"] == NOW - HOUR
    assert loan["due"] < NOW + (POLICY.groups["adult"].days + 1) * DAY


def test_a_clock_that_was_ahead_is_corrected_by_the_next_reckoning_of_its_boot(ledger, kiosk):
    kiosk.happened(LOAN, NOW + 9 * DAY, mono=5_000, boot="b2", clock="holdover", unc=10 * MINUTE)
    kiosk.happened(Return(item="B2"), NOW, mono=5_000 + HOUR, **{**SURE, "boot": "b2+1"})
    ledger.apply("tinh", kiosk.batch(), NOW + 20 * DAY)
    assert times(ledger) == [(NOW - HOUR, 50 + 180), (NOW, 50)]


def test_a_boot_that_never_learned_the_time_lies_between_what_was_before_and_after(ledger, kiosk):
    kiosk.happened(Booted(version="1"), NOW - 10 * HOUR, boot="b1", clock="synced", unc=0)
    kiosk.happened(LOAN, 1000, mono=7_000, **{**BOOT, "boot": "lost"})
    kiosk.happened(Return(item="B1"), 2000, mono=7_000 + MINUTE, **{**BOOT, "boot": "lost"})
    kiosk.happened(Booted(version="1"), 1000, mono=1_000, **BOOT)
    kiosk.happened(Booted(version="1"), NOW, mono=1_000 + 2 * HOUR, **SURE)
    ledger.apply("tinh", kiosk.batch(), NOW + 30 * DAY)
    middle = NOW - 6 * HOUR - 205  # of ten hours ago, and of two hours ago
    first, loan, back, booted, sure = times(ledger)
    assert (first, sure) == ((NOW - 10 * HOUR, 0), (NOW, 50))
    assert booted == (NOW - 2 * HOUR, 50 + 360)
    assert abs(loan[0] - middle) < 1000
    assert back[0] == loan[0] + MINUTE
    assert 4 * HOUR <= loan[1] < 4 * HOUR + 2 * MINUTE


def test_what_was_sure_already_is_never_moved(ledger, kiosk):
    kiosk.happened(LOAN, NOW - HOUR, mono=1, boot="b2", clock="synced", unc=50)
    kiosk.happened(Return(item="B1"), NOW - HOUR + 1, mono=2, **{**BOOT, "clock": "holdover"})
    kiosk.happened(Booted(version="1"), NOW, mono=3, **SURE)
    ledger.apply("tinh", kiosk.batch(), NOW)
    assert times(ledger)[0] == (NOW - HOUR, 50)


def test_the_order_of_loans_follows_the_corrected_times(ledger, kiosk):
    gate = Speaker("gate-1")
    gate.happened(Return(item="B1"), NOW - 30 * MINUTE, clock="synced", unc=50)
    ledger.apply("tinh", gate.batch(), NOW)
    kiosk.happened(LOAN, 1000, mono=5_000, **BOOT)
    ledger.apply("tinh", kiosk.batch(), NOW + 60 * DAY)
    assert ledger.store.value("SELECT count(*) FROM loans WHERE ended IS NULL") == 1
    kiosk.happened(Booted(version="1"), NOW, mono=5_000 + HOUR, **SURE)
    ledger.apply("tinh", kiosk.batch(2), NOW + 60 * DAY)
    assert ledger.store.value("SELECT count(*) FROM loans WHERE ended IS NULL") == 0


def test_a_loan_is_in_doubt_while_a_return_of_an_unset_clock_may_have_followed_it(ledger, kiosk):
    drop, doubt = Speaker("gate-1"), "SELECT doubt FROM loans WHERE ended IS NULL"
    kiosk.happened(LOAN, NOW - HOUR, clock="synced", unc=50)
    ledger.apply("tinh", kiosk.batch(), NOW)
    assert ledger.store.value(doubt) == 0
    drop.happened(Return(item="B1"), 1000, mono=5_000, **BOOT)
    ledger.apply("tinh", drop.batch(), NOW)
    assert ledger.store.value(doubt) == 1
    assert ledger.catalogue.loan("tinh", "B1").doubt
    drop.happened(Booted(version="1"), NOW, mono=5_000 + 2 * HOUR, **SURE)
    ledger.apply("tinh", drop.batch(2), NOW)
    assert ledger.store.value(doubt) == 0, "it was before: now that is known"


def test_a_late_fee_ends_as_early_as_the_return_may_have_been(ledger, kiosk):
    ledger.catalogue.put_policy(msgspec.structs.replace(POLICY, fee_per_day=1000), NOW)
    for item in ("B1", "B2"):
        kiosk.happened(Loan(item=item, card=card("C1"), due=NOW), NOW - 14 * DAY, clock="synced")
    for item, unc in (("B1", 50), ("B2", DAY)):
        kiosk.happened(Return(item=item), NOW + 2 * DAY, clock="holdover", unc=unc)
    ledger.apply("tinh", kiosk.batch(), NOW + 3 * DAY)
    assert ledger.fees.balance("R1", NOW + 3 * DAY) == 2000 + 1000


def ahead(ledger, kiosk):
    """A clock sure at first, then nine days ahead of a return that comes in three weeks later."""
    kiosk.happened(Booted(version="1"), NOW - 9 * DAY, mono=0, **{**SURE, "boot": "b1"})
    wrong = {"boot": "b1", "clock": "holdover", "unc": 10 * MINUTE}
    kiosk.happened(LOAN, NOW + 9 * DAY, mono=9 * DAY, **wrong)
    kiosk.happened(Return(item="B1"), NOW + 9 * DAY + 20_000, mono=9 * DAY + 20_000, **wrong)
    ledger.apply("tinh", kiosk.batch(1, 2), NOW + MINUTE)
    ledger.apply("tinh", kiosk.batch(3, 3), NOW + 30 * DAY)


def test_facts_after_a_sure_one_of_their_boot_are_as_much_later_as_the_monotonic_clock_says(
    ledger, kiosk
):
    ahead(ledger, kiosk)
    kiosk.happened(Booted(version="1"), NOW + 25_000, mono=1_000, **SURE)
    ledger.apply("tinh", kiosk.batch(4, 4), NOW + 30 * DAY)
    drift = 9 * DAY * 50 // 1_000_000
    assert times(ledger)[1:3] == [(NOW, 50 + drift), (NOW + 20_000, 50 + drift + 1)]


def test_a_time_placed_anew_is_not_before_an_earlier_fact_of_its_boot(ledger, kiosk):
    ahead(ledger, kiosk)
    kiosk.happened(
        Booted(version="1"), NOW - 30_000, mono=9 * DAY + 25_000, **{**SURE, "boot": "b1"}
    )
    ledger.apply("tinh", kiosk.batch(4, 4), NOW + 30 * DAY)
    ats = [at for at, _ in times(ledger)]
    assert ats == sorted(ats)


def test_a_boot_after_a_clock_that_was_ahead_is_not_bounded_by_what_that_clock_said(ledger, kiosk):
    wrong = {"boot": "b1", "clock": "holdover", "unc": 10 * MINUTE}
    kiosk.happened(Booted(version="1"), NOW, mono=0, **{**SURE, "boot": "b1"})
    kiosk.happened(LOAN, NOW + 16 * DAY, mono=MINUTE, **wrong)
    kiosk.happened(Booted(version="1"), 1000, mono=1, **{**BOOT, "boot": "lost"})
    kiosk.happened(Booted(version="1"), NOW + 35 * DAY, mono=1, **SURE)
    ledger.apply("tinh", kiosk.batch(), NOW + 36 * DAY)
    _, loan, lost, _ = times(ledger)
    assert loan == (NOW + MINUTE, 53)
    assert lost[0] - lost[1] <= NOW + MINUTE <= NOW + 35 * DAY <= lost[0] + lost[1]


def test_a_plausible_clock_of_an_earlier_boot_is_kept_though_it_is_a_little_behind(ledger, kiosk):
    behind = {"boot": "lost", "clock": "holdover", "unc": 10 * MINUTE}
    kiosk.happened(Booted(version="1"), NOW, mono=0, **{**SURE, "boot": "b1"})
    kiosk.happened(LOAN, NOW - 2000, mono=1, **behind)
    kiosk.happened(Booted(version="1"), NOW + 9 * DAY, mono=1, **SURE)
    ledger.apply("tinh", kiosk.batch(), NOW + 9 * DAY)
    at, unc = times(ledger)[1]
    assert at == NOW
    assert 10 * MINUTE <= unc <= 11 * MINUTE


def test_a_copied_card_that_lived_on_does_not_bound_the_facts_of_the_one_it_was_copied_from(
    ledger, kiosk
):
    clone, own = {**SURE, "boot": "clone"}, {**SURE, "boot": "b1"}
    kiosk.happened(Booted(version="1"), NOW + 4 * DAY, mono=0, **clone)
    kiosk.happened(LOAN, NOW, mono=0, **own)
    kiosk.happened(Booted(version="1"), NOW + 4000, mono=0, **SURE)
    ledger.apply("tinh", kiosk.batch(), NOW + 5 * DAY)
    at, unc = times(ledger)[1]
    assert at - unc <= NOW <= at + unc
    assert unc <= MINUTE
