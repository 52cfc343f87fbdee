"""How full the bins are, and which one takes the next item.

Items are counted since a bin was emptied, corrected by sensors, and kept over power cuts.
"""

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.drop.options import BinOptions
from edge.files import write_whole

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

    def add(self, count: int = 1) -> None:
        """Items fell in; -1: one that was counted did not."""
        self.items = max(0, self.items + count)
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
        with contextlib.suppress(OSError):
            write_whole(self.file, json.dumps({"items": self.items}).encode())


class Bins:
    """All bins of a drop and the lines that tell of them."""

    def __init__(self, options: Mapping[str, BinOptions], folder: Path, drop: str) -> None:
        self.options = options
        alone = len(options) == 1
        self._bins = {
            name: Bin(one.capacity, folder / f"bin-{drop if alone else f'{drop}-{name}'}.json")
            for name, one in options.items()
        }
        self._doors: set[str] = set()
        self._opened: set[str] = set()
        for one in self._bins.values():
            one.load()

    def __getitem__(self, name: str) -> Bin:
        """Return a bin by its name."""
        return self._bins[name]

    @property
    def names(self) -> list[str]:
        """The bins in the order of the configuration."""
        return list(self._bins)

    @property
    def lines(self) -> set[str]:
        """The board's inputs that :meth:`note` wants to hear of."""
        found = {line for one in self.options.values() for line in (one.full, one.half, one.door)}
        return found - {""}

    @property
    def full(self) -> bool:
        """Whether no bin takes anything."""
        return all(one.full for one in self._bins.values())

    @property
    def door(self) -> bool:
        """Whether some door stands open."""
        return bool(self._doors)

    def note(self, line: str, active: bool) -> list[str]:
        """A line changed; return the bins whose level it tells of."""
        told = []
        for name, one in self.options.items():
            if line == one.full:
                self._bins[name].full = active
                told.append(name)
            elif line == one.half:
                self._bins[name].half = active
                told.append(name)
            elif line == one.door and active:
                self._opened.add(name)
        if any(line == one.door for one in self.options.values()):
            (self._doors.add if active else self._doors.discard)(line)
        return told

    def emptied(self) -> dict[str, int]:
        """Return the bins that were emptied since the last call, and how many items each had.

        A door was open and is shut, and no sensor says that the bin is full still.
        """
        done = [
            name
            for name in self.names
            if name in self._opened
            and self.options[name].door not in self._doors
            and not self._bins[name].full
        ]
        self._opened -= set(done)
        return {name: self._bins[name].empty() for name in done}

    def taking(self, wanted: Iterable[str]) -> str:
        """Return the first of these bins that is not full, else any other; empty: none takes it."""
        order = [*wanted, *self.names]
        return next((one for one in order if one in self._bins and not self._bins[one].full), "")
