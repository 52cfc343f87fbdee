"""People counted at a gate: what is not journaled yet, and the day's numbers for the console."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from edge.gate.beams import Direction
from edge.wire.facts import GateCount


@dataclass(slots=True)
class People:
    """Counts passages; ``since`` (ms) is when the present interval began."""

    gate: str
    zone: str
    since: int
    alarms: int = 0
    _waiting: dict[str, int] = field(default_factory=lambda: {"in": 0, "out": 0})
    _today: dict[str, int] = field(default_factory=lambda: {"in": 0, "out": 0})
    _day: str = ""

    def passed(self, direction: Direction, now: int) -> None:
        """Count a person; the day's numbers begin anew at local midnight."""
        if not direction:
            return
        self._turn(now)
        self._waiting[direction] += 1
        self._today[direction] += 1

    def counted(self, entered: int, left: int, now: int) -> None:
        """Count people that a counter of its own saw."""
        self._turn(now)
        for direction, count in (("in", entered), ("out", left)):
            self._waiting[direction] += count
            self._today[direction] += count

    def alarmed(self, now: int) -> None:
        """Count an alarm."""
        self._turn(now)
        self.alarms += 1

    def take(self, now: int) -> GateCount | None:
        """Return what was counted since the last time, None if nobody passed."""
        counted, since = self._waiting, self.since
        self._waiting, self.since = {"in": 0, "out": 0}, now
        if not any(counted.values()):
            return None
        return GateCount(gate=self.gate, entered=counted["in"], left=counted["out"], since=since)

    def numbers(self, now: int) -> dict[str, float]:
        """Return today's figures; ``inside`` is an estimate and never below 0."""
        self._turn(now)
        came, went = self._today["in"], self._today["out"]
        return {
            "entered": came,
            "left": went,
            "inside": max(0, came - went),
            "alarms": self.alarms,
        }

    def _turn(self, now: int) -> None:
        day = datetime.fromtimestamp(now / 1000, ZoneInfo(self.zone)).date().isoformat()
        if day != self._day:
            self._day, self._today, self.alarms = day, {"in": 0, "out": 0}, 0
