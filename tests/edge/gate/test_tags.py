import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gate.tags import TABLE, LetPass, Record, Ring, Rule, Stage, Step, Tags, diagram


def test_an_armed_tag_rings_at_once_and_is_recorded_with_its_direction():
    tags = Tags(Rule())
    assert tags.seen("E0", 0, "", item="B1") == [Ring("E0", "B1")]
    assert tags.tick(300, "") == []
    assert tags.tick(400, "out") == [Record("E0", "B1", "out")]
    assert tags.tick(500, "out") == []


def test_a_known_direction_is_recorded_at_once():
    assert Tags(Rule()).seen("E0", 0, "out") == [Ring("E0", None), Record("E0", None, "out")]


def test_a_direction_that_stays_unknown_is_recorded_as_such():
    tags = Tags(Rule(direction_ms=700))
    tags.seen("E0", 0, "")
    assert tags.tick(699, "") == []
    assert tags.tick(700, "") == [Record("E0", None, "")]


def test_a_gate_that_stops_records_what_still_waits():
    tags = Tags(Rule())
    tags.seen("E0", 0, "")
    assert tags.flush() == [Record("E0", None, "")]
    assert tags.flush() == []


def test_a_tag_rings_once_until_it_was_absent():
    tags = Tags(Rule(absence_ms=5000))
    rings = []
    for now in range(0, 20_000, 1000):
        rings += [e for e in tags.seen("E0", now, "out") if isinstance(e, Ring)]
        tags.tick(now, "out")
    assert len(rings) == 1
    tags.tick(24_000, "")
    assert "E0" not in tags
    assert Ring("E0", None) in tags.seen("E0", 24_001, "")


def test_several_sightings_within_the_window_make_sure():
    tags = Tags(Rule(sightings=3, window_ms=1000))
    assert tags.seen("E0", 0, "out") == []
    assert tags.seen("E0", 600, "out") == []
    assert tags.seen("E0", 1100, "out") == [], "the first is too old"
    assert tags.seen("E0", 1200, "out")[0] == Ring("E0", None)


def test_a_single_stray_sighting_is_forgotten():
    tags = Tags(Rule(sightings=2, absence_ms=5000))
    tags.seen("E0", 0, "")
    assert tags.tick(5000, "") == []
    assert tags.present == 0


def test_an_excused_tag_passes_and_is_recorded_once():
    tags = Tags(Rule())
    assert tags.seen("E0", 0, "out", item="B1", excuse="on_loan") == [
        LetPass("E0", "B1", "on_loan")
    ]
    assert tags.seen("E0", 100, "out") == []


def test_a_gate_that_alarms_on_leaving_waits_for_the_way():
    tags = Tags(Rule(alarm_on="out", direction_ms=700))
    assert tags.seen("E0", 0, "") == []
    assert tags.tick(300, "out") == [Ring("E0", None), Record("E0", None, "out")]


def test_a_gate_that_alarms_on_leaving_lets_enter_and_rings_when_the_same_tag_leaves():
    tags = Tags(Rule(alarm_on="out"))
    assert tags.seen("E0", 0, "in") == [LetPass("E0", None, "entering")]
    assert tags.seen("E0", 1000, "in") == []
    assert tags.seen("E0", 2000, "out") == [Ring("E0", None), Record("E0", None, "out")]


def test_who_cannot_be_told_to_enter_is_taken_to_leave():
    tags = Tags(Rule(alarm_on="out", direction_ms=700))
    tags.seen("E0", 0, "")
    assert Ring("E0", None) in tags.tick(700, "")


def test_every_stage_is_drawn():
    assert set(TABLE) == set(Stage)
    for stage, row in TABLE.items():
        for step, goes_to in row.items():
            assert f"    {stage} --> {goes_to}: {step}" in diagram()


@pytest.mark.parametrize("stage", Stage)
def test_a_step_that_is_not_in_the_table_changes_nothing(stage):
    tags = Tags(Rule(sightings=2))
    tags.seen("E0", 0, "")
    tag = tags._tags["E0"]
    for step in set(Step) - set(TABLE[stage]):
        tag.stage = stage
        assert not tags._step(tag, step)
        assert tag.stage is stage


sightings = st.lists(
    st.tuples(
        st.sampled_from(["E0", "E1"]), st.integers(0, 4000), st.sampled_from(["in", "out", ""])
    )
)


@given(sightings, st.sampled_from(["any", "out"]), st.integers(1, 3))
def test_every_ring_is_recorded_exactly_once(story, alarm_on, count):
    tags, now, effects = Tags(Rule(alarm_on=alarm_on, sightings=count)), 0, []
    for uid, pause, direction in story:
        now += pause
        effects += tags.tick(now, direction)
        effects += tags.seen(uid, now, direction)
    effects += tags.flush()
    for uid in ("E0", "E1"):
        mine = [type(e) for e in effects if e.uid == uid and not isinstance(e, LetPass)]
        assert mine == [Ring, Record] * (len(mine) // 2)
