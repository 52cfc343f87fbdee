import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gate.beams import COUNTED, TABLE, Beam, Passages, Way, diagram


def walk(passages, *steps, pause=100, now=0):
    """Play levels such as ``A+`` (dark) and ``A-`` (light); return the directions counted."""
    counted = []
    for step in steps:
        now += pause
        passages.tick(now)
        counted.append(passages.change(step[0].lower(), step[1] == "+", now))
    return [one for one in counted if one], now


@pytest.mark.parametrize(
    ("steps", "counted"),
    [
        ("A+ B+ A- B-", ["in"]),
        ("B+ A+ B- A-", ["out"]),
        ("A+ A- B+ B-", ["in"]),
        ("B+ B- A+ A-", ["out"]),
        ("A+ A-", []),
        ("A+ B+ B- A-", []),
        ("A+ B+ A- A+ B- A-", []),
        ("A+ B+ A- A+ A- B-", ["in"]),
        ("A+ B+ A- B- B+ A+ B- A-", ["in", "out"]),
        ("A+ A+ B+ A- B- B-", ["in"]),
    ],
)
def test_the_order_of_the_beams_gives_the_way(steps, counted):
    passages = Passages()
    assert walk(passages, *steps.split())[0] == counted


def test_the_way_is_known_while_somebody_walks_and_a_moment_after():
    passages = Passages(gap_ms=1500)
    assert passages.direction(0) == ""
    passages.change("b", True, 100)
    assert (passages.direction(100), passages.busy) == ("out", True)
    _, now = walk(passages, "A+", "B-", "A-", now=100)
    assert not passages.busy
    assert passages.direction(now + 1499) == "out"
    assert passages.direction(now + 1500) == ""


def test_who_turns_back_between_the_beams_is_not_counted():
    passages = Passages(gap_ms=1500)
    _, now = walk(passages, "A+", "A-")
    passages.tick(now + 1500)
    assert passages.way is Way.CLEAR
    assert walk(passages, "B+", "B-", now=now + 1500)[0] == []


def test_a_beam_that_stays_dark_is_blocked_once_and_counts_nobody():
    passages = Passages(stuck_ms=10_000)
    passages.change("a", True, 0)
    assert not passages.tick(9_999)
    assert passages.tick(10_000)
    assert not passages.tick(10_001), "said once"
    assert walk(passages, "B+", "B-", now=10_100)[0] == []
    assert passages.blocked
    passages.change("a", False, 11_000)
    assert passages.way is Way.CLEAR
    assert walk(passages, "A+", "B+", "A-", "B-", now=11_000)[0] == ["in"]


levels = st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(0, 3000)))


@given(levels)
def test_whatever_the_beams_do_a_clear_gate_counts_again(story):
    passages, now = Passages(), 0
    for beam, dark, pause in story:
        now += pause
        passages.tick(now)
        passages.change(beam, dark, now)
    for beam in "ab":
        passages.change(beam, False, now)
    passages.tick(now + passages.gap_ms)
    assert passages.way is Way.CLEAR
    assert walk(passages, "A+", "B+", "A-", "B-", now=now + 5000)[0] == ["in"]


@given(levels)
def test_nobody_is_counted_without_passing_both_beams(story):
    passages, now, counted = Passages(), 0, 0
    dark_again = {"a": 0, "b": 0}
    for beam, dark, pause in story:
        now += pause
        passages.tick(now)
        dark_again[beam] += dark
        counted += bool(passages.change(beam, dark, now))
    assert counted <= min(dark_again.values())


def test_an_event_that_is_not_in_the_table_changes_nothing():
    for way, row in TABLE.items():
        for beam in set(Beam) - set(row):
            passages = Passages(way=way)
            passages._go(beam, 0)
            assert passages.way is way


def test_every_way_is_drawn_and_has_a_way_out():
    assert set(TABLE) == set(Way)
    assert all(TABLE.values())
    assert set(COUNTED) <= {(way, beam) for way, row in TABLE.items() for beam in row}
    for way, row in TABLE.items():
        for beam, goes_to in row.items():
            assert f"    {way} --> {goes_to}: {beam}" in diagram()
