import contextlib
import sqlite3
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.circulation.model import GroupRule, ItemView, LoanView, Policy, ReaderView
from edge.replica import NEVER_MS, Replica
from edge.wire.batch import Event, Stamp
from edge.wire.errors import WireError
from edge.wire.facts import Booted, Loan, Return
from edge.wire.messages import Part

NOW = 1_800_000_000_000
ITEM = ItemView(item="B1", title="Số đỏ", uid="E004010000000001")
READER = ReaderView(card="c1", reader="r1", loans=2)
LOAN = LoanView(item="B9", reader="r1", due=NOW + 5, title="Tắt đèn")


@pytest.fixture
def now():
    return [NOW]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "replica.db"


@pytest.fixture
def replica(path, now):
    with contextlib.closing(Replica.open(path, lambda: now[0])) as replica:
        yield replica


@pytest.fixture
def filled(replica):
    policy = {"version": 7, "groups": {"adult": {"limit": 9, "days": 21, "renewals": 1}}}
    replica.apply(
        Part(version=5, items=[ITEM], readers=[READER], loans=[LOAN], policy=policy, made=NOW)
    )
    return replica


def event(seq, fact):
    at = Stamp(wall=NOW + seq, mono=seq, boot="b")
    return Event(seq=seq, id=f"id-{seq}", at=at, fact=fact)


def lent(seq, item="B1", card="c1"):
    return event(seq, Loan(item=item, card=card, due=NOW + 99))


def returned(seq, item="B1"):
    return event(seq, Return(item=item))


def test_an_empty_copy_knows_nothing_and_is_too_old_for_everything(replica):
    assert (replica.version, replica.age_ms, replica.policy) == (0, NEVER_MS, Policy())
    assert replica.item("B1") is None
    assert replica.reader("c1") is None
    assert replica.loans_of("r1") == []


def test_a_snapshot_is_found_by_every_key(filled):
    assert filled.item("B1") == ITEM
    assert filled.item_by_uid(bytes.fromhex("E004010000000001")) == ITEM
    assert filled.item_by_uid("e004010000000001") == ITEM
    assert filled.item_by_uid("") is None
    assert filled.reader("c1") == READER
    assert filled.loan("B9") == LOAN
    assert filled.loans_of("r1") == [LOAN]
    assert filled.policy.groups["adult"] == GroupRule(limit=9, days=21, renewals=1)


def test_a_copy_ages_from_when_the_centre_made_it(filled, now):
    now[0] += 1234
    assert filled.age_ms == 1234
    assert filled.apply(Part(version=5, start=5, made=NOW + 1000))
    assert filled.age_ms == 234


def test_a_snapshot_shows_only_when_all_its_parts_are_here(filled):
    other = ItemView(item="B2", title="Dế Mèn")
    assert filled.apply(Part(version=8, number=1, count=2, items=[other]))
    assert (filled.version, filled.item("B2"), filled.item("B1")) == (5, None, ITEM)
    assert filled.apply(Part(version=8, number=0, count=2, items=[]))
    assert (filled.version, filled.item("B2"), filled.item("B1")) == (8, other, None)
    assert filled.policy.version == 7


def test_a_part_that_comes_twice_does_not_complete_a_snapshot(filled):
    for _ in range(2):
        assert filled.apply(Part(version=8, number=0, count=2))
    assert filled.version == 5


def test_a_newer_snapshot_takes_the_place_of_one_half_received(filled):
    filled.apply(Part(version=8, number=0, count=2, items=[ItemView(item="OLD", title="")]))
    filled.apply(Part(version=9, number=0, count=1, items=[ITEM]))
    assert (filled.version, filled.item("OLD"), filled.item("B1")) == (9, None, ITEM)


def test_changes_apply_only_on_their_exact_version(filled):
    assert not filled.apply(Part(version=8, start=6))
    assert not filled.apply(Part(version=8, start=4))
    assert filled.apply(Part(version=4, start=3, gone=["items:B1"])), "known already: harmless"
    assert filled.item("B1") == ITEM
    assert filled.apply(Part(version=6, start=5, gone=["items:B1", "loans:B9", "readers:c1"]))
    assert (filled.version, filled.item("B1"), filled.loan("B9")) == (6, None, None)
    assert filled.reader("c1") is None


