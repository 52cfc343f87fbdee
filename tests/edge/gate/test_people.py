from edge.gate.people import People
from edge.wire.facts import GateCount

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
