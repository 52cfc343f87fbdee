"""All machines of a province knock at one broker: the real pauses in virtual time, no sleeping.

The broker answers one call after the other. Whoever waits too long hangs up, and the broker finds
out only when it has done the work all the same: the worst that handshakes can cost.
"""

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

import pytest

from edge.uplink.link import PATIENCE
from edge.uplink.pace import BUSY, Pauses, first_wait

MOST, SPREAD = 30.0, 5.0
"""``retry_max`` and ``boot_spread`` as they are unless set otherwise."""
ENOUGH = 3600.0
SECONDS = 0.02
"""A handshake with certificates at a small centre; a resumed one takes a fraction."""


@dataclass
class Province:
    """``there``: when the broker begins to serve. Times are seconds."""

    machines: int
    there: float
    seconds: float = SECONDS
    minds: bool = True
    in_: list[float] = field(default_factory=list)
    knocks: Counter[int] = field(default_factory=Counter)
    in_vain: int = 0

    def live(self, begin: list[float]) -> "Province":
        """Let each machine try from its time on, until it is in or an hour has passed."""
        pauses = [Pauses(MOST) for _ in begin]
        order, free = count(), self.there
        due = [(at, next(order), who) for who, at in enumerate(begin)]
        heapq.heapify(due)
        while due and due[0][0] < self.there + ENOUGH:
            at, _, who = heapq.heappop(due)
            ended, busy = at + 0.05, False
            if at >= self.there:
                self.knocks[int(at)] += 1
                free = max(at, free) + self.seconds
                if free - at <= PATIENCE:
                    self.in_.append(free - self.there)
                    continue
                ended, busy, self.in_vain = at + PATIENCE, self.minds, self.in_vain + 1
            again = ended + pauses[who].after(ended - at, busy=busy)
            heapq.heappush(due, (again, next(order), who))
        return self

    @property
    def all_in(self) -> bool:
        return len(self.in_) == self.machines

    @property
    def busiest(self) -> int:
        """Knocks in the busiest second."""
        return max(self.knocks.values())


@pytest.fixture(autouse=True)
def _dice():
    state = random.getstate()
    random.seed(2026)
    yield
    random.setstate(state)


def switched_on(machines: int) -> list[float]:
    """The power comes back: a Pi needs half a minute, one a little more than the other."""
    boots = [random.gauss(35, 4) for _ in range(machines)]
    return [boot + first_wait(int(boot * 1000), SPREAD) for boot in boots]


def lost_at_once(machines: int) -> list[float]:
    """A broker ends: everybody who was connected for long hears it in the same moment."""
    return [Pauses(MOST).after(3600.0) for _ in range(machines)]


def test_after_a_power_cut_of_a_province_all_are_in_soon_and_nobody_knocks_in_vain():
    province = Province(700, there=90.0).live(switched_on(700))
    assert province.all_in
    assert max(province.in_) <= MOST + 5
    assert province.in_vain == 0
    assert province.busiest < 700 / 10


def test_a_centre_that_was_first_on_its_feet_meets_them_one_after_the_other():
    province = Province(700, there=0.0).live(switched_on(700))
    assert province.all_in
    assert province.in_vain == 0
    assert province.busiest < 700 / 5


@pytest.mark.parametrize("away", [2.0, 60.0, 600.0])
def test_after_a_restart_of_the_broker_all_are_back_within_the_longest_pause(away):
    province = Province(700, there=away).live(lost_at_once(700))
    assert province.all_in
    assert max(province.in_) <= MOST + 5
    assert province.in_vain == 0


@pytest.mark.parametrize("begin", [lost_at_once, switched_on])
def test_more_machines_than_a_weak_broker_can_greet_get_in_all_the_same(begin):
    province = Province(2000, there=100.0, seconds=0.045).live(begin(2000))
    assert province.in_vain, "the broker was not too weak"
    assert province.all_in


def test_without_minding_that_it_has_no_time_they_would_keep_each_other_out():
    province = Province(2000, there=100.0, seconds=0.045, minds=False).live(lost_at_once(2000))
    assert not province.all_in


def test_pauses_grow_are_never_alike_and_begin_anew_after_a_good_connection():
    pauses = Pauses(MOST)
    first = [pauses.after(0.0) for _ in range(20)]
    assert first[0] <= 0.5 < max(first) <= MOST
    assert len(set(first)) == 20
    assert MOST / 5 <= pauses.after(0.0, busy=True) <= MOST
    assert max(pauses.after(0.0, busy=True) for _ in range(50)) <= BUSY * MOST
    assert max(pauses.after(0.0) for _ in range(50)) <= MOST
    assert pauses.after(11.0) <= 0.5
