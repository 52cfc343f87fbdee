"""How full a bin is: items counted since it was emptied, corrected by sensors, kept over power cuts."""

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

STEPS = (25, 50, 75, 90, 100)
"""Levels in percent at which the console hears of it."""


@dataclass(slots=True)
class Bin:
    """One bin. ``capacity``: items that fill it; ``file`` keeps the count (it is only a count)."""

    capacity: int
    file: Path
    items: int = 0
    half: bool = False
    full: bool = False
    told: int = -1

    def load(self) -> None:
        """Take the count from the file; a missing or damaged file counts from 0."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            self.items = max(0, int(json.loads(self.file.read_text())["items"]))
        self.told = self.step

    def add(self) -> None:
        """One item fell in."""
        self.items += 1
        self._save()

    def empty(self) -> int:
        """The bin was emptied; return how many items were in it."""
        count, self.items, self.told = self.items, 0, 0
        self._save()
        return count

    @property
    def percent(self) -> int:
        """The best guess: only the sensor says full, it is never less than the sensors say."""
        if self.full:
            return 100
        return max(min(99, 100 * self.items // self.capacity), 50 if self.half else 0)

    @property
    def step(self) -> int:
        """The highest of STEPS that is reached, 0 below the first."""
        return max((step for step in STEPS if self.percent >= step), default=0)

    def news(self) -> bool:
        """Return whether another step was reached since this was last asked."""
        told, self.told = self.told, self.step
        return told != self.step

    def _save(self) -> None:
        fresh = self.file.with_suffix(".new")
        with contextlib.suppress(OSError):
            with fresh.open("w") as file:
                json.dump({"items": self.items}, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.file)
