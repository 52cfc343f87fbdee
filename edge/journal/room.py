"""Room on the disk: a reserve that is kept back, so that a full disk can still be worked with."""

import contextlib
import os
from pathlib import Path

MIB = 1024 * 1024
RESERVE = MIB
PLENTY = 64 * MIB
"""With so much more than the mark, the next loans need not look again."""
UNSEEN = 15
"""So many loans at most, which take a few KiB each."""


class Room:
    """Watches the free space beside the journal. ``low_mb`` is where new loans stop."""

    def __init__(self, folder: Path, low_mb: int) -> None:
        self._folder = str(folder)
        self._file = folder / "reserve"
        self._low = low_mb * MIB
        self._unseen = 0

    def free(self) -> int:
        """Return the bytes that may still be written."""
        stat = os.statvfs(self._folder)
        return stat.f_bavail * stat.f_frsize

    def low(self) -> bool:
        """Return whether new loans must stop."""
        return self.free() < self._low

    def lends(self) -> bool:
        """Return whether one more loan may be recorded; with plenty of room not asked each time."""
        if self._unseen:
            self._unseen -= 1
            return True
        free = self.free()
        if free > self._low + PLENTY:
            self._unseen = UNSEEN
        return free >= self._low

    def keep(self) -> None:
        """Make the reserve file if it is missing and there is room for it."""
        if self._file.exists() and self._file.stat().st_size >= RESERVE:
            return
        with contextlib.suppress(OSError):
            if self.free() > 2 * RESERVE:
                with self._file.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, RESERVE)

    def release(self) -> bool:
        """Give the reserve up; return whether there was one."""
        try:
            self._file.unlink()
        except OSError:
            return False
        return True
