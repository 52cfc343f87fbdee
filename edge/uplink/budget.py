"""What a metered link may still carry, today and this month, counted across restarts.

No I/O but the small file in which the count is kept; time is given.
"""

import datetime
import json
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)
KEEP_EACH = 32 * 1024
"""A restart without goodbye forgets at most so many bytes."""


class Budget:
    """Counts bytes. Facts, acknowledgements and questions are never held back by it.

    Telemetry thins out from half of it on, and stops at its end; so does the local copy. Without
    limits nothing is held back, and nothing is written. Days and months are those of UTC.
    """

    def __init__(self, a_day: int = 0, a_month: int = 0, file: Path | None = None) -> None:
        """``a_day``, ``a_month``: bytes; 0: no limit. ``file``: where the count is kept."""
        self._limits = (a_day, a_month)
        self._file = file if any(self._limits) else None
        self._names = ("", "")
        self._spent = [0, 0]
        self._written = 0
        self._read()

    @property
    def metered(self) -> bool:
        """Whether there is a limit."""
        return any(self._limits)

    def spend(self, size: int, now_ms: int) -> None:
        """Count what went over the link."""
        self._turn(now_ms)
        self._spent = [spent + size for spent in self._spent]
        self._written += size
        if self._written >= KEEP_EACH:
            self.keep()

    def spent(self, now_ms: int) -> tuple[int, int]:
        """Return the bytes of this day and of this month."""
        self._turn(now_ms)
        day, month = self._spent
        return day, month

    def pause(self, now_ms: int) -> float | None:
        """Return by what telemetry's pause is to be multiplied now; None: no more for now."""
        used = self.used(now_ms)
        return 1.0 if used < 0.5 else 10.0 if used < 1.0 else None

    def used(self, now_ms: int) -> float:
        """Return how much of the scarcer budget is gone: 0 nothing, 1 and more all of it."""
        self._turn(now_ms)
        pairs = zip(self._spent, self._limits, strict=True)
        return max((spent / limit for spent, limit in pairs if limit), default=0.0)

    def keep(self) -> None:
        """Write the count down."""
        self._written = 0
        if self._file is None:
            return
        fresh = self._file.with_name(self._file.name + ".new")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(dict(zip(self._names, self._spent, strict=True)), file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file)
        except OSError as error:
            log.debug("the count of bytes cannot be kept: %s", error)

    def _turn(self, now_ms: int) -> None:
        """Begin a new day or month."""
        date = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
        names = (f"{date:%Y-%m-%d}", f"{date:%Y-%m}")
        for n, (old, new) in enumerate(zip(self._names, names, strict=True)):
            if old != new:
                self._spent[n] = self._found.pop(new, 0)
        self._names = names

    def _read(self) -> None:
        """Find what was counted before; a file that cannot be read counts as nothing."""
        self._found: dict[str, int] = {}
        if self._file is None:
            return
        try:
            found = json.loads(self._file.read_text("utf-8"))
            self._found = {str(name): max(0, int(spent)) for name, spent in found.items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("the count of bytes was lost: %s", error)
