import pytest

from edge.wire.facts import BoxReceived, Loan
from gateway.errors import RefusedError
from gateway.testing import NOW, Speaker, card


def say(ledger, speaker):
    ledger.apply(speaker.site, speaker.batch(), NOW)


@pytest.fixture
def packed(ledger):
    return ledger.boxes.pack("T-001", "tinh", "xa", ["B1", "B2", "B6"], "Lan", NOW)


@pytest.fixture
def drop():
    return Speaker("xa-all", "xa", "e9")


def branches(ledger):
    return {
        row["item"]: row["branch"] for row in ledger.store.all("SELECT item, branch FROM items")
    }


def open_codes(ledger):
    rows = ledger.store.all("SELECT code, item FROM worklist WHERE closed IS NULL ORDER BY item")
    return [(row["code"], row["item"]) for row in rows]


def test_a_box_is_received_as_one_unit_by_its_number(ledger, packed, drop):
    before = ledger.store.value("SELECT max(version) FROM changes")
    drop.happened(BoxReceived(name="T-001"))
    say(ledger, drop)
    found = ledger.boxes.one("T-001")
    assert (found["received_by"], [one["came"] for one in found["items"]]) == ("xa-all", [1, 1, 1])
    assert {branches(ledger)[item] for item in ("B1", "B2", "B6")} == {"xa"}
    assert ledger.store.value("SELECT max(version) FROM changes") == before + 3
    assert open_codes(ledger) == []


def test_receiving_it_twice_changes_nothing(ledger, packed, drop):
    drop.happened(BoxReceived(name="T-001"))
    drop.happened(BoxReceived(name="T-001"), at=NOW + 1)
    say(ledger, drop)
    version = ledger.store.value("SELECT max(version) FROM changes")
    drop.happened(BoxReceived(name="T-001"), at=NOW + 2)
    say(ledger, drop)
    assert ledger.store.value("SELECT max(version) FROM changes") == version


def test_an_item_that_is_not_in_the_box_is_looked_for_until_it_is_seen(ledger, packed):
    with ledger.store.transaction():
        ledger.boxes.receive("T-001", "xa", "Minh", NOW, seen=["B1", "B6", "B5"])
    assert open_codes(ledger) == [("NOT_IN_BOX", "B2")]
    assert branches(ledger)["B2"] == "tinh"
    assert branches(ledger)["B5"] == "xa"
    with ledger.store.transaction():
        ledger.boxes.receive("T-001", "xa", "kiosk-1", NOW)  # nobody looked again
    assert open_codes(ledger) == [("NOT_IN_BOX", "B2")]
    assert branches(ledger)["B2"] == "tinh"
    with ledger.store.transaction():
        ledger.boxes.receive("T-001", "xa", "Minh", NOW, seen=["B1", "B2", "B5", "B6"])
    assert open_codes(ledger) == []


def test_a_box_at_the_wrong_branch_moves_nothing_and_staff_know(ledger, packed, kiosk):
    kiosk.happened(BoxReceived(name="T-001"))
    say(ledger, kiosk)
    assert open_codes(ledger) == [("BOX_ASTRAY", None)]
    assert branches(ledger)["B1"] == "tinh"
    with ledger.store.transaction():
        ledger.boxes.receive("T-001", "xa", "Minh", NOW)
    assert open_codes(ledger) == []


def test_a_box_that_nobody_packed_is_shown_to_staff(ledger, drop):
    drop.happened(BoxReceived(name="T-404"))
    say(ledger, drop)
    assert open_codes(ledger) == [("UNKNOWN_BOX", None)]


@pytest.mark.parametrize(
    ("box", "origin", "goal", "items", "said"),
    [
        ("", "tinh", "xa", ["B1"], "needs a number"),
        ("T-001", "tinh", "xa", ["B3"], "packed already"),
        ("T-2", "tinh", "moon", ["B3"], "no branch 'moon'"),
        ("T-2", "tinh", "tinh", ["B3"], "one branch to another"),
        ("T-2", "tinh", "xa", [], "holds 1 to"),
        ("T-2", "tinh", "xa", ["B3", "X"], "not in the catalogue: X"),
        ("T-2", "tinh", "xa", ["B1"], "B1 is on its way in box T-001"),
        ("T-2", "tinh", "xa", ["B4"], "on loan, so not in a box: B4"),
    ],
)
def test_a_box_that_cannot_be_is_refused_with_the_reason(
    ledger, packed, kiosk, box, origin, goal, items, said
):
    kiosk.happened(Loan(item="B4", card=card("C1"), due=NOW + 1))
    say(ledger, kiosk)
    with pytest.raises(RefusedError, match=said):
        ledger.boxes.pack(box, origin, goal, items, "Lan", NOW)


def test_boxes_on_their_way_are_listed_first(ledger, packed):
    ledger.boxes.pack("T-002", "tinh", "xa", ["B5"], "Lan", NOW + 1)
    with ledger.store.transaction():
        ledger.boxes.receive("T-002", "xa", "Minh", NOW + 2)
    assert [(one["box"], one["items"]) for one in ledger.boxes.all(branch="xa")] == [
        ("T-001", 3), ("T-002", 1),
    ]  # fmt: skip
    assert ledger.boxes.all(branch="nowhere") == []
    with pytest.raises(RefusedError, match="no box 'X'"):
        ledger.boxes.one("X")
