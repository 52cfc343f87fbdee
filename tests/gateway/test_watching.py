"""What staff watch and plan: forecasts, rates, ranking, plans, bulk answers and visits again."""

import pytest

from edge.wire.facts import (
    BinChanged,
    Booted,
    Evidence,
    Loan,
    Return,
    StaffCalled,
    TagTrouble,
    Trouble,
)
from gateway.errors import RefusedError
from gateway.ledger import board, plans, replay, trends
from gateway.testing import DAY, HOUR, MINUTE, NOW, card


def test_a_bin_says_when_it_will_be_full(ledger, kiosk):
    kiosk.happened(BinChanged(bin="1", items=30, emptied=True), NOW - 5 * HOUR)
    kiosk.happened(BinChanged(bin="1", percent=25, items=15), NOW - 3 * HOUR)
    kiosk.happened(BinChanged(bin="1", percent=50, items=30), NOW - HOUR)
    kiosk.happened(BinChanged(bin="2", percent=100, items=60), NOW - HOUR)
    kiosk.happened(BinChanged(bin="3", percent=5, items=3), NOW - HOUR)
    ledger.apply("tinh", kiosk.batch(), NOW)
    found = trends.trends(ledger, NOW)
    one = found["bins/kiosk-1 1"]
    assert (one["percent"], one["items"], one["full_at"]) == (50, 30, NOW + 3 * HOUR)
    assert found["bins/kiosk-1 2"]["full_at"] == NOW - HOUR
    assert found["bins/kiosk-1 3"]["full_at"] is None


def test_a_kiosk_says_how_many_books_it_knew_by_their_tag_and_when_it_failed(ledger, kiosk):
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0), NOW - 2 * HOUR)
    kiosk.happened(Return(item="B1", evidence=Evidence(by="barcode")), NOW - HOUR)
    kiosk.happened(TagTrouble(reason="torn", uid="E0"), NOW - HOUR)
    kiosk.happened(Trouble(part="printer", reason="paper_out"), NOW - HOUR)
    ledger.apply("tinh", kiosk.batch(), NOW)
    one = trends.trends(ledger, NOW)["desks/kiosk-1"]
    assert (one["books"], one["by_tag"]) == (2, 1)
    assert (sum(one["failures"]), one["failures"][-2]) == (2, 2)


def test_machines_are_ranked_by_the_work_they_make(ledger, kiosk, commune):
    for n in range(3):
        kiosk.happened(TagTrouble(reason="torn", uid=f"E{n}"), NOW)
    commune.happened(Trouble(part="pad", reason="reader_lost"), NOW)
    ledger.apply("tinh", kiosk.batch(), NOW)
    ledger.apply("xa", commune.batch(), NOW)
    rows = trends.ranking(ledger, NOW)
    assert [(row["device"], row["entries"]) for row in rows] == [("kiosk-1", 3), ("xa-all", 1)]
    assert rows[0]["codes"] == {"TAG_TROUBLE": 3}
    assert trends.ranking(ledger, NOW + 31 * DAY) == []


def numbers(ledger):
    return [row["number"] for row in board.worklist(ledger)]


def test_an_entry_has_a_deadline_and_can_be_given_to_somebody(ledger, kiosk):
    kiosk.happened(StaffCalled(station="kiosk"))
    ledger.apply("tinh", kiosk.batch(), NOW)
    [entry] = board.worklist(ledger)
    assert (entry["assignee"], entry["deadline"]) == ("", NOW + 5 * MINUTE)
    plans.plan(ledger, entry["number"], " Cô \n Hoa ", NOW + HOUR, "Minh", NOW)
    [entry] = board.worklist(ledger)
    assert (entry["assignee"], entry["deadline"]) == ("Cô Hoa", NOW + HOUR)
    ledger.resolve(entry["number"], "done", "Hoa", "", NOW)
    ledger.reopen(entry["number"], "Hoa", NOW)
    told = plans.history(ledger, entry["number"])
    assert [row["action"] for row in told["decided"]] == ["done", "reopened"]
    assert [row["assignee"] for row in told["planned"]] == ["Cô Hoa"]
    with pytest.raises(RefusedError, match="within a year"):
        plans.plan(ledger, entry["number"], "", NOW + 400 * DAY, "Minh", NOW)


def test_what_only_informs_is_settled_together_and_nothing_else(ledger, kiosk):
    for n in range(3):
        kiosk.happened(TagTrouble(reason="torn", uid=f"E{n}"))
    kiosk.happened(StaffCalled(station="kiosk"))
    ledger.apply("tinh", kiosk.batch(), NOW)
    called, *tags = numbers(ledger)
    with pytest.raises(RefusedError, match="one by one"):
        plans.resolve_all(ledger, [*tags, called], "accept", "Hoa", NOW)
    assert len(numbers(ledger)) == 4
    with pytest.raises(RefusedError):
        plans.resolve_all(ledger, tags, "void", "Hoa", NOW)
    assert plans.resolve_all(ledger, tags, "accept", "Hoa", NOW) == 3
    assert numbers(ledger) == [called]


def test_a_visit_is_told_again_by_the_second_without_its_reader(ledger, kiosk):
    seen = Evidence(uid="E0", reads=3, afi_before=7, afi_after=194)
    kiosk.happened(Booted(version="1"), NOW - HOUR)
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0, session="S1", evidence=seen), NOW)
    kiosk.happened(TagTrouble(reason="torn", uid="E1"), NOW + 1500)
    kiosk.happened(Loan(item="B2", card=card("C1"), due=0, session="S1"), NOW + 2000)
    kiosk.happened(Return(item="B3", session="S2"), NOW + 5000)
    ledger.apply("tinh", kiosk.batch(), NOW)
    assert [(one["session"], one["loans"]) for one in replay.visits(ledger, "kiosk-1")] == [
        ("S2", 0), ("S1", 2),
    ]  # fmt: skip
    told = replay.visit(ledger, "kiosk-1", "S1")
    assert [(step["ms"], step["kind"]) for step in told["steps"]] == [
        (0, "loan"), (1500, "tag_trouble"), (2000, "loan"),
    ]  # fmt: skip
    assert told["steps"][0]["title"] == "Truyện Kiều"
    assert "card" not in str(told)
    assert card("C1") not in str(told)
    with pytest.raises(RefusedError):
        replay.visit(ledger, "kiosk-1", "S9")
