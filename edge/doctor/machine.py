"""The machine itself: clock, storage, heat, power."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from drivers.pihealth import PiHealth, PiHealthOptions
from drivers.ports import MachineReading
from edge.clock import Clock
from edge.doctor.model import Finding, Tell

MB = 1_000_000
PART = "machine"


async def look(
    tell: Tell, options: PiHealthOptions, folder: Path, reserve_mb: int, clock: Clock | None = None
) -> None:
    """Look at the machine; ``folder`` is where the journal is, or will be."""
    disk = options.disk or _existing(folder)
    reading = await PiHealth(replace(options, disk=disk)).reading()
    _clock(tell, clock or Clock(), reading)
    _disk(tell, options, reading, reserve_mb)
    _heat_and_power(tell, options, reading)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next((one for one in (folder, *folder.parents) if one.exists()), folder)


def _clock(tell: Tell, clock: Clock, reading: MachineReading) -> None:
    state = clock.state()
    level = {"synced": "ok", "holdover": "warn"}.get(state, "bad")
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    tell(Finding("clock", level, f"clock_{state}", {"now": now}))  # type: ignore[arg-type]
    if state != "synced" and reading.clock == "none":
        tell(Finding("clock", "note", "clock_battery"))


def _disk(tell: Tell, options: PiHealthOptions, reading: MachineReading, reserve_mb: int) -> None:
    if reading.disk_free is not None:
        free = reading.disk_free // MB
        values = {"free_mb": free, "reserve_mb": reserve_mb}
        if free >= max(options.disk_low_mb, reserve_mb):
            tell(Finding("disk", "ok", "disk_ok", values))
        else:
            tell(Finding("disk", "bad" if free < reserve_mb else "warn", "disk_low", values))
    if reading.disk_wear is not None and reading.disk_wear >= options.wear_percent:
        tell(Finding("disk", "warn", "disk_worn", {"percent": reading.disk_wear}))


def _heat_and_power(tell: Tell, options: PiHealthOptions, reading: MachineReading) -> None:
    if reading.temperature is not None:
        hot = reading.temperature >= options.hot
        values = {"degrees": round(reading.temperature, 1)}
        tell(Finding(PART, *(("warn", "heat_high") if hot else ("ok", "heat_ok")), values))
    if reading.throttled is not None and "under_voltage" in reading.throttled:
        tell(Finding(PART, "bad", "power_low"))
    elif reading.throttled_before is not None and "under_voltage" in reading.throttled_before:
        tell(Finding(PART, "warn", "power_was_low"))
