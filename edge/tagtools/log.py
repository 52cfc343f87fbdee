"""What a conversion line leaves behind: counts, and one line of CSV for each tag."""

import csv
import datetime
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One tag, or one code that came to nothing. ``result`` is a word that can be counted."""

    item: str
    uid: str
    result: str
    format: str = ""
    blocks: int = 0
    seconds: float = 0.0
    detail: str = ""


GOOD = frozenset(("written", "unchanged", "resumed", "would_write"))


class Log:
    """Counts rows and, with a file, appends each one at once: a power cut loses none."""

    def __init__(
        self, path: Path | None = None, told: Callable[[Row], None] = lambda _: None
    ) -> None:
        """Append to ``path``; ``told`` is called with every row."""
        self._path = path
        self._told = told
        self.counts: Counter[str] = Counter()
        if path is not None and (not path.exists() or not path.stat().st_size):
            self._append(["time", *(field.name for field in fields(Row))])

    def __call__(self, row: Row) -> None:
        """Note a row."""
        self.counts[row.result] += 1
        if self._path is not None:
            now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
            self._append([now, *map(_safe, asdict(row).values())])
        self._told(row)

    @property
    def good(self) -> int:
        """Return how many tags are as they should be."""
        return sum(count for result, count in self.counts.items() if result in GOOD)

    def summary(self) -> str:
        """Return the counts in a line."""
        if not self.counts:
            return "no tags"
        return ", ".join(f"{count} {result}" for result, count in sorted(self.counts.items()))

    def _append(self, cells: list[object]) -> None:
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(cells)


def _safe(cell: object) -> object:
    """Keep a spreadsheet from taking what a tag or a code said for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
