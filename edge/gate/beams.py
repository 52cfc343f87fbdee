"""Two light beams across a gate tell which way a person walks. Pure: a table, levels and times.

``A`` is the beam on the street side, ``B`` the one inside. ``A`` then ``B`` is *in*.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Direction = Literal["in", "out", ""]


class Way(StrEnum):
    """Where a person is between the beams, and from which side they came."""

    CLEAR = "clear"
    IN_AT_A = "in_at_a"
    IN_BETWEEN = "in_between"
    IN_BOTH = "in_both"
    IN_AT_B = "in_at_b"
    OUT_AT_B = "out_at_b"
    OUT_BETWEEN = "out_between"
    OUT_BOTH = "out_both"
    OUT_AT_A = "out_at_a"
    BLOCKED = "blocked"


class Beam(StrEnum):
    """What happens to the beams.

    ``GAP_OVER``: nobody came out between them; ``STUCK``: a beam has been dark for too long;
    ``ALL_CLEAR``: light on both again after that.
    """

    A_DARK = "a_dark"
    A_LIGHT = "a_light"
    B_DARK = "b_dark"
    B_LIGHT = "b_light"
    GAP_OVER = "gap_over"
    STUCK = "stuck"
    ALL_CLEAR = "all_clear"


_STUCK = {Beam.STUCK: Way.BLOCKED}

TABLE: dict[Way, dict[Beam, Way]] = {
    Way.CLEAR: {Beam.A_DARK: Way.IN_AT_A, Beam.B_DARK: Way.OUT_AT_B},
    Way.IN_AT_A: {Beam.B_DARK: Way.IN_BOTH, Beam.A_LIGHT: Way.IN_BETWEEN} | _STUCK,
    Way.IN_BETWEEN: {
        Beam.B_DARK: Way.IN_AT_B, Beam.A_DARK: Way.IN_AT_A, Beam.GAP_OVER: Way.CLEAR,
    },
    Way.IN_BOTH: {Beam.A_LIGHT: Way.IN_AT_B, Beam.B_LIGHT: Way.IN_AT_A} | _STUCK,
    Way.IN_AT_B: {Beam.B_LIGHT: Way.CLEAR, Beam.A_DARK: Way.IN_BOTH} | _STUCK,
    Way.OUT_AT_B: {Beam.A_DARK: Way.OUT_BOTH, Beam.B_LIGHT: Way.OUT_BETWEEN} | _STUCK,
    Way.OUT_BETWEEN: {
        Beam.A_DARK: Way.OUT_AT_A, Beam.B_DARK: Way.OUT_AT_B, Beam.GAP_OVER: Way.CLEAR,
    },
    Way.OUT_BOTH: {Beam.B_LIGHT: Way.OUT_AT_A, Beam.A_LIGHT: Way.OUT_AT_B} | _STUCK,
    Way.OUT_AT_A: {Beam.A_LIGHT: Way.CLEAR, Beam.B_DARK: Way.OUT_BOTH} | _STUCK,
    Way.BLOCKED: {Beam.ALL_CLEAR: Way.CLEAR},
}  # fmt: skip
"""Where each event leads; an event that is not named changes nothing."""

COUNTED: dict[tuple[Way, Beam], Direction] = {
    (Way.IN_AT_B, Beam.B_LIGHT): "in",
    (Way.OUT_AT_A, Beam.A_LIGHT): "out",
}
"""The two steps that end a passage."""


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for the manual."""
    rows = [f"    {a} --> {b}: {e}" for a, row in TABLE.items() for e, b in row.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> clear", *rows])


@dataclass(slots=True)
class Passages:
    """Follows the beams; times are milliseconds of a clock that never goes back."""

    gap_ms: int = 1500
    stuck_ms: int = 10_000
    way: Way = Way.CLEAR
    _dark: dict[str, int] = field(default_factory=dict)
    _since: int = 0
    _last: tuple[Direction, int] = ("", 0)

    def change(self, beam: Literal["a", "b"], dark: bool, now: int) -> Direction:
        """Take a beam's change; return the direction when it ends a passage, else nothing."""
        if dark == (beam in self._dark):
            return ""
        if dark:
            self._dark[beam] = now
        else:
            del self._dark[beam]
        if self.way is Way.BLOCKED:
            if not self._dark:
                self._go(Beam.ALL_CLEAR, now)
            return ""
        return self._go(Beam(f"{beam}_{'dark' if dark else 'light'}"), now)

    def tick(self, now: int) -> bool:
        """Let time pass; return True at the moment the beams are found blocked."""
        if self.way in (Way.IN_BETWEEN, Way.OUT_BETWEEN) and now - self._since >= self.gap_ms:
            self._go(Beam.GAP_OVER, now)
        stuck = any(now - since >= self.stuck_ms for since in self._dark.values())
        if not stuck or self.way is Way.BLOCKED:
            return False
        self._go(Beam.STUCK, now)
        return self.blocked

    @property
    def busy(self) -> bool:
        """Whether somebody is in the gate."""
        return self.way not in (Way.CLEAR, Way.BLOCKED)

    @property
    def blocked(self) -> bool:
        """Whether a beam has been dark for too long."""
        return self.way is Way.BLOCKED

    def direction(self, now: int) -> Direction:
        """Return which way somebody walks now, or walked a moment ago."""
        if self.busy:
            return "in" if self.way.startswith("in_") else "out"
        walked, when = self._last
        return walked if walked and now - when < self.gap_ms else ""

    def _go(self, event: Beam, now: int) -> Direction:
        counted = COUNTED.get((self.way, event), "")
        goes_to = TABLE[self.way].get(event)
        if goes_to is not None:
            self.way, self._since = goes_to, now
        if counted:
            self._last = (counted, now)
        return counted
