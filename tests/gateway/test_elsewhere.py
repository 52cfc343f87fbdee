"""What gates of one branch are told of loans in the others."""

import pytest

from edge.elsewhere import Lent
from edge.wire.elsewhere import Wanted, decode_elsewhere
from edge.wire.facts import Loan, Return
from gateway import elsewhere, replica
from gateway.elsewhere import LAPSE_MS, Afar
from gateway.ledger.catalogue import Branch, Item
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, KEYS, MINUTE, NOW, Speaker, card, stock

FIRST = Wanted(seconds=10)


@pytest.fixture
def ledger(tmp_path):
    made = stock(SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__))
    replica.begin(made, NOW)
    yield made
    made.close()


@pytest.fixture
def lent(tmp_path):
    made = Lent(KEYS["xa"], tmp_path / "elsewhere.bin")
    made.begin()
    return made


@pytest.fixture
def afar():
    return Afar()


@pytest.fixture
def kiosk(ledger):
    speaker = Speaker()

    def say(*facts, at=NOW):
        first = len(speaker.events) + 1
        for fact in facts:
            speaker.happened(fact, at)
        ledger.apply("tinh", speaker.batch(first), NOW)

    return say


def loan(item, text="C2"):
    return Loan(item=item, card=card(text), due=NOW + 14 * DAY)


def hear(lent, messages):
    for message in messages:
        assert lent.take(decode_elsewhere(message, "xa"))


def asked(ledger, afar, lent, wanted=FIRST, now=NOW):
    hear(lent, afar.answer(ledger, "xa", "xa-all", wanted, now))


def test_a_branch_hears_of_loans_elsewhere_and_that_they_came_back(ledger, afar, lent, kiosk):
    kiosk(loan("B1"), at=NOW - 10 * MINUTE)
    asked(ledger, afar, lent)
    assert lent.since("B1", "") == lent.since(None, "E004010000000001") == NOW - 10 * MINUTE
    assert afar.due(replica.newest(ledger), NOW + DAY // 1000) == []
    kiosk(loan("B2"), Return(item="B1"))
    newest = replica.newest(ledger)
    assert afar.due(newest, NOW + 9000) == [], "not so soon"
    assert afar.due(newest, NOW + 10_000) == [("xa", "xa-all")]
    hear(lent, [afar.tell(ledger, "xa-all", NOW + 10_000)])
    assert lent.since("B1", "") is None
    assert lent.since("B2", "") is not None
    assert afar.due(newest, NOW + DAY // 1000) == []


def test_what_the_sites_own_copy_holds_is_left_out_and_does_not_hold_up_the_rest(
    ledger, afar, lent, kiosk
):
    asked(ledger, afar, lent)
    kiosk(loan("B3"))  # an item of xa
    assert afar.tell(ledger, "xa-all", NOW + 10_000) is None
    assert afar.due(replica.newest(ledger), NOW + 60_000) == []
    kiosk(loan("B1"))
    hear(lent, [afar.tell(ledger, "xa-all", NOW + 20_000)])
    assert (len(lent), lent.version) == (1, replica.newest(ledger))
    assert lent.since("B3", "") is None


def test_older_loans_come_page_by_page_the_newest_first_and_not_those_of_long_ago(
    ledger, afar, lent, kiosk, monkeypatch
):
    monkeypatch.setattr(elsewhere, "PAGE", 2)
    with ledger.store.transaction():
        ledger.catalogue.put_items([Item(item=f"T{n}", title="t", branch="tinh") for n in range(7)])
    for n in reversed(range(7)):  # two of them in the same moment
        kiosk(loan(f"T{n}", f"C{1 + n % 2}"), at=NOW - (n - n % 2) * DAY)
    wanted = Wanted(seconds=10, since=NOW - 5 * DAY)
    asked(ledger, afar, lent, wanted)
    assert {n for n in range(7) if lent.since(f"T{n}", "")} == {0, 1}
    pages = 0
    while lent.before:
        asked(ledger, afar, lent, Wanted(
            after=lent.version, before=lent.before, item=lent.item, seconds=10, since=wanted.since
        ))  # fmt: skip
        pages += 1
    assert {n for n in range(7) if lent.since(f"T{n}", "")} == {0, 1, 2, 3, 4, 5}
    assert pages == 3


def test_a_device_of_another_ledger_or_far_behind_begins_anew(ledger, afar, lent, kiosk):
    kiosk(loan("B1"))
    asked(ledger, afar, lent)
    for unknown in (replica.newest(ledger) + 5, 1):
        [message] = afar.answer(ledger, "xa", "xa-all", Wanted(after=unknown, seconds=10), NOW)
        assert decode_elsewhere(message, "xa").start == 0


def test_who_asks_no_more_is_told_no_more(ledger, afar, lent, kiosk):
    asked(ledger, afar, lent)
    kiosk(loan("B1"))
    newest = replica.newest(ledger)
    assert afar.due(newest, NOW + LAPSE_MS + 1) == []
    asked(ledger, afar, lent, Wanted(seconds=0))
    assert afar.due(newest + 1, NOW + 20_000) == []


def test_a_site_that_holds_everything_has_no_elsewhere(ledger, lent, kiosk):
    kiosk(loan("B1"))
    afar = Afar(everything=True)
    asked(ledger, afar, lent)
    assert (len(lent), lent.version) == (0, replica.newest(ledger))
    kiosk(loan("B2"))
    assert afar.due(replica.newest(ledger), NOW + DAY) == []


def test_a_site_whose_branch_covers_the_province_hears_that_nothing_is_elsewhere(
    ledger, afar, tmp_path, kiosk
):
    with ledger.store.transaction():
        ledger.catalogue.put_site("tinh", "tinh", "tinh")
    lent = Lent(KEYS["tinh"], tmp_path / "tinh.bin")
    lent.begin()

    def ask():
        [message] = afar.answer(
            ledger, "tinh", "gate-1", Wanted(after=lent.version, seconds=10), NOW
        )
        assert lent.take(decode_elsewhere(message, "tinh"))
        return lent.nothing

    assert ask()
    kiosk(loan("B3"))
    assert afar.due(replica.newest(ledger), NOW + DAY) == [], "it is told nothing"
    with ledger.store.transaction():
        ledger.catalogue.put_branches([Branch(branch="huyen", name="Huyện")])
    assert not ask(), "a branch that is not below this one"
    kiosk(loan("B4", "C1"))
    assert afar.due(replica.newest(ledger), NOW + MINUTE) == [("tinh", "gate-1")]


def test_an_item_of_a_branch_that_nobody_entered_is_elsewhere(ledger, afar):
    with ledger.store.transaction():
        ledger.catalogue.put_site("tinh", "tinh", "tinh")
        ledger.catalogue.put_items([Item(item="X1", title="t", branch="nowhere")])
    [message] = afar.answer(ledger, "tinh", "gate-1", FIRST, NOW)
    assert not decode_elsewhere(message, "tinh").nothing


def test_what_was_known_is_forgotten_when_the_own_copy_holds_it_now(ledger, afar, lent, kiosk):
    kiosk(loan("B1"))
    asked(ledger, afar, lent)
    assert len(lent) == 1
    asked(ledger, Afar(everything=True), lent, Wanted(after=lent.version, seconds=10))
    assert (len(lent), lent.nothing) == (0, True)
