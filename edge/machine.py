"""Watches the computer itself: tells staff when it is too hot, badly powered, full, worn or lost in time.

The judgement is :func:`judge`, pure; :class:`MachineWatch` meets it with the sensors and the journal.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from drivers.errors import DriverError
from drivers.pihealth import PiHealth, PiHealthOptions
from drivers.ports import MachineReading
from edge.clock import Clock
from edge.journal import Journal
from edge.recorder import Recorder

log = logging.getLogger(__name__)
MB = 1_000_000
HOUR_MS = 3_600_000
WHY = {
    "too_hot": "The machine is {heat:.0f} degrees hot and will slow down. "
    "Let air to it; clean its fan and slots.",
    "under_voltage": "The machine gets too little voltage. "
    "Use its own power supply and a short, thick cable.",
    "disk_low": "The storage is nearly full ({free} MB left). Please call support.",
    "disk_worn": "The storage has used {worn} percent of its life. "
    "Have it replaced before it fails.",
    "clock_unsure": "Nobody has confirmed the time for {hours} hours. "
    "Check the network, or the battery of the clock.",
}
REASONS = tuple(WHY)
Wait = Callable[[float], Awaitable[None]]


def judge(
    reading: MachineReading, known: AbstractSet[str], options: PiHealthOptions, unsure_ms: int
) -> dict[str, str]:
    """Return what is not well: reason -> one plain sentence. ``known`` are the reasons of before.

    What the machine does not say stays as it was: silence is no good news.
    """
    limit = options.cool if "too_hot" in known else options.hot
    heat, power = reading.temperature, reading.throttled
    free, worn = reading.disk_free, reading.disk_wear
    unsure = bool(options.clock_hours) and unsure_ms >= options.clock_hours * HOUR_MS
    is_so: dict[str, bool | None] = {
        "too_hot": None if heat is None else heat >= limit,
        "under_voltage": None if power is None else "under_voltage" in power,
        "disk_low": None if free is None else free < options.disk_low_mb * MB,
        "disk_worn": None if worn is None else worn >= options.wear_percent,
        "clock_unsure": unsure,
    }
    seen = {
        "heat": limit if heat is None else heat,
        "free": options.disk_low_mb if free is None else free // MB,
        "worn": options.wear_percent if worn is None else worn,
        "hours": unsure_ms // HOUR_MS,
    }
    return {
        reason: WHY[reason].format(**seen)
        for reason, so in is_so.items()
        if so or (so is None and reason in known)
    }


def numbers(reading: MachineReading) -> dict[str, float]:
    """Return the figures for the health message; what the machine does not say is not there."""
    said: dict[str, float | None] = {
        "pi_temperature": reading.temperature,
        "pi_disk_wear_percent": reading.disk_wear,
        "pi_disk_written_mb": None if reading.disk_written is None else reading.disk_written // MB,
        "pi_disk_size_mb": None if reading.disk_size is None else reading.disk_size // MB,
    }
    for name, words in (("", reading.throttled), ("_before", reading.throttled_before)):
        if words is not None:
            said[f"pi_under_voltage{name}"] = float("under_voltage" in words)
            said[f"pi_throttled{name}"] = float(bool(words - {"under_voltage"}))
    if reading.clock is not None:
        said["pi_clock_kept"] = float(reading.clock != "none")
    return {name: value for name, value in said.items() if value is not None}


class MachineWatch:
    """Looks at the machine now and then. :meth:`run` works until it is cancelled."""

    def __init__(
        self,
        name: str,
        options: PiHealthOptions,
        folder: Path,
        journal: Journal,
        clock: Clock,
        *,
        wait: Wait = asyncio.sleep,
    ) -> None:
        """Watch as device ``name``; the storage of ``folder`` unless the options name another."""
        self._name = name
        self._options = options
        self._sensors = PiHealth(replace(options, disk=options.disk or folder))
        self._recorder = Recorder(journal)
        self._clock = clock
        self._wait = wait
        self._known = {reason for part, reason in journal.troubles if part == name}
        self._sure_at = clock.mono_ms()
        self._numbers: dict[str, float] = {}

    def numbers(self) -> dict[str, float]:
        """Return the figures of the last look, for the health message."""
        return self._numbers

    async def run(self) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._recorder.run(), name=f"{self._name} recorder")
            while True:
                try:
                    await self.look()
                except DriverError as error:
                    log.debug("%s: %s", self._name, error)
                await self._wait(self._options.every_seconds)

    async def look(self) -> None:
        """Look once, and tell what is new."""
        reading = await self._sensors.reading()
        now = self._clock.mono_ms()
        if self._clock.state() == "synced":
            self._sure_at = now
        self._numbers = numbers(reading)
        found = judge(reading, self._known, self._options, now - self._sure_at)
        for reason in REASONS:
            if reason in found:
                self._recorder.trouble(self._name, reason, found[reason])
            else:
                self._recorder.well(self._name, reason)
        self._known = set(found)
