"""What staff see beside a worklist entry, and taking back what was said of it."""

import pytest

from edge.wire.facts import Evidence, GateAlarm, Loan, Secured, Trouble
from gateway.errors import RefusedError
from gateway.ledger import plans
from gateway.ledger.evidence import evidence, without_people
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, KEYS, MINUTE, NOW, Speaker, card, stock

UID = "E004010000000001"


@pytest.fixture
def ledger(tmp_path):
    made = stock(SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__))
    yield made
    made.close()


def say(ledger, speaker):
    ledger.apply(speaker.site, speaker.batch(), NOW)


@pytest.fixture
def alarm(ledger):
    kiosk, gate = Speaker("kiosk-1"), Speaker("gate-1", epoch="g")
    seen = Evidence(uid=UID, format="iso28560-3", reads=4, afi_before=7)
    before = Loan(item="B1", card=card("C1"), due=NOW, evidence=seen)
    kiosk.happened(before, NOW - 20 * MINUTE, unc=0)
    loan = Loan(item="B1", card=card("C2"), due=NOW + DAY, evidence=seen)
    kiosk.happened(loan, NOW - 10 * MINUTE, unc=40)
    say(ledger, kiosk)
    gate.happened(GateAlarm(gate="g", uid=UID, item="B1", afi=7, part="2", rssi=-60, reads=9))
    say(ledger, gate)
    return number_of(ledger, "GATE_ALARM")


def number_of(ledger, code):
    return ledger.store.value("SELECT number FROM worklist WHERE code = ?", code)


def test_both_devices_readings_stand_side_by_side_the_nearest_of_each(ledger, alarm):
    kiosk, gate = evidence(ledger, alarm)["readings"]
    assert (kiosk["device"], kiosk["at"], kiosk["unc"]) == ("kiosk-1", NOW - 10 * MINUTE, 40)
    assert (kiosk["by"], kiosk["uid"], kiosk["format"]) == ("tag", UID, "iso28560-3")
    assert (kiosk["reads"], kiosk["before"], kiosk["after"]) == (4, 7, None)
    assert gate["own"]
    assert (gate["before"], gate["antenna"], gate["rssi"], gate["reads"]) == (7, "2", -60, 9)


def test_a_write_shows_what_it_left_on_the_tag(ledger, alarm):
    drop = Speaker("xa-all", "xa", "x")
    drop.happened(Secured(item="B1", uid=UID, afi=0xC2, about="a"), NOW + MINUTE)
    say(ledger, drop)
    last = evidence(ledger, alarm)["readings"][-1]
    assert (last["device"], last["before"], last["after"]) == ("xa-all", None, 0xC2)


def test_an_item_is_found_by_its_tag_and_an_entry_without_any_has_no_readings(ledger):
    gate = Speaker("gate-1", epoch="g")
    gate.happened(GateAlarm(gate="g", uid=UID))
    gate.happened(Trouble(part="pad", reason="reader_lost"))
    say(ledger, gate)
    alarm = evidence(ledger, number_of(ledger, "GATE_ALARM"))
    assert alarm["item"]["title"] == "Truyện Kiều"
    assert evidence(ledger, number_of(ledger, "TROUBLE"))["readings"] == []


def test_who_looks_after_machines_is_told_of_no_reader(ledger, alarm):
    found = evidence(ledger, alarm)
    assert "R2" in str(found)
    assert card("C2") in str(found)
    spare = str(without_people(found))
    assert "R2" not in spare
    assert card("C2") not in spare
    assert "B1" in spare


def test_who_looks_and_by_when_is_taken_back(ledger, alarm):
    with pytest.raises(RefusedError, match="nobody"):
        plans.unplan(ledger, alarm, "me", NOW)
    for who, due in (("Anh Sơn", NOW + DAY), ("Cô Hoa", NOW + 2 * DAY)):
        plans.plan(ledger, alarm, who, due, "me", NOW)
    plans.unplan(ledger, alarm, "me", NOW)
    last = evidence(ledger, alarm)["planned"][-1]
    assert (last["assignee"], last["due"]) == ("Anh Sơn", NOW + DAY)


def test_several_decisions_are_taken_back_together_or_none(ledger):
    for n in range(3):
        ledger.worklist.open(f"k{n}", "TAG_TROUBLE", NOW)
    numbers = [row["number"] for row in ledger.store.all("SELECT number FROM worklist")]
    for number in numbers[:2]:
        ledger.resolve(number, "accept", "me", "", NOW)
    still = "SELECT count(*) FROM worklist WHERE closed IS NULL"
    with pytest.raises(RefusedError, match="is open"):
        plans.reopen_all(ledger, numbers, "me", NOW)
    assert ledger.store.value(still) == 1
    assert plans.reopen_all(ledger, numbers[:2], "me", NOW) == 2
    assert ledger.store.value(still) == 3
