"""Numbers, repeats, clones, strange events and strange clocks on the way into the ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.batch import Batch, Stamp, Unreadable
from edge.wire.facts import (
    BinChanged,
    Booted,
    GateAlarm,
    Loan,
    Repaired,
    StaffCalled,
    TagStillArmed,
    TagTrouble,
    Trouble,
    Well,
)
from gateway.testing import DAY, HOUR, MINUTE, NOW, Speaker, card
from gateway.when import LATEST_MS, Last, is_sure, place


def entries(ledger):
    rows = ledger.store.all("SELECT code FROM worklist WHERE closed IS NULL ORDER BY number")
    return [row["code"] for row in rows]


def test_a_gap_is_not_jumped_over(ledger, kiosk):
    for n in range(4):
        kiosk.happened(StaffCalled(station="kiosk"), NOW + n)
    applied = ledger.apply("tinh", kiosk.batch(3), NOW + HOUR)
    assert (applied.cursor, applied.gap, applied.fresh) == (0, True, 0)
    assert ledger.apply("tinh", kiosk.batch(1, 2), NOW + HOUR).cursor == 2
    assert ledger.apply("tinh", kiosk.batch(2, 4), NOW + HOUR).cursor == 4


def test_an_event_that_is_not_understood_moves_the_cursor_and_is_kept(ledger, kiosk):
    kiosk.happened(StaffCalled(station="kiosk"))
    kiosk.events.append(Unreadable(seq=2, raw=b'{"k": "teleport"}', why="unknown tag"))
    kiosk.happened(StaffCalled(station="kiosk"), NOW + 1)
    applied = ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    assert (applied.cursor, applied.outcomes["2"]) == (3, ["REJECTED"])
    assert ledger.store.value("SELECT raw FROM rejected") == b'{"k": "teleport"}'
    again = ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    assert (again.fresh, again.repeated) == (0, 3)
    assert "REJECTED" in entries(ledger)


def test_a_cloned_card_loses_nothing_and_is_shown(ledger, kiosk):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    kiosk.happened(Loan(item="B2", card=card("C1"), due=0), NOW + 1)
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    clone = Speaker(events=kiosk.events[:1])
    clone.happened(Loan(item="B3", card=card("C2"), due=0), NOW + 2)
    applied = ledger.apply("tinh", clone.batch(), NOW + HOUR)
    assert applied.outcomes == {"2": ["SEQ_CONFLICT"]}
    assert ledger.apply("tinh", clone.batch(), NOW + HOUR).fresh == 0
    lent = {row["item"] for row in ledger.store.all("SELECT item FROM loans")}
    assert lent == {"B1", "B2", "B3"}
    assert entries(ledger) == ["SEQ_CONFLICT"]


def test_an_id_under_a_new_number_is_the_same_fact(ledger, kiosk):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    moved = Batch(device="kiosk-1", epoch="e9", first=1, events=kiosk.events)
    applied = ledger.apply("tinh", moved, NOW + HOUR)
    assert (applied.cursor, applied.fresh, applied.outcomes) == (1, 0, {"1": ["REPEATED"]})
    assert ledger.apply("tinh", moved, NOW + HOUR).fresh == 0
    assert ledger.store.value("SELECT count(*) FROM facts") == 1


def test_an_id_that_says_something_else_is_kept_apart_and_shown(ledger, kiosk):
    first = kiosk.happened(StaffCalled(station="kiosk"))
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    liar = Speaker("xa-all", "xa")
    liar.happened(StaffCalled(station="drop"))
    liar.events = [type(first)(seq=1, id=first.id, at=first.at, fact=StaffCalled(station="x"))]
    applied = ledger.apply("xa", liar.batch(), NOW + HOUR)
    assert (applied.cursor, applied.outcomes) == (1, {"1": ["SEQ_CONFLICT"]})
    assert ledger.store.value("SELECT count(*) FROM rejected") == 1


def test_a_trouble_stays_on_the_worklist_until_the_part_is_well(ledger, kiosk):
    kiosk.happened(Trouble(part="pad", reason="reader_lost", why="no answer"))
    kiosk.happened(Trouble(part="pad", reason="reader_lost", why="no answer"), NOW + 1)
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    assert entries(ledger) == ["TROUBLE"]
    kiosk.happened(Well(part="pad", reason="reader_lost"), NOW + MINUTE)
    ledger.apply("tinh", kiosk.batch(3), NOW + HOUR)
    assert entries(ledger) == []
    settled = ledger.store.row("SELECT * FROM resolutions")
    assert (settled["action"], settled["who"]) == ("settled", "ledger")


def test_machines_and_gates_have_entries_of_their_own(ledger, kiosk):
    for fact in (
        StaffCalled(station="kiosk"),
        BinChanged(bin="1", percent=85, items=40),
        GateAlarm(gate="main", uid="E004010000000001", item="B1", direction="out"),
        TagTrouble(reason="torn", uid="E004010000000002", item="B2", station="kiosk"),
        TagStillArmed(item="B3", uid="e004010000000003", about="x", until=NOW + 2 * HOUR),
    ):
        kiosk.happened(fact)
    kiosk.happened(Booted(version="1", clean=False))
    applied = ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    assert entries(ledger) == [
        "STAFF_CALLED", "BIN_FULL", "GATE_ALARM", "TAG_TROUBLE", "TAG_STILL_ARMED",
    ]  # fmt: skip
    assert applied.outcomes["6"] == ["POWER_CUT"]
    assert ledger.effects.allowed("tinh", NOW) == {"E004010000000003": NOW + 2 * HOUR}
    kiosk.happened(BinChanged(bin="1", emptied=True, items=40))
    kiosk.happened(Repaired(item="B3", uid="E004010000000003", afi=0xC2))
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    assert entries(ledger) == ["STAFF_CALLED", "GATE_ALARM", "TAG_TROUBLE"]
    assert ledger.effects.allowed("tinh", NOW) == {}


def test_an_alarm_that_repeats_is_one_entry_that_counts(ledger, kiosk):
    for n in range(3):
        kiosk.happened(GateAlarm(gate="main", uid="E0", item="B1", direction="out"), NOW + n)
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    row = ledger.store.row("SELECT * FROM worklist")
    assert ledger.worklist.entry(row["number"])["detail"]["count"] == 3


def test_a_clock_that_was_never_set_is_placed_between_what_is_known(ledger, kiosk):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0), 1000, clock="unset")
    applied = ledger.apply("tinh", kiosk.batch(), NOW)
    assert applied.outcomes["1"] == ["CLOCK_UNTRUSTED"]
    row = ledger.store.row("SELECT * FROM facts")
    assert (row["at"], row["unc"]) == (NOW - 15 * DAY, 15 * DAY)


@pytest.mark.parametrize(
    ("stamp", "last", "at", "unc"),
    [
        (Stamp(wall=NOW, mono=5, boot="b", unc=9), None, NOW, 9),
        (Stamp(wall=NOW - 10, mono=5, boot="b"), Last(NOW, 0, 4, "b"), NOW, 10),
        (Stamp(wall=NOW + DAY, mono=50, boot="b"), Last(NOW - 500, 7, 10, "b"), NOW - 460, 7),
        (Stamp(wall=NOW + DAY, mono=5, boot="c"), Last(NOW - 500, 7, 10, "b"), NOW - 250, 257),
        (Stamp(wall=0, mono=5, boot="c", clock="unset"), None, NOW - HOUR // 2, HOUR // 2),
    ],
)
def test_a_fact_is_placed_in_time_as_its_clock_deserves(stamp, last, at, unc):
    moment = place(stamp, NOW, last, NOW - HOUR)
    assert (moment.at, moment.unc) == (at, unc)


numbers = st.integers(-(2**63), 2**63 - 1)


@given(
    st.lists(
        st.builds(
            Stamp,
            wall=numbers | st.integers(NOW - DAY, NOW),
            mono=numbers,
            boot=st.sampled_from("ab"),
            clock=st.sampled_from(["synced", "holdover", "unset", "?"]),
            unc=numbers,
        ),
        max_size=8,
    )
)
def test_time_never_runs_backwards_whatever_clocks_say(stamps):
    last = None
    for stamp in stamps:
        moment = place(stamp, NOW, last, NOW - DAY)
        assert 0 <= moment.unc <= LATEST_MS
        assert last is None or moment.at >= last.at or is_sure(stamp, moment)
        assert moment.at <= NOW + 2 * MINUTE
        last = Last(moment.at, moment.unc, min(max(stamp.mono, 0), LATEST_MS), stamp.boot)


def test_a_tag_that_is_armed_and_then_put_right_in_one_batch_is_off_the_lists(ledger, kiosk):
    about = kiosk.happened(Loan(item="B1", card=card("C1"), due=0)).id
    armed = TagStillArmed(item="B1", uid="E00401aa", about=about, until=NOW + DAY)
    kiosk.happened(Repaired(item="B2", uid="E00401BB", afi=7), NOW + 1)
    kiosk.happened(armed, NOW + 2)
    kiosk.happened(Repaired(item="B1", uid="E00401AA", afi=0xC2), NOW + 3)
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    assert ledger.effects.allowed("tinh", NOW + HOUR) == {}
    assert "TAG_STILL_ARMED" not in entries(ledger)