@pytest.mark.parametrize(
    "part",
    [
        Part(version=6, start=5, items=[ItemView(item="X", title="")], gone=["shelves:3"]),
        Part(version=6, start=5, policy={"groups": 3}),
        Part(version=6, number=2, count=2),
    ],
)
def test_a_part_that_cannot_be_understood_changes_nothing(filled, part):
    with pytest.raises(WireError, match="Part"):
        filled.apply(part)
    assert (filled.version, filled.item("X"), filled.policy.version) == (5, None, 7)


def test_what_happened_here_shows_at_once(filled):
    filled.note(lent(1))
    loan = filled.loan("B1")
    assert (loan.reader, loan.due, loan.since, loan.title) == ("r1", NOW + 99, NOW + 1, "Số đỏ")
    assert [one.item for one in filled.loans_of("r1")] == ["B9", "B1"]
    assert filled.reader("c1").loans == 3
    filled.note(returned(2, "B9"))
    assert filled.loan("B9") is None
    assert filled.reader("c1").loans == 2
    filled.note(event(3, Booted(version="1")))
    assert [one.item for one in filled.loans_of("r1")] == ["B1"]


def test_the_loans_of_an_outage_are_counted_until_the_ledger_has_them(filled):
    for seq, item in enumerate(["B1", "B2", "B3"], start=1):
        filled.note(lent(seq, item))
    filled.note(returned(4, "B3"))
    assert filled.lent_unsettled("r1") == 2
    filled.settle(1, "e1")
    assert filled.lent_unsettled("r1") == 1


def test_a_loan_to_an_unknown_card_belongs_to_the_card(replica):
    replica.note(lent(1, card="c77"))
    assert replica.loan("B1").reader == "c77"


def test_old_news_does_not_hide_what_happened_here(filled):
    filled.note(returned(1, "B9"))
    filled.apply(Part(version=6, start=5, loans=[msgspec.structs.replace(LOAN, renewals=1)]))
    assert filled.loan("B9") is None
    filled.apply(Part(version=7, loans=[LOAN]))
    assert filled.loan("B9") is None


def test_when_the_ledger_has_settled_a_fact_the_base_has_the_last_word(filled):
    filled.note(lent(1))
    filled.settle(1, "e1")
    assert filled.loan("B1") is not None, "the base has not spoken of it yet"
    filled.apply(Part(version=6, start=5, gone=["loans:B1"]))
    assert filled.loan("B1") is None


def test_a_base_that_agrees_takes_over_with_its_own_due_date(filled):
    filled.note(lent(1))
    filled.apply(Part(version=6, start=5, loans=[LoanView(item="B1", reader="r1", due=NOW + 500)]))
    assert filled.loan("B1").due == NOW + 500
    assert filled.lent_unsettled("r1") == 0


def test_everything_is_there_after_a_restart(filled, path):
    filled.note(lent(1))
    with contextlib.closing(Replica.open(path, lambda: NOW)) as again:
        assert (again.version, again.policy.version) == (5, 7)
        assert again.loan("B1").reader == "r1"
        assert again.apply(Part(version=6, start=5))


@pytest.mark.parametrize("damage", ["garbage", "newer"])
def test_a_copy_that_cannot_be_used_is_set_aside_and_made_anew(path, damage, caplog):
    if damage == "garbage":
        path.write_bytes(b"no database at all, only words" * 50)
    else:
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version = 99")
    with contextlib.closing(Replica.open(path, lambda: NOW)) as replica:
        assert replica.version == 0
        replica.note(lent(1))
    assert path.with_suffix(".db.unusable").exists()
    assert "set aside and fetched again" in caplog.text


