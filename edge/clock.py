"""Time as this device knows it: never backwards within a boot, and honest about how sure it is.

A Pi has no battery clock. ``synced``: the kernel's clock is disciplined by NTP, or the centre told
the time in this boot; ``holdover``: plausible but not confirmed; ``unset``: the clock stands
before the newest thing this device knows of, so that only a lower bound can be given.

A clock that turns out to have been ahead is put right at once: from then on stamps are of another
reckoning of the same boot (``boot+1``), with the same monotonic clock, so that the ledger can tell
from a stamp that is sure how long ago the others were.
"""

import ctypes
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.wire.batch import Stamp

BUILT_MS = 1_790_000_000_000
"""No time before this (September 2026, when the program was made) is believed."""
DRIFT_PPM = 50
UNSURE_MS = {"synced": 50, "holdover": 10 * 60_000, "unset": 24 * 3_600_000}
LOOK_AGAIN_MS = 10_000
AHEAD_MS = 2000
"""Time that is told turned back by no more than this; it stands still meanwhile."""
JUMP_MS = 200
"""The wall clock was set by somebody if it went so much further than the monotonic one."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the centre said the time was, at a moment of the monotonic clock."""

    wall: int
    mono: int
    rtt: int

    def unsure(self, mono: int) -> int:
        """Return how far off this may be by now: half the way, and the crystal's drift."""
        return self.rtt // 2 + (mono - self.mono) * DRIFT_PPM // 1_000_000 + 1


class Clock:
    """Wall and monotonic time with a boot id; ``wall`` and ``mono`` give seconds."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        mono: Callable[[], float] = time.monotonic,
        boot: str | None = None,
        disciplined: Callable[[], bool] | None = None,
    ) -> None:
        self.boot = boot or new_boot()
        self._wall = wall
        self._mono = mono
        self._ask_kernel = disciplined or kernel_is_synced
        self._kernel: tuple[bool, int, int] | None = None
        self._told: Told | None = None
        self._floor = Told(BUILT_MS, self.mono_ms(), 0)
        self._last = 0

    def mono_ms(self) -> int:
        """Return milliseconds that only ever grow within this boot."""
        return int(self._mono() * 1000)

    def now_ms(self) -> int:
        """Return the best guess of the time, never less than one given before in this reckoning."""
        guess, least, _ = self._look()
        return self._reckon(guess, least)

    def stamp(self) -> Stamp:
        """Return the time of a fact: both clocks, the boot, and how sure."""
        guess, least, ntp = self._look()
        mono, told = self.mono_ms(), None if ntp else self._told
        now = self._reckon(guess, least)
        state = "synced" if ntp or told else "unset" if guess < least else "holdover"
        unsure = UNSURE_MS[state] if told is None else told.unsure(mono)
        held_up = now - max(guess, least)  # an earlier stamp was later than this one would be
        return Stamp(wall=now, mono=mono, boot=self.boot, clock=state, unc=unsure + held_up)

    def state(self) -> str:
        """Return ``synced``, ``holdover`` or ``unset``."""
        guess, least, ntp = self._look()
        if ntp or self._told is not None:
            return "synced"
        return "unset" if guess < least else "holdover"

    def learn(self, centre_ms: int, rtt_ms: int) -> None:
        """Take the centre's time from an answer that came ``rtt_ms`` after its question."""
        if centre_ms < BUILT_MS or rtt_ms < 0:
            return
        mono = self.mono_ms()
        told = Told(centre_ms + rtt_ms // 2, mono, rtt_ms)
        if self._told is None or told.unsure(mono) <= self._told.unsure(mono):
            self._told = told

    def not_before(self, known_ms: int) -> None:
        """Say that something is known to have happened at this time (the newest fact at start)."""
        if known_ms > self._floor.wall:
            self._floor = Told(known_ms, self.mono_ms(), 0)

    def _reckon(self, guess: int, least: int) -> int:
        """Return the time; it turns back only when it is sure that it was wrong."""
        if self._last - guess > AHEAD_MS and self._sure():
            boot, _, count = self.boot.partition("+")
            self.boot = f"{boot}+{int(count or 0) + 1}"
            self._last = 0
        self._last = max(self._last, guess, least)
        return self._last

    def _look(self) -> tuple[int, int, bool]:
        """Return the best guess, the lower bound, and whether NTP keeps the clock.

        A confirmed time beats facts that a wrong clock stamped.
        """
        ntp, told = self._disciplined(), self._told
        if told is None or ntp:
            guess = int(self._wall() * 1000)
        else:
            guess = told.wall + self.mono_ms() - told.mono
        if ntp or told is not None:
            return guess, BUILT_MS, ntp
        return guess, self._floor.wall + self.mono_ms() - self._floor.mono, ntp

    def _sure(self) -> bool:
        return self._told is not None or self._disciplined()

    def _disciplined(self) -> bool:
        """Return whether NTP keeps the clock; asked again soon, and at once when it was set."""
        wall, mono, known = self._wall() * 1000, self.mono_ms(), self._kernel
        ahead = int(wall) - mono
        if known is None or mono - known[1] > LOOK_AGAIN_MS or abs(ahead - known[2]) > JUMP_MS:
            known = self._kernel = (self._ask_kernel(), mono, ahead)
        return known[0] and wall >= BUILT_MS


def new_boot() -> str:
    """Return a boot id: the kernel's boot, then this process (its monotonic clock is its own)."""
    try:
        kernel = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        kernel = secrets.token_hex(4)
    return f"{kernel}-{secrets.token_hex(4)}"


def kernel_is_synced() -> bool:
    """Ask whether an NTP client disciplines the clock."""
    if Path("/run/systemd/timesync/synchronized").exists():
        return True  # a hardened service may not ask the kernel
    try:
        return ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) not in (-1, 5)
    except (OSError, AttributeError):
        return False
