import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.pace import (
    FIRST_ROWS,
    LEAST_ROWS,
    MOST_ROWS,
    Keepalive,
    Pace,
    first_wait,
)


def over(pace: Pace, bytes_a_second: float, round_trip: float, batches: int = 12) -> None:
    """Send batches, one after another, over a link of this kind."""
    pace.begin(round_trip)
    now = 0.0
    for _ in range(batches):
        size = pace.rows * (12 if pace.small else 50)
        pace.sent(1, size, now)
        now += round_trip + size / bytes_a_second
        pace.acknowledged(1, now)


def test_a_local_network_gets_large_batches_that_cost_little_time_to_make() -> None:
    pace = Pace()
    over(pace, 10_000_000, 0.002)
    assert pace.rows == MOST_ROWS
    assert not pace.small


@pytest.mark.parametrize(("rate", "trip"), [(1200, 0.8), (8000, 0.3), (2000, 0.05)])
def test_a_slow_link_gets_small_batches_in_few_bytes(rate: float, trip: float) -> None:
    pace = Pace()
    over(pace, rate, trip)
    assert pace.small
    assert pace.rows * 12 / rate <= 3.0


def test_a_far_link_that_is_wide_gets_large_batches() -> None:
    pace = Pace()
    over(pace, 1_000_000, 0.6)
    assert pace.rows == MOST_ROWS
    assert pace.window >= 2 * MOST_ROWS


def test_a_batch_that_nobody_acknowledges_goes_in_the_plain_code() -> None:
    pace = Pace()
    pace.begin(0.8)
    assert pace.small
    pace.sent(100, 1200, 0.0)
    pace.lost()
    assert not pace.small
    assert pace.rows == FIRST_ROWS // 4
    for n in range(3):
        pace.sent(100 + n, 500, float(n))
        pace.acknowledged(100 + n, n + 0.9)
    assert pace.small


def test_a_catalogue_that_differs_costs_few_batches_in_full_and_then_more() -> None:
    pace = Pace()
    pace.begin(0.8)
    assert pace.refers
    for wanted in (4, 8):
        pace.misread()
        count = 0
        while not pace.refers:
            pace.sent(1, 500, float(count))
            pace.acknowledged(1, count + 0.9)
            count += 1
        assert count == wanted
    assert pace.small


def test_a_province_that_is_switched_on_does_not_knock_at_once() -> None:
    waits = {first_wait(30_000, 5.0) for _ in range(50)}
    assert len(waits) > 40
    assert 0 <= min(waits) <= max(waits) <= 5.0
    assert first_wait(3_600_000, 5.0) == 0.0


def test_a_metered_link_is_always_spoken_to_in_few_bytes() -> None:
    pace = Pace(thrifty=True)
    over(pace, 10_000_000, 0.002)
    assert pace.small


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans(), st.integers(0, 10**6))))
def test_batches_are_never_empty_and_never_huge(story: list[tuple[float, bool, int]]) -> None:
    pace, now = Pace(), 0.0
    for n, (took, arrives, size) in enumerate(story):
        pace.sent(n, size, now)
        now += took
        if arrives:
            pace.acknowledged(n, now)
        else:
            pace.lost()
        assert LEAST_ROWS <= pace.rows <= MOST_ROWS


def test_silent_drops_make_pings_more_frequent_and_long_lives_less() -> None:
    keepalive = Keepalive(240)
    keepalive.ended(500.0, 1.0)  # heard until the end: the broker went away
    assert keepalive.seconds == 240
    keepalive.ended(500.0, 300.0)
    assert keepalive.seconds == 120
    for _ in range(9):
        keepalive.ended(500.0, 300.0)
    assert keepalive.seconds == 30
    for _ in range(20):
        keepalive.ended(7200.0, 1.0)
    assert keepalive.seconds == 240


def test_a_try_that_fails_says_nothing_of_the_carrier() -> None:
    keepalive = Keepalive(240)
    keepalive.ended(10.0, 10.0)
    assert keepalive.seconds == 240
