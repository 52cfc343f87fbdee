"""What a seed does to the world: visits and faults at their times, each with dice of its own.

An action that is left out changes nothing of the others, so that a failing plan can be made short.
"""

import random
from dataclasses import dataclass
from typing import Any

VISITS = {"borrow": 8, "give_back": 6, "borrow_crash": 4, "give_back_crash": 3, "gate": 2}
FAULTS = {
    "crash": 4, "power": 4, "part": 6, "part_site": 2, "part_centre": 2, "weather": 4,
    "broker": 4, "deny": 3, "clock": 4, "full": 2, "unplug": 2, "image": 2, "restore": 2,
    "clone": 1, "gateway_crash": 4, "backup": 1, "backup_restore": 1, "leap": 3, "staff": 3,
}  # fmt: skip

STICKS, LAYS, FULLS, SPOILS = 1000, 2000, 3000, 4000
"""The numbers of the first trip with a stick, of the first time that staff lay books down, of the first
time that the centre's disk is full, and of the first bit that a strange tool sets wrong."""


@dataclass(frozen=True)
class Action:
    """One thing that happens: what, when (virtual seconds), and its dice."""

    number: int
    kind: str
    at: float
    dice: str

    def rolls(self) -> random.Random:
        return random.Random(self.dice)


def plan(seed: int, only: "dict[str, int] | None" = None) -> list[Action]:
    """Return the actions of a seed in the order of their times; ``only``: no faults but these."""
    dice = random.Random(f"plan {seed}")
    length = dice.uniform(60, 240)
    kinds = _some(dice, VISITS, dice.randint(14, 34))
    faults = dict(only or FAULTS)
    for kind in dice.sample(sorted(faults), 0 if only else dice.randint(0, 8)):
        del faults[kind]  # each seed leaves some faults out, and so has more of the others
    kinds += _some(dice, faults, dice.randint(4, 16))
    times = sorted((dice.uniform(3, length), kind) for kind in kinds)
    found = [Action(n, kind, at, f"{seed} {n}") for n, (at, kind) in enumerate(times)]
    found += _more(seed, length, "stick", STICKS)
    found += _more(seed, length, "lay", LAYS)
    if only is None or "centre_full" in only:
        found += _more(seed, length, "centre_full", FULLS)
    found += _more(seed, length, "spoil", SPOILS)
    return sorted(found, key=lambda action: action.at)


def _more(seed: int, length: float, kind: str, first: int) -> list[Action]:
    """Return actions with dice of their own, so that they change nothing of the others."""
    dice = random.Random(f"{kind} {seed}")
    some = range(dice.choice((0, 0, 1, 2, 4)))
    times = sorted(dice.uniform(20, length) for _ in some)
    return [Action(first + n, kind, at, f"{seed} {kind} {n}") for n, at in enumerate(times)]


def _some(dice: random.Random, weights: dict[str, int], count: int) -> list[Any]:
    return dice.choices(list(weights), list(weights.values()), k=count)
