import pytest

from edge.wire.facts import (
    Evidence,
    GateAlarm,
    GateCount,
    GateDay,
    GateHint,
    GateLetPass,
    Loan,
    Repaired,
    Return,
)
from gateway.ledger import board, gates
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import HOUR, MINUTE, NOW, Speaker, card

UID = "E004010000000001"
QUARTER = 15 * MINUTE


@pytest.fixture
def gate() -> Speaker:
    return Speaker("gate-1", "tinh", "g1")


def say(ledger: SqliteLedger, speaker: Speaker, now: int = NOW) -> None:
    ledger.apply(speaker.site, speaker.batch(), now)


def entries(ledger: SqliteLedger, code: str) -> list[dict]:
    rows = ledger.store.all("SELECT * FROM worklist WHERE code = ? ORDER BY number", code)
    return [dict(row) for row in rows]


def test_a_lent_item_that_alarmed_wants_healing_until_a_pad_met_it(ledger, gate, kiosk):
    gate.happened(GateLetPass(gate="g", uid=UID, item="B1", reason="on_loan"))
    gate.happened(GateLetPass(gate="g", uid="X", item="B2", reason="muted"))
    say(ledger, gate)
    [entry] = entries(ledger, "TAG_STILL_ARMED")
    assert (entry["item"], entry["closed"]) == ("B1", None)
    kiosk.happened(Repaired(item="B1", uid=UID, afi=0xC2))
    say(ledger, kiosk)
    assert entries(ledger, "TAG_STILL_ARMED")[0]["closed"]


def test_a_hint_is_shown_with_its_title_and_asks_nobody(ledger, gate):
    gate.happened(GateHint(gate="g", uid=UID, item="B1", direction="out", reason="not_lent"))
    say(ledger, gate)
    assert ledger.store.value("SELECT count(*) FROM worklist") == 0
    shown = [one for one in board.docs(ledger, NOW).values() if one.get("kind") == "gate_hint"]
    assert [(one["title"], one["outcome"]) for one in shown] == [("Truyện Kiều", ["GATE_HINT"])]


def test_a_missing_item_at_a_gate_is_a_found_item_and_may_be_put_back(ledger, gate):
    for _ in range(2):
        gate.happened(GateHint(gate="g", uid="E0", item="B6", direction="out", reason="missing"))
    say(ledger, gate)
    [entry] = entries(ledger, "FOUND_ITEM")
    ledger.resolve(entry["number"], "found", "Lan", "", NOW)
    assert ledger.catalogue.item("B6").flags == []


def test_people_come_in_quarters_of_an_hour_and_are_not_the_people_served(ledger, gate, kiosk):
    start = NOW - 2 * HOUR
    gate.happened(GateCount(gate="a", entered=5, left=1, since=start), start + QUARTER)
    gate.happened(GateCount(gate="b", entered=2, since=start), start + QUARTER)
    gate.happened(
        GateCount(gate="a", entered=1, left=4, since=start + QUARTER), start + 2 * QUARTER
    )
    gate.happened(GateDay(gate="a", entered=8, left=5, since=start), NOW)
    say(ledger, gate)
    for n, item in enumerate(("B1", "B2")):
        fact = Loan(item=item, card=card("C1"), due=NOW + HOUR, session="s1", evidence=Evidence())
        kiosk.happened(fact, NOW - HOUR + n)
    kiosk.happened(Return(item="B1", session="s2"), NOW - HOUR + 9)
    say(ledger, kiosk)
    found = gates.day(ledger, "tinh", "", NOW)
    assert (found["entered"], found["left"], found["served"]) == (8, 5, 2)
    assert [(b["at"], b["entered"], b["left"]) for b in found["buckets"]] == [
        (start, 7, 1),
        (start + QUARTER, 1, 4),
    ]
    assert found["gates"] == ["a", "b"]
    assert found["closing"] == {"entered": 8, "left": 5}
    assert found["provisional"], "the day is not over"
    assert gates.day(ledger, "tinh", "2026-11-20", NOW)["entered"] == 0
    assert gates.day(ledger, "xa", "", NOW)["entered"] == 0
    with pytest.raises(ValueError, match="month"):
        gates.day(ledger, "tinh", "2026-13-01", NOW)


def alarm(ledger, gate, uid, action, part="1"):
    gate.happened(GateAlarm(gate="g", uid=uid, item="B1", direction="out", part=part))
    say(ledger, gate)
    number = ledger.store.value("SELECT max(number) FROM worklist WHERE code = 'GATE_ALARM'")
    ledger.resolve(number, action, "Lan", "", NOW)
    return number


def test_the_outcomes_that_staff_tap_give_a_false_alarm_rate(ledger, gate):
    for uid, action in (("A1", "false_alarm"), ("A2", "brought_back"), ("A1", "tag_fault")):
        alarm(ledger, gate, uid, action)
    alarm(ledger, gate, "A3", "gone", part="2")
    found = gates.false_alarms(ledger, "tinh", NOW)
    assert (found["judged"], found["false"]) == (4, 2)
    assert found["gates"] == [{"name": "g", "false": 2, "judged": 4}]
    assert found["antennas"] == [
        {"name": "g:1", "false": 2, "judged": 3},
        {"name": "g:2", "false": 0, "judged": 1},
    ]
    assert found["hours"] == [{"name": "14", "false": 2, "judged": 4}]
    assert found["tags"] == [{"uid": "A1", "item": "B1", "false": 2}]
    assert found["outcomes"]["gone"] == 1


def test_gates_learn_which_tags_and_antennas_to_doubt_and_unlearn_it(ledger, gate):
    first = alarm(ledger, gate, "A1", "false_alarm")
    assert gates.noisy(ledger, "tinh", NOW) == []
    alarm(ledger, gate, "A1", "false_alarm")
    assert gates.noisy(ledger, "tinh", NOW) == ["uid:A1"]
    assert gates.noisy(ledger, "xa", NOW) == []
    for n in range(6):
        alarm(ledger, gate, f"B{n}", "false_alarm")
    assert gates.noisy(ledger, "tinh", NOW) == ["antenna:g:1", "hour:g:14", "uid:A1"]
    ledger.reopen(first, "Lan", NOW)
    ledger.resolve(first, "brought_back", "Lan", "", NOW)
    assert "uid:A1" not in gates.noisy(ledger, "tinh", NOW)
    assert gates.noisy(ledger, "tinh", NOW + gates.LOOK_BACK_MS + 1) == []
