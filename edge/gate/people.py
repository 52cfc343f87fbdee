"""People counted at a gate: what is not journaled yet, and the day's numbers for the console.

Nobody is inside when the library has been closed for a while. What the counter says then is its
error: it is recorded with the day, and the estimate of those inside allows for it from then on.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from edge.gate.beams import Direction
from edge.gate.memory import Kept
from edge.wire.facts import GateCount, GateDay

BUCKET_MS = 15 * 60_000
GRACE = timedelta(minutes=30)
"""So long after closing everybody has gone."""
ENOUGH = 20
"""People that a day needs before something is learned from it."""
LEARN = 0.2
LEAST, MOST = 0.8, 1.25
"""A counter that errs more than this is broken, and not to be corrected."""


@dataclass(slots=True)
class People:
    """Counts passages; ``since`` (ms) is when the present interval began."""

    gate: str
    zone: str
    since: int
    kept: Kept = field(default_factory=Kept)
    bucket_ms: int = BUCKET_MS
    _waiting: dict[str, int] = field(default_factory=lambda: {"in": 0, "out": 0})

    def passed(self, direction: Direction, now: int) -> None:
        """Count a person; the day's numbers begin anew at local midnight."""
        if direction:
            self.counted(int(direction == "in"), int(direction == "out"), now)

    def counted(self, entered: int, left: int, now: int) -> None:
        """Count people that a counter of its own saw."""
        self._turn(now)
        self._waiting["in"] += entered
        self._waiting["out"] += left
        self.kept.entered += entered
        self.kept.left += left

    def alarmed(self, now: int) -> None:
        """Count an alarm."""
        self._turn(now)
        self.kept.alarms += 1

    def due(self, now: int) -> bool:
        """Say whether the interval is over: intervals end on full quarters of an hour."""
        return now // self.bucket_ms > self.since // self.bucket_ms

    def take(self, now: int) -> GateCount | None:
        """Return what was counted since the last time, None if nobody passed."""
        counted, since = self._waiting, self.since
        self._waiting, self.since = {"in": 0, "out": 0}, now
        if not any(counted.values()):
            return None
        return GateCount(gate=self.gate, entered=counted["in"], left=counted["out"], since=since)

    def close(self, now: int, closes: str) -> GateDay | None:
        """Settle the day once it is over by the library's hours (``HH:MM``); None: not now."""
        at = datetime.fromtimestamp(now / 1000, ZoneInfo(self.zone))
        hour, _, minute = closes.partition(":")
        end = at.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0) + GRACE
        day, kept = at.date().isoformat(), self.kept
        if at < end or kept.closed == day or kept.day != day:
            return None
        kept.closed = day
        fact = GateDay(
            gate=self.gate,
            entered=kept.entered,
            left=kept.left,
            since=int(at.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000),
        )
        if min(kept.entered, kept.left) >= ENOUGH:
            seen = min(MOST, max(LEAST, kept.left / kept.entered))
            kept.leak += LEARN * (seen - kept.leak)
        return fact if kept.entered or kept.left else None

    def inside(self) -> int:
        """Return how many are inside by estimate; nobody is after the closing was settled."""
        kept = self.kept
        if kept.closed and kept.closed == kept.day:
            return 0
        return max(0, round(kept.entered - kept.left / kept.leak))

    def hour(self, now: int) -> int:
        """Return the hour of the day."""
        return datetime.fromtimestamp(now / 1000, ZoneInfo(self.zone)).hour

    def numbers(self, now: int) -> dict[str, float]:
        """Return today's figures; ``inside`` is an estimate and never below 0."""
        self._turn(now)
        return {
            "entered": self.kept.entered,
            "left": self.kept.left,
            "inside": self.inside(),
            "alarms": self.kept.alarms,
        }

    def _turn(self, now: int) -> None:
        day = datetime.fromtimestamp(now / 1000, ZoneInfo(self.zone)).date().isoformat()
        if day != self.kept.day:
            self.kept.day, self.kept.entered, self.kept.left, self.kept.alarms = day, 0, 0, 0
