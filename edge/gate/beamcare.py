"""Finds beams that want cleaning or lining up, from how they are interrupted. Pure."""

from dataclasses import dataclass, field
from typing import Literal

FLICKER_MS = 25
"""No person is so quick: a beam dark for less is dust, an insect, or a loose cable."""
FLICKERS, WITHIN_MS = 20, 600_000
ONE_SIDED = 30
"""So many interruptions of one beam and none of the other: the other sees nobody."""

Reason = Literal["beam_dirty", "beam_blind"]


@dataclass(slots=True)
class BeamCare:
    """Follows both beams; times are ms of a clock that never goes back."""

    _since: dict[str, int] = field(default_factory=dict)
    _flickers: list[int] = field(default_factory=list)
    _alone: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})

    def change(self, beam: Literal["a", "b"], dark: bool, now: int) -> None:
        """Take a beam's change."""
        if dark:
            self._since[beam] = now
            return
        since = self._since.pop(beam, None)
        if since is None:
            return
        if now - since < FLICKER_MS:
            self._flickers = [*self._flickers[-FLICKERS:], now]
            return
        self._alone[beam] += 1
        self._alone["b" if beam == "a" else "a"] = 0

    def found(self, now: int) -> set[Reason]:
        """Return what is wrong now."""
        wrong: set[Reason] = set()
        if sum(now - at < WITHIN_MS for at in self._flickers) >= FLICKERS:
            wrong.add("beam_dirty")
        if max(self._alone.values()) >= ONE_SIDED:
            wrong.add("beam_blind")
        return wrong
