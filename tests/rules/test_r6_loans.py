"""R6: a loan is a fact. Row by row of the table: recorded, posted or not, shown to staff or not."""

import itertools

import pytest

from edge.circulation.rules import next_open_day
from edge.wire.facts import Loan, RenewalWish, Return, TagStillArmed
from gateway.errors import RefusedError
from gateway.ledger.catalogue import Item, Reader
from gateway.ledger.fees import Fee
from gateway.ledger.holds import Hold
from gateway.testing import DAY, HOUR, MINUTE, NOW, POLICY, Speaker, card


def loan(item="B1", who="C1", site="tinh", due=0):
    return Loan(item=item, card=card(who, site), due=due)


def told(both, speaker, received=NOW + DAY):
    return both.ledger.apply(speaker.site, speaker.batch(), received).outcomes


@pytest.fixture
def kiosk():
    return Speaker()


@pytest.fixture
def commune():
    return Speaker("xa-all", "xa", "e2")


ROWS = {
    "normal": ("B1", "C1", [], True, []),
    "reader expired before": ("B1", "C3", ["READER_BLOCKED"], True, ["READER_BLOCKED"]),
    "reader blocked": ("B1", "C4", ["READER_BLOCKED"], True, ["READER_BLOCKED"]),
    "card unknown": ("B1", "C9", ["UNKNOWN_CARD"], False, ["UNKNOWN_CARD"]),
    "item unknown": ("B9", "C1", ["UNKNOWN_ITEM"], False, ["UNKNOWN_ITEM"]),
    "neither known": ("B9", "C9", ["UNKNOWN_ITEM", "UNKNOWN_CARD"], False, ["UNKNOWN_CARD", "UNKNOWN_ITEM"]),
    "not for loan": ("B5", "C1", ["NOT_FOR_LOAN_TAKEN"], True, ["NOT_FOR_LOAN_TAKEN"]),
    "not for loan, reader blocked": (
        "B5", "C4", ["NOT_FOR_LOAN_TAKEN", "READER_BLOCKED"], True, ["NOT_FOR_LOAN_TAKEN", "READER_BLOCKED"],
    ),
    "missing": ("B6", "C1", ["FOUND_ITEM"], True, ["FOUND_ITEM"]),
    "missing, card unknown": ("B6", "C9", ["FOUND_ITEM", "UNKNOWN_CARD"], False, ["FOUND_ITEM", "UNKNOWN_CARD"]),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("online", [True, False])
async def test_each_row_of_the_table(both, kiosk, row, online):
    item, who, codes, posted, work = ROWS[row]
    kiosk.happened(Loan(item=item, card=card(who), due=0, online=online))
    assert told(both, kiosk) == ({"1": codes} if codes else {})
    assert bool(both.loans()) is posted
    assert both.work() == work
    assert both.ledger.store.value("SELECT count(*) FROM facts") == 1, "it is kept in any case"


@pytest.mark.parametrize("flag", ["lost", "withdrawn", "missing"])
async def test_a_copy_that_was_given_up_is_found_and_lent(both, kiosk, flag):
    with both.ledger.store.transaction():
        both.ledger.catalogue.put_items([Item(item="L1", title="Cũ", branch="tinh", flags=[flag])])
    kiosk.happened(loan("L1"))
    assert told(both, kiosk) == {"1": ["FOUND_ITEM"]}
    assert both.loans() == {"L1": "R1"}


@pytest.mark.parametrize("flag", ["reference", "restricted"])
async def test_what_is_not_for_loan_is_due_on_the_next_day_of_opening(both, kiosk, flag):
    with both.ledger.store.transaction():
        both.ledger.catalogue.put_items([Item(item="L1", title="Cũ", branch="tinh", flags=[flag])])
    kiosk.happened(loan("L1"))
    told(both, kiosk)
    assert both.ledger.store.value("SELECT due FROM loans") == next_open_day(POLICY, NOW)


@pytest.mark.parametrize(
    ("blocked_at", "codes"), [(-1, ["READER_BLOCKED"]), (0, ["READER_BLOCKED"]), (1, [])]
)
async def test_only_who_was_blocked_when_it_happened_is_a_finding(both, kiosk, blocked_at, codes):
    blocked = Reader(reader="R1", name="An", blocked=True, cards=["C1"])
    with both.ledger.store.transaction():
        both.ledger.catalogue.put_readers([(blocked, 0, 0)], NOW + blocked_at)
    kiosk.happened(loan())
    assert told(both, kiosk) == ({"1": codes} if codes else {})
    assert both.loans() == {"B1": "R1"}


@pytest.mark.parametrize(
    ("paid_at", "codes"),
    [(None, ["READER_BLOCKED"]), (NOW + 1, ["READER_BLOCKED"]), (NOW - DAY, [])],
)
async def test_who_owed_too_much_when_it_happened_is_a_finding(both, kiosk, paid_at, codes):
    """The kiosk's copy was older than the fee; what is paid later changes nothing."""
    both.policy(fee_limit=20_000)
    fees = [Fee(fee="F1", reader="R1", amount=20_000, made=NOW - 2 * DAY)]
    if paid_at is not None:
        fees.append(Fee(fee="P1", reader="R1", amount=-1, made=paid_at))
    with both.ledger.store.transaction():
        both.ledger.fees.put(fees, NOW)
    kiosk.happened(loan())
    assert told(both, kiosk) == ({"1": codes} if codes else {})
    assert both.loans() == {"B1": "R1"}, "the book is gone: the loan is true"


@pytest.mark.parametrize(("ago", "codes"), [(1, []), (2, ["READER_BLOCKED"])])
async def test_late_days_count_up_to_the_moment_of_the_loan(both, kiosk, ago, codes):
    both.policy(fee_limit=2000, fee_per_day=1000)
    kiosk.happened(loan("B2"), NOW - 14 * DAY - ago * DAY)
    both.ledger.apply("tinh", kiosk.batch(), NOW - 14 * DAY)
    kiosk.happened(loan())
    assert both.ledger.apply("tinh", kiosk.batch(2), NOW + 9 * DAY).outcomes == (
        {"2": codes} if codes else {}
    )


@pytest.mark.parametrize(("ends", "codes"), [(NOW, ["READER_BLOCKED"]), (NOW + 1, [])])
async def test_membership_counts_at_the_moment_of_the_loan(both, kiosk, ends, codes):
    with both.ledger.store.transaction():
        reader = Reader(reader="R1", name="An", cards=["C1"])
        both.ledger.catalogue.put_readers([(reader, ends, 0)], NOW)
    kiosk.happened(loan())
    assert told(both, kiosk, NOW + 900 * DAY) == ({"1": codes} if codes else {})


async def test_the_same_reader_again_is_no_renewal(both, kiosk):
    kiosk.happened(loan())
    kiosk.happened(loan(), NOW + 10 * DAY)
    assert told(both, kiosk, NOW + 11 * DAY) == {"2": ["ALREADY_ON_LOAN_SAME"]}
    [row] = both.ledger.store.all("SELECT since, renewals FROM loans")
    assert (row["since"], row["renewals"]) == (NOW, 0)
    assert both.work() == []


async def test_another_readers_older_loan_is_closed_at_that_moment(both, kiosk):
    kiosk.happened(loan(who="C2"))
    kiosk.happened(loan(who="C1"), NOW + HOUR)
    assert told(both, kiosk) == {"1": ["SUPERSEDED"], "2": ["OTHER_LOAN_CLOSED"]}
    assert both.loans() == {"B1": "R1"}
    assert both.ledger.store.value("SELECT ended FROM loans WHERE reader = 'R2'") == NOW + HOUR
    assert both.work() == ["OTHER_LOAN_CLOSED"]


async def test_a_loan_older_than_the_one_that_is_known_is_history_only(both, kiosk, commune):
    kiosk.happened(loan(who="C2"), NOW + HOUR)
    told(both, kiosk)
    commune.happened(loan(who="C1", site="xa"))
    assert told(both, commune) == {"1": ["SUPERSEDED", "NO_RETURN_SEEN"]}
    assert both.loans() == {"B1": "R2"}
    [old] = both.ledger.store.all("SELECT since, ended FROM loans WHERE reader = 'R1'")
    assert (old["since"], old["ended"]) == (NOW, NOW + HOUR)
    assert both.work() == ["NO_RETURN_SEEN"], "one entry, and somebody must look where the book is"


async def test_an_older_loan_with_a_return_after_it_asks_nobody(both, kiosk, commune):
    kiosk.happened(loan(who="C2"), NOW + HOUR)
    told(both, kiosk)
    commune.happened(loan(who="C1", site="xa"))
    commune.happened(Return(item="B1"), NOW + HOUR // 2)
    assert told(both, commune) == {}
    assert both.loans() == {"B1": "R2"}
    assert both.work() == []


async def test_the_return_that_comes_later_still_settles_the_question(both, kiosk, commune):
    kiosk.happened(loan(who="C2"), NOW + HOUR)
    told(both, kiosk)
    commune.happened(loan(who="C1", site="xa"))
    told(both, commune)
    assert both.work() == ["NO_RETURN_SEEN"]
    drop = Speaker("gate-1", "tinh", "e3")
    drop.happened(Return(item="B1", place="drop"), NOW + HOUR // 2)
    assert told(both, drop) == {}
    assert both.work() == []


async def test_a_return_of_an_unsure_clock_may_have_been_between_and_asks_nobody(
    both, kiosk, commune
):
    drop = Speaker("gate-1", "tinh", "e3")
    drop.happened(Return(item="B1", place="drop"), NOW - HOUR, clock="holdover", unc=3 * HOUR)
    told(both, drop)
    kiosk.happened(loan(who="C2"), NOW + 4 * HOUR)
    told(both, kiosk)
    commune.happened(loan(who="C1", site="xa"))
    assert told(both, commune) == {"1": ["SUPERSEDED"]}
    assert both.work() == []


async def test_a_machine_alone_lends_what_is_lent_elsewhere_and_the_late_news_are_one_question(
    both, commune
):
    """The kiosk knew of nothing; the commune lent the same number later, and was heard first."""
    assert await both.lend("C1", "B1") == [""]
    commune.happened(loan(who="C2", site="xa"), both.now + HOUR)
    assert told(both, commune) == {}
    both.now += 2 * HOUR
    assert await both.bring() == {"1": ["SUPERSEDED", "NO_RETURN_SEEN"]}
    assert both.work() == ["NO_RETURN_SEEN"]
    assert both.replica.loan("B1").reader != both.replica.reader(card("C1")).reader


@pytest.fixture
def boxed(both):
    """B1 and B2 are on their way from the province to the commune since an hour."""
    with both.ledger.store.transaction():
        for site in ("tinh", "xa"):
            both.ledger.catalogue.put_site(site, site, site)
    both.ledger.boxes.pack("T1", "tinh", "xa", ["B1", "B2"], "Lan", NOW - HOUR)
    both.now = NOW
    return both.ledger.boxes


@pytest.mark.parametrize("online", [True, False])
async def test_what_is_lent_on_its_way_to_another_branch_leaves_the_box(both, boxed, online):
    assert await both.lend("C1", "B1", online=online) == [""]
    assert await both.bring() == {"1": ["TRANSIT_BROKEN"]}
    assert both.loans() == {"B1": "R1"}
    entry = both.ledger.store.row("SELECT severity, detail FROM worklist WHERE closed IS NULL")
    assert entry["severity"] == "warn"
    assert '"box":"T1","goal":"Thư viện xã"' in entry["detail"]
    with both.ledger.store.transaction():
        boxed.receive("T1", "xa", "Minh", NOW + DAY, seen=["B2"])
    assert both.work() == ["TRANSIT_BROKEN"], "nobody looks for it in the box"
    assert [(one["item"], one["came"], one["lent"]) for one in boxed.one("T1")["items"]] == [
        ("B1", 0, 1),
        ("B2", 1, 0),
    ]


async def test_a_box_received_unopened_takes_what_was_lent_nowhere(both, boxed):
    await both.lend("C1", "B1")
    await both.bring()
    with both.ledger.store.transaction():
        boxed.receive("T1", "xa", "Minh", NOW + DAY)
    assert both.ledger.catalogue.item("B1").branch == "tinh"
    assert both.ledger.catalogue.item("B2").branch == "xa"


async def test_a_loan_that_is_told_after_the_box_came_ends_the_search(both, boxed):
    await both.lend("C1", "B1")
    with both.ledger.store.transaction():
        boxed.receive("T1", "xa", "Minh", NOW + DAY, seen=["B2"])
    assert both.work() == ["NOT_IN_BOX"]
    both.pass_days(2)
    assert await both.bring() == {"1": ["TRANSIT_BROKEN"]}
    assert both.work() == ["TRANSIT_BROKEN"]


@pytest.mark.parametrize(
    ("site", "at", "codes"),
    [
        ("tinh", NOW - HOUR - 1, []),  # before it was packed
        ("tinh", NOW - HOUR, ["TRANSIT_BROKEN"]),
        ("xa", NOW, []),  # it has arrived, though nobody said so
        ("tinh", NOW + HOUR - 1, ["TRANSIT_BROKEN"]),
        ("tinh", NOW + HOUR, []),  # it was received before
    ],
)
async def test_only_between_two_branches_it_is_on_its_way(
    both, boxed, kiosk, commune, site, at, codes
):
    with both.ledger.store.transaction():
        boxed.receive("T1", "xa", "Minh", NOW + HOUR)
    machine = kiosk if site == "tinh" else commune
    machine.happened(loan(site=site), at)
    assert told(both, machine) == ({"1": codes} if codes else {})


async def test_what_was_lent_on_its_way_and_came_back_can_be_packed_again(both, boxed, kiosk):
    kiosk.happened(loan())
    kiosk.happened(Return(item="B1"), NOW + HOUR)
    told(both, kiosk)
    boxed.pack("T2", "tinh", "xa", ["B1"], "Lan", NOW + DAY)
    with pytest.raises(RefusedError, match="on its way in box T1"):
        boxed.pack("T3", "tinh", "xa", ["B2"], "Lan", NOW + DAY)


async def test_a_loan_whose_time_turns_out_otherwise_broke_no_transit(both, boxed, kiosk):
    """Nobody confirmed its clock; the next sure time says it was lent before the box was packed."""
    kiosk.happened(loan(), NOW, clock="holdover", unc=4 * HOUR, mono=DAY)
    assert told(both, kiosk, NOW) == {"1": ["TRANSIT_BROKEN"]}
    kiosk.happened(Return(item="B2"), NOW + HOUR, mono=DAY + 3 * HOUR)
    both.ledger.apply("tinh", kiosk.batch(2), NOW + HOUR)
    assert both.work() == []


async def test_what_was_kept_for_another_reader_stays_hers_and_staff_are_told(both, kiosk):
    with both.ledger.store.transaction():
        both.ledger.holds.put(
            [Hold(hold="H1", reader="R2", item="B1", site="tinh", placed=NOW - DAY)], NOW
        )
    kiosk.happened(loan())
    assert told(both, kiosk) == {"1": ["HOLD_TAKEN"]}
    assert both.loans() == {"B1": "R1"}
    [mine] = both.ledger.holds.of_reader("R2")
    assert (mine.ready, mine.ahead) == (False, 0)
    assert "HOLD_TAKEN" in both.work()


async def test_a_tag_that_still_alarms_is_let_pass_and_shown(both, kiosk):
    event = kiosk.happened(loan())
    kiosk.happened(
        TagStillArmed(item="B1", uid="E004010000000001", about=event.id, until=NOW + 2 * HOUR)
    )
    assert told(both, kiosk) == {"2": ["TAG_STILL_ARMED"]}
    assert both.work() == ["TAG_STILL_ARMED"]
    assert both.ledger.effects.allowed("tinh", NOW) == {"E004010000000001": NOW + 2 * HOUR}
    assert both.ledger.effects.allowed("tinh", NOW + 2 * HOUR) == {}


@pytest.mark.parametrize(
    ("gap", "again"), [(2 * MINUTE, "DUPLICATE_SCAN"), (2 * MINUTE + 1, "ALREADY_ON_LOAN_SAME")]
)
async def test_two_scans_within_two_minutes_are_one(both, kiosk, gap, again):
    kiosk.happened(loan())
    kiosk.happened(loan(), NOW + gap)
    assert told(both, kiosk) == {"2": [again]}


async def test_whatever_order_the_rows_come_in_the_ledger_is_the_same(both, kiosk, commune):
    """Lend at A, lend at B, return at A, lend again: every order of arrival of the two devices."""
    kiosk.happened(loan(who="C1"))
    kiosk.happened(Return(item="B1"), NOW + 2 * HOUR)
    kiosk.happened(loan(who="C1"), NOW + 3 * HOUR)
    commune.happened(loan(who="C2", site="xa"), NOW + HOUR)
    commune.happened(RenewalWish(item="B1", card=card("C2", "xa")), NOW + HOUR + 1)
    found = set()
    steps = [(kiosk, 1), (kiosk, 2), (kiosk, 3), (commune, 1), (commune, 2)]
    for order in itertools.permutations(steps):
        mine = [n for one, n in order if one is kiosk]
        theirs = [n for one, n in order if one is commune]
        if mine != [1, 2, 3] or theirs != [1, 2]:
            continue  # a device's facts come in its order
        with both.ledger.store.transaction():
            for table in ("facts", "loans", "streams", "worklist", "resolutions"):
                both.ledger.store.run(f"DELETE FROM {table}")  # noqa: S608
        for one, n in order:
            both.ledger.apply(one.site, one.batch(n, n), NOW + DAY)
        rows = both.ledger.store.all(
            "SELECT reader, since, ended, renewals FROM loans ORDER BY since"
        )
        found.add(tuple(tuple(row) for row in rows))
    assert found == {
        (
            ("R1", NOW, NOW + HOUR, 0),
            ("R2", NOW + HOUR, NOW + 2 * HOUR, 1),
            ("R1", NOW + 3 * HOUR, None, 0),
        )
    }
