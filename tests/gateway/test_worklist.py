"""Nothing leaves the worklist without a resolution, and every decision can be taken back."""

import pytest

from edge.wire.facts import GateAlarm, Loan, StaffCalled
from gateway.codes import CODES
from gateway.errors import RefusedError
from gateway.testing import HOUR, NOW, card


def lend(ledger, kiosk, item, who):
    kiosk.happened(Loan(item=item, card=card(who), due=0))
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)


def entries(ledger):
    rows = ledger.store.all("SELECT * FROM worklist WHERE closed IS NULL ORDER BY number")
    return {row["code"]: row["number"] for row in rows}


def lent(ledger):
    rows = ledger.store.all("SELECT item, reader FROM loans WHERE ended IS NULL")
    return {row["item"]: row["reader"] for row in rows}


def test_a_resolution_is_kept_with_who_why_and_when(ledger, kiosk):
    kiosk.happened(GateAlarm(gate="main", uid="E0", item="B1", direction="out"))
    ledger.apply("tinh", kiosk.batch(), NOW)
    number = entries(ledger)["GATE_ALARM"]
    ledger.resolve(number, "false_alarm", "Hoa", "túi có sách khác", NOW + HOUR)
    assert entries(ledger) == {}
    row = ledger.store.row("SELECT * FROM resolutions")
    assert (row["entry"], row["action"], row["who"], row["at"]) == (
        number, "false_alarm", "Hoa", NOW + HOUR,
    )  # fmt: skip


def test_a_card_that_staff_assign_makes_the_loan_and_taking_it_back_unmakes_it(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C9")
    number = entries(ledger)["UNKNOWN_CARD"]
    ledger.resolve(number, "assign", "Hoa", "c2", NOW + HOUR)
    assert lent(ledger) == {"B1": "R2"}
    assert entries(ledger) == {}
    ledger.reopen(number, "Hoa", NOW + HOUR)
    assert lent(ledger) == {}
    assert list(entries(ledger)) == ["UNKNOWN_CARD"]


def test_a_card_nobody_knows_cannot_be_assigned(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C9")
    with pytest.raises(RefusedError, match="no reader has the card"):
        ledger.resolve(entries(ledger)["UNKNOWN_CARD"], "assign", "Hoa", "C77", NOW)
    assert list(entries(ledger)) == ["UNKNOWN_CARD"]


def test_a_voided_loan_is_no_loan_but_stays_in_the_ledger(ledger, kiosk):
    lend(ledger, kiosk, "B5", "C3")
    assert set(entries(ledger)) == {"NOT_FOR_LOAN_TAKEN", "READER_BLOCKED"}
    number = entries(ledger)["READER_BLOCKED"]
    with pytest.raises(RefusedError, match="needs a reason"):
        ledger.resolve(number, "void", "Hoa", " ", NOW)
    ledger.resolve(number, "void", "Hoa", "thử máy", NOW + HOUR)
    assert (lent(ledger), entries(ledger)) == ({}, {})
    assert ledger.store.value("SELECT count(*) FROM facts") == 1
    ledger.reopen(number, "Hoa", NOW + HOUR)
    assert lent(ledger) == {"B5": "R3"}
    assert set(entries(ledger)) == {"NOT_FOR_LOAN_TAKEN", "READER_BLOCKED"}


def test_a_found_item_loses_its_flag_and_gets_it_back(ledger, kiosk):
    lend(ledger, kiosk, "B6", "C1")
    number = entries(ledger)["FOUND_ITEM"]
    ledger.resolve(number, "found", "Hoa", "", NOW + HOUR)
    assert ledger.catalogue.item("B6").flags == []
    ledger.reopen(number, "Hoa", NOW + HOUR)
    assert ledger.catalogue.item("B6").flags == ["missing"]


def test_what_a_person_settled_stays_settled_when_facts_come_again(ledger, kiosk):
    lend(ledger, kiosk, "B1", "C3")
    ledger.resolve(entries(ledger)["READER_BLOCKED"], "accept", "Hoa", "", NOW + HOUR)
    ledger.apply("tinh", kiosk.batch(), NOW + HOUR)
    lend(ledger, kiosk, "B2", "C1")
    assert entries(ledger) == {}


@pytest.mark.parametrize(
    ("action", "why"), [("gone", "no answer to STAFF_CALLED"), ("done", "settled already")]
)
def test_an_answer_that_does_not_fit_is_refused(ledger, kiosk, action, why):
    kiosk.happened(StaffCalled(station="kiosk"))
    ledger.apply("tinh", kiosk.batch(), NOW)
    number = entries(ledger)["STAFF_CALLED"]
    if action == "done":
        ledger.resolve(number, "done", "Hoa", "", NOW)
    with pytest.raises(RefusedError, match=why):
        ledger.resolve(number, action, "Hoa", "", NOW)


def test_an_open_entry_cannot_be_reopened_nor_one_that_is_not_there(ledger, kiosk):
    kiosk.happened(StaffCalled(station="kiosk"))
    ledger.apply("tinh", kiosk.batch(), NOW)
    with pytest.raises(RefusedError, match="is open"):
        ledger.reopen(entries(ledger)["STAFF_CALLED"], "Hoa", NOW)
    with pytest.raises(RefusedError, match="no worklist entry 99"):
        ledger.resolve(99, "done", "Hoa", "", NOW)


def test_every_code_that_asks_for_a_look_can_be_answered():
    assert all(code.actions for code in CODES.values() if code.severity != "info")
