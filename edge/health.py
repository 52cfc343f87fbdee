"""How this device is, in numbers and words: what the console shows."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.replica import Replica
from edge.station import Services, Station
from edge.uplink import astray
from edge.uplink.budget import Budget
from edge.wire.messages import Health, PartHealth

MIB = 1024 * 1024
DAY_MS = 86_400_000
NEVER_S = 1 << 31
"""The age that is told of a local copy that never came."""


class HealthReport:
    """Makes the health message. ``stations`` may still be filled after this was made."""

    def __init__(
        self,
        services: Callable[[], Services],
        stations: Mapping[str, Station],
        version: str,
        cpu: Callable[[], float] = time.process_time,
        mono: Callable[[], float] = time.monotonic,
        machine: Callable[[], Mapping[str, float]] = dict,
        budget: Callable[[], Budget] = Budget,
    ) -> None:
        self._services = services
        self._stations = stations
        self._version = version
        self._cpu, self._mono = cpu, mono
        self._machine, self._budget = machine, budget
        self._last = (mono(), cpu())

    def now(self) -> Health:
        """Return how things are now. A device that is away says why in ``why``."""
        services = self._services()
        backlog = services.journal.backlog()
        return Health(
            at=services.clock.now_ms(),
            version=self._version,
            boot=services.clock.boot,
            clock=services.clock.state(),
            waiting=backlog.count,
            oldest=backlog.oldest_ms,
            epoch=services.journal.epoch,
            acked=backlog.acked,
            replica=services.replica.version,
            replica_age_s=min(NEVER_S, services.replica.age_ms // 1000),
            parts=self._parts(services),
            numbers=self._numbers(services),
        )

    def _parts(self, services: Services) -> dict[str, PartHealth]:
        parts = {
            name: PartHealth(up=device.up, why="" if device.up else device.why)
            for name, device in services.devices.items()
        }
        low = services.journal.low
        parts["disk"] = PartHealth(up=not low, why="nearly full: no new loans" if low else "")
        for reason in astray.open_reasons(services.journal):
            parts[astray.PART] = PartHealth(up=False, why=reason)
        why = copy_trouble(services.replica)
        parts["copy"] = PartHealth(up=not why, why=why)
        if self._budget().metered:
            spent = self._budget().used(services.clock.now_ms()) >= 1.0
            parts["link"] = PartHealth(up=not spent, why="budget_spent" if spent else "")
        return parts

    def _numbers(self, services: Services) -> dict[str, float]:
        numbers = {
            "memory_mb": round(resident_bytes() / MIB, 1),
            "cpu_percent": self._cpu_percent(),
            "disk_free_mb": services.journal.free_bytes() // MIB,
            "tag_tasks": len(services.journal.open_tasks()),
            "tags_let_pass": len(services.allowed),
        }
        numbers |= self._machine()
        if self._budget().metered:
            day, month = self._budget().spent(services.clock.now_ms())
            numbers |= {
                "link_mb_today": round(day / 1e6, 1),
                "link_mb_month": round(month / 1e6, 1),
            }
        for name, station in self._stations.items():
            for key, value in station.numbers().items():
                numbers[key if key.startswith(f"{name}_") else f"{name}_{key}"] = value
        return numbers

    def _cpu_percent(self) -> float:
        mono, cpu = self._mono(), self._cpu()
        passed, used = mono - self._last[0], cpu - self._last[1]
        if passed >= 1.0:
            self._last = (mono, cpu)
        return round(100 * used / passed, 1) if passed > 0 else 0.0


def copy_trouble(replica: Replica) -> str:
    """Return how a copy that is too old limits loans offline (R10): ``copy_old``, ``copy_stopped``.

    Empty: it does not, or none came yet.
    """
    policy, age = replica.policy, replica.age_ms
    if not replica.version or age <= policy.offline_days * DAY_MS:
        return ""
    return "copy_old" if age <= policy.offline_stop_days * DAY_MS else "copy_stopped"


def resident_bytes() -> int:
    """Return the memory of this process that is in RAM (0 where the kernel does not tell)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
