"""When a gate behaves otherwise: at night, in a school's break, by a table of hours. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Mode = Literal["ring", "lamp", "record"]
"""``ring``: lamp and buzzer; ``lamp``: no sound; ``record``: neither, alarms are only recorded."""

_ROW = re.compile(r"(\w+) (\d\d):(\d\d)-(\d\d):(\d\d)(?: ([0-6])(?:-([0-6]))?)?\Z")


@dataclass(frozen=True, slots=True)
class Hours:
    """A row: ``mode`` from one minute of the day to another, on weekdays (0: Monday)."""

    mode: Mode
    start: int
    end: int
    first: int = 0
    last: int = 6

    def holds(self, weekday: int, minute: int) -> bool:
        """Say whether the row is in force; hours over midnight belong to the day they begin on."""
        if self.start <= self.end:
            return self.first <= weekday <= self.last and self.start <= minute < self.end
        if minute >= self.start:
            return self.first <= weekday <= self.last
        return minute < self.end and self.first <= (weekday - 1) % 7 <= self.last


def read(text: str) -> Hours:
    """Return a row written as ``lamp 22:00-06:00`` or ``record 12:00-13:00 0-4``.

    Raises ValueError with what is wrong.
    """
    match = _ROW.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not like 'lamp 22:00-06:00' or 'record 12:00-13:00 0-4'")
    mode, *numbers = match.groups()
    if mode not in get_args(Mode):
        raise ValueError(f"{mode!r} is none of {', '.join(get_args(Mode))}")
    h1, m1, h2, m2 = (int(one) for one in numbers[:4])
    if max(h1, h2) > 23 or max(m1, m2) > 59:
        raise ValueError(f"{text!r} names a time that is not on a clock")
    first = 0 if numbers[4] is None else int(numbers[4])
    last = 6 if numbers[4] is None else first if numbers[5] is None else int(numbers[5])
    return Hours(mode, h1 * 60 + m1, h2 * 60 + m2, first, last)  # type: ignore[arg-type]


def mode_at(rows: list[Hours], now_ms: int, zone: str) -> Mode:
    """Return how the gate behaves at a time; the first row that holds counts."""
    at = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone))
    minute = at.hour * 60 + at.minute
    return next((row.mode for row in rows if row.holds(at.weekday(), minute)), "ring")
