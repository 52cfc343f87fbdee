from hypothesis import given
from hypothesis import strategies as st

from edge.clock import BUILT_MS, Clock, kernel_is_synced, new_boot

NOW = 1_795_000_000.0


class Hands:
    """A wall clock and a monotonic clock that a test moves."""

    def __init__(self, wall: float = NOW, synced: bool = False) -> None:
        self.wall, self.mono, self.synced = wall, 100.0, synced
        self.clock = Clock(lambda: self.wall, lambda: self.mono, "boot-1", lambda: self.synced)

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds


def test_a_plausible_clock_that_nobody_confirmed_is_holdover() -> None:
    stamp = Hands().clock.stamp()
    assert (stamp.wall, stamp.clock, stamp.boot) == (int(NOW * 1000), "holdover", "boot-1")
    assert stamp.unc >= 60_000


def test_a_clock_held_by_ntp_is_synced_and_sure() -> None:
    stamp = Hands(synced=True).clock.stamp()
    assert stamp.clock == "synced"
    assert stamp.unc < 1000


def test_a_clock_that_somebody_sets_is_no_more_believed_because_ntp_held_it_just_now() -> None:
    hands = Hands(synced=True)
    assert hands.clock.stamp().clock == "synced"
    hands.wall, hands.synced = hands.wall + 3600, False
    assert hands.clock.stamp().clock == "holdover"


def test_a_clock_of_1970_is_unset_and_gives_the_time_of_the_newest_fact() -> None:
    hands = Hands(wall=12.0)
    assert hands.clock.stamp().clock == "unset"
    assert hands.clock.now_ms() >= BUILT_MS
    hands.clock.not_before(int(NOW * 1000))
    hands.pass_time(5)
    assert hands.clock.now_ms() == int(NOW * 1000) + 5000
    assert hands.clock.stamp().unc > 12 * 3_600_000


def test_the_centre_mends_a_clock_that_stands_in_1970() -> None:
    hands = Hands(wall=12.0)
    hands.clock.learn(int(NOW * 1000), rtt_ms=100)
    hands.pass_time(10)
    stamp = hands.clock.stamp()
    assert stamp.wall == int(NOW * 1000) + 50 + 10_000
    assert stamp.clock == "synced"
    assert 50 <= stamp.unc <= 60


def test_a_clock_that_was_ahead_is_put_right_in_another_reckoning_of_its_boot() -> None:
    hands = Hands(wall=NOW + 5 * 86_400)
    ahead = hands.clock.stamp()
    assert (ahead.boot, ahead.clock) == ("boot-1", "holdover")
    hands.wall, hands.mono, hands.synced = NOW + 1, 101.0, True
    right = hands.clock.stamp()
    assert (right.wall, right.boot, right.clock) == (int((NOW + 1) * 1000), "boot-1+1", "synced")
    assert (right.mono, right.unc) == (101_000, 50)
    hands.pass_time(5)
    assert hands.clock.stamp().boot == "boot-1+1"


def test_a_fact_stamped_in_the_future_does_not_beat_the_centre() -> None:
    hands = Hands()
    hands.clock.not_before(int(NOW * 1000) + 86_400_000)
    hands.clock.learn(int(NOW * 1000), rtt_ms=0)
    assert hands.clock.now_ms() == int(NOW * 1000)


def test_a_step_of_the_wall_clock_does_not_move_a_time_learned_from_the_centre() -> None:
    hands = Hands()
    hands.clock.learn(int(NOW * 1000) + 7000, rtt_ms=0)
    hands.wall += 100_000
    assert hands.clock.now_ms() == int(NOW * 1000) + 7000


def test_time_stands_still_when_the_wall_clock_is_put_back() -> None:
    hands = Hands()
    before = hands.clock.now_ms()
    hands.wall -= 3600
    stamp = hands.clock.stamp()
    assert stamp.wall == before
    assert stamp.unc >= 3_600_000


def test_a_worse_answer_does_not_replace_a_better_one() -> None:
    hands = Hands()
    hands.clock.learn(int(NOW * 1000), rtt_ms=10)
    hands.clock.learn(int(NOW * 1000) + 900, rtt_ms=2000)
    assert hands.clock.now_ms() == int(NOW * 1000) + 5


def test_nonsense_from_the_centre_is_not_learned() -> None:
    hands = Hands()
    hands.clock.learn(0, rtt_ms=5)
    assert hands.clock.state() == "holdover"


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e5)), max_size=30))
def test_time_never_runs_backwards_whatever_the_wall_clock_does(
    steps: list[tuple[float, float]],
) -> None:
    hands = Hands()
    last = 0
    for jump, passed in steps:
        hands.wall += jump
        hands.pass_time(passed)
        stamp = hands.clock.stamp()
        assert stamp.wall >= last
        assert stamp.unc >= 0
        last = stamp.wall


def test_every_process_has_its_own_boot_id() -> None:
    assert new_boot() != new_boot()
    assert kernel_is_synced() in (True, False)
