from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from edge.gate.memory import Kept, load, save
from edge.gate.people import People
from edge.wire.facts import GateCount, GateDay

MORNING = 1_795_000_000_000
DAY = 86_400_000


def test_people_are_handed_out_once_with_the_time_of_the_interval():
    people = People("tây", "Asia/Ho_Chi_Minh", MORNING)
    for direction in ("in", "in", "out", ""):
        people.passed(direction, MORNING + 1)
    assert people.take(MORNING + 900_000) == GateCount(gate="tây", entered=2, left=1, since=MORNING)
    assert people.take(MORNING + 1_800_000) is None
    assert people.since == MORNING + 1_800_000


def test_the_numbers_of_the_day_begin_anew_and_inside_is_never_negative():
    people = People("g", "Asia/Ho_Chi_Minh", MORNING)
    people.passed("out", MORNING)
    people.alarmed(MORNING)
    assert people.numbers(MORNING) == {"entered": 0, "left": 1, "inside": 0, "alarms": 1}
    people.passed("in", MORNING + DAY)
    assert people.numbers(MORNING + DAY) == {"entered": 1, "left": 0, "inside": 1, "alarms": 0}


def at(hour, minute=0, day=0):
    start = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    return int((start + timedelta(days=day, hours=hour, minutes=minute)).timestamp() * 1000)


def test_intervals_end_on_full_quarters_of_an_hour():
    people = People("g", "Asia/Ho_Chi_Minh", at(8, 7))
    assert not people.due(at(8, 14))
    assert people.due(at(8, 15))
    people.take(at(8, 15))
    assert not people.due(at(8, 29))


def test_half_an_hour_after_closing_nobody_is_inside_and_the_day_is_told_once():
    people = People("g", "Asia/Ho_Chi_Minh", at(8))
    people.counted(50, 45, at(9))
    assert people.inside() == 5
    assert people.close(at(17, 10), "17:00") is None
    assert people.close(at(17, 30), "17:00") == GateDay(gate="g", entered=50, left=45, since=at(0))
    assert people.close(at(18), "17:00") is None
    assert people.numbers(at(18))["inside"] == 0


def test_a_counter_that_misses_who_leaves_is_allowed_for_from_then_on():
    people = People("g", "Asia/Ho_Chi_Minh", at(8))
    for day in range(15):
        people.counted(100, 90, at(9, day=day))
        people.close(at(18, day=day), "17:00")
    people.counted(100, 45, at(9, day=20))
    assert abs(people.inside() - 50) <= 2
    assert 0.88 < people.kept.leak < 0.93


def test_a_broken_counter_teaches_nothing_wild():
    people = People("g", "Asia/Ho_Chi_Minh", at(8))
    for day in range(40):
        people.counted(100, 20, at(9, day=day))
        people.close(at(18, day=day), "17:00")
    assert people.kept.leak >= 0.8


def test_what_is_kept_is_there_again_and_damage_is_a_fresh_start(tmp_path):
    path = tmp_path / "gate.json"
    save(path, Kept(day="2026-11-23", entered=7, muted_until=5))
    assert load(path).entered == 7
    path.write_bytes(b"{")
    assert load(path) == Kept()