def test_looking_up_does_not_wait_for_a_snapshot_and_never_sees_half_of_it(filled):
    done = threading.Event()

    def fetch():
        for version in range(10, 40):
            items = [msgspec.structs.replace(ITEM, item=f"B{n}") for n in range(50)]
            filled.apply(Part(version=version, items=items, made=NOW))
        done.set()

    thread = threading.Thread(target=fetch)
    thread.start()
    while not done.is_set():
        assert filled.item("B1") is not None
    thread.join()


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.booleans(), st.integers(0, 2)), max_size=12))
def test_noting_the_waiting_facts_again_changes_nothing(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("r") / "replica.db"
    with contextlib.closing(Replica.open(path, lambda: NOW)) as replica:
        events = [
            lent(n, item, f"c{card}") if out else returned(n, item)
            for n, (item, out, card) in enumerate(steps, start=1)
        ]
        for one in events:
            replica.note(one)
        before = [replica.loan(item) for item in "ABC"]
        for one in events:
            replica.note(one)
        assert [replica.loan(item) for item in "ABC"] == before
        for item, loan in zip("ABC", before, strict=True):
            last = [e.fact for e in events if e.fact.item == item][-1:]
            assert (loan is not None) == (bool(last) and isinstance(last[0], Loan))


def test_what_the_base_showed_before_the_acknowledgement_came_is_not_hidden(replica):
    replica.apply(Part(version=5))
    replica.note(lent(1))
    replica.apply(Part(version=7, start=5, loans=[LoanView(item="B1", reader="r2", due=9)]))
    replica.settle(1, "e1", 6)
    assert replica.loan("B1").reader == "r2"


def test_a_settled_loan_shows_until_the_base_is_as_new_as_it(replica):
    replica.apply(Part(version=5))
    replica.note(lent(1))
    replica.settle(1, "e1", 8)
    replica.apply(Part(version=7, start=5, gone=["loans:B1"]))
    assert replica.loan("B1") is not None
    replica.apply(Part(version=8, start=7))
    assert replica.loan("B1") is None


def test_a_centre_that_went_back_has_the_last_word_on_all_that_it_had_settled(filled):
    filled.note(lent(1))
    filled.settle(1, "e1", 8)
    filled.note(lent(2, "B2"))
    filled.apply(Part(version=3))
    assert filled.loan("B1") is None
    assert filled.loan("B2") is not None, "it never had this one"


def test_followers_hear_of_every_item_that_changes_speak_of_and_of_a_new_base_as_a_whole(filled):
    told = []
    filled.follow(told.append)
    lent_there = LoanView(item="B8", reader="r2", due=1)
    changes = Part(version=6, start=5, items=[ITEM], loans=[lent_there], gone=["loans:B9"])
    filled.apply(changes)
    filled.apply(Part(version=9))
    assert [told[0] and sorted(told[0]), told[1]] == [["B1", "B8", "B9"], None]


@pytest.mark.parametrize(
    ("since", "fact", "ends"),
    [
        (NOW, returned(7, "B9"), [NOW + 7]),
        (NOW + 50, returned(7, "B9"), [NOW + 50]),  # by a clock that is not sure
        (NOW, lent(7, "B9"), [NOW + 7]),  # it was lent again
        (NOW + 7, lent(7, "B9"), []),  # it is this loan
    ],
)
def test_a_loan_of_the_base_costs_until_it_ended_here(filled, since, fact, ends):
    loan = msgspec.structs.replace(LOAN, since=since)
    filled.apply(Part(version=6, start=5, loans=[loan]))
    filled.note(fact)
    assert filled.came_back("r1") == [(LOAN.due, end) for end in ends]


def test_a_neighbours_return_of_a_clock_that_is_not_sure_puts_the_own_loan_in_doubt(filled):
    filled.note(lent(10))
    early = Stamp(wall=NOW - 60_000, mono=5, boot="n", clock="unset", unc=86_400_000)
    back = Event(seq=1, id="other-1", at=early, fact=Return(item="B1"))
    filled.hear("drop", "n1", [back], 1)
    assert filled.loan("B1").doubt
    sure = Event(
        seq=2, id="other-2", at=Stamp(wall=NOW - 60_000, mono=5, boot="n"), fact=Return(item="B1")
    )
    filled.note(lent(11))
    filled.hear("drop", "n1", [sure], 2)
    assert not filled.loan("B1").doubt


DAY = 86_400_000


@pytest.mark.parametrize(
    ("days", "age", "believed"),
    [(0, 28, True), (0, 29, False), (3, 3, True), (3, 4, False), (60, 59, True)],
)
def test_a_neighbours_loan_that_never_reached_the_ledger_fades(filled, days, age, believed):
    """The policy lends for 21 days; a week more is the grace, unless somebody set days."""
    filled.neighbour_days = days
    filled.hear("kiosk", "n1", [lent(1)], 1)
    assert filled.loan("B1") is not None
    filled.apply(Part(version=6, start=5, made=NOW + age * DAY))
    assert (filled.loan("B1") is not None) is believed


def test_an_own_loan_never_fades_before_the_ledger_has_it(filled):
    filled.note(lent(1))
    filled.apply(Part(version=6, start=5, made=NOW + 900 * DAY))
    assert filled.loan("B1") is not None


def test_a_copy_without_the_centre_fades_not_at_all(filled, now):
    """A year on the site's own broker: what the neighbours did still counts."""
    filled.hear("kiosk", "n1", [lent(1)], 1)
    now[0] += 365 * DAY
    filled.settle(0, "e1")
    filled.settle_neighbour("drop", "n1", 9, 0)
    assert filled.loan("B1") is not None
