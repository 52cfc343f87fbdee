"""Readings of a Raspberry Pi, or of any Linux machine as far as it has them.

All files are below ``root``, so that a test gives a folder. Nothing here writes.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.errors import FrameError
from drivers.pihealth import storage, throttled
from drivers.ports import Driver, Machine, MachineReading

_SYS_THROTTLED = (
    "sys/devices/platform/soc/soc:firmware/get_throttled",
    "sys/devices/platform/axi/axi:firmware/get_throttled",
)
_COMMAND_SECONDS = 3.0
_COLDEST, _HOTTEST = -60.0, 200.0


@dataclass(frozen=True, slots=True)
class PiHealthOptions:
    """Where the readings come from, and from when on staff hear of them."""

    root: Path = field(default=Path("/"), metadata={"help": "where /sys and /run are; for tests"})
    disk: Path | None = field(
        default=None, metadata={"help": "folder on the storage to watch; default: the journal's"}
    )
    vcgencmd: str = field(
        default="vcgencmd",
        metadata={
            "help": "program asked for throttling when the kernel does not tell; empty: none"
        },
    )
    hot: float = field(default=75.0, metadata={"help": "from so many degrees it is too hot"})
    cool: float = field(default=68.0, metadata={"help": "below so many degrees that is over"})
    disk_low_mb: int = field(
        default=200, metadata={"help": "below so many free megabytes the storage is nearly full"}
    )
    wear_percent: int = field(
        default=80, metadata={"help": "from so much of its life used the storage is worn"}
    )
    clock_hours: float = field(
        default=24.0, metadata={"help": "unconfirmed for so long, the clock is a trouble; 0: never"}
    )
    every_seconds: float = field(default=30.0, metadata={"help": "pause between two looks"})

    def __post_init__(self) -> None:
        """Refuse with ValueError what cannot be."""
        if self.cool >= self.hot:
            raise ValueError("cool must be below hot")
        if not 0 < self.wear_percent <= 100:
            raise ValueError("wear_percent must be 1 to 100")
        if not 0.01 <= self.every_seconds <= 3600:
            raise ValueError("every_seconds must be 0.01 to 3600")


class PiHealth:
    """Implements :class:`drivers.ports.Machine`."""

    def __init__(self, options: PiHealthOptions) -> None:
        self._root = options.root
        self._disk = options.disk or options.root
        self._vcgencmd = options.vcgencmd

    async def reading(self) -> MachineReading:
        """Return how the machine is now; what it does not say is None."""
        bits = await self._throttled()
        free, size = self._space()
        disk = storage.of_path(self._root, self._disk)
        return MachineReading(
            temperature=self._temperature(),
            throttled=None if bits is None else throttled.now(bits),
            throttled_before=None if bits is None else throttled.before(bits),
            disk_free=free,
            disk_size=size,
            disk_wear=storage.wear(self._root, disk) if disk else None,
            disk_written=storage.written(self._root, disk) if disk else None,
            clock=self._clock(),
        )

    def _temperature(self) -> float | None:
        """Return the hottest of the machine's own sensors, in degrees Celsius."""
        found = []
        for file in sorted((self._root / "sys/class/thermal").glob("thermal_zone*/temp")):
            with contextlib.suppress(OSError, ValueError):
                degrees = int(file.read_text()) / 1000
                if _COLDEST < degrees < _HOTTEST:
                    found.append(degrees)
        return max(found, default=None)

    async def _throttled(self) -> int | None:
        for name in _SYS_THROTTLED:
            with contextlib.suppress(OSError, FrameError, UnicodeDecodeError):
                return throttled.parse((self._root / name).read_text())
        said = await self._ask_firmware() if self._vcgencmd else None
        return said if said is not None else self._alarm()

    async def _ask_firmware(self) -> int | None:
        try:
            process = await asyncio.create_subprocess_exec(
                self._vcgencmd,
                "get_throttled",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            self._vcgencmd = ""  # it is not there: do not look again
            return None
        try:
            async with asyncio.timeout(_COMMAND_SECONDS):
                out, _ = await process.communicate()
                return throttled.parse(out.decode(errors="replace"))
        except (TimeoutError, FrameError):
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _alarm(self) -> int | None:
        """Return the low-voltage alarm that every kernel of a Pi has, as the same bits."""
        for name in (self._root / "sys/class/hwmon").glob("hwmon*/name"):
            with contextlib.suppress(OSError, ValueError):
                if name.read_text().strip() == "rpi_volt":
                    return int((name.parent / "in0_lcrit_alarm").read_text()) & 1
        return None

    def _space(self) -> tuple[int | None, int | None]:
        try:
            stat = os.statvfs(self._disk)
        except OSError:
            return None, None
        return stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize

    def _clock(self) -> str:
        if (self._root / "run/systemd/timesync/synchronized").exists():
            return "network"
        for rtc in (self._root / "sys/class/rtc").glob("rtc*/since_epoch"):
            with contextlib.suppress(OSError, ValueError):
                if int(rtc.read_text()) > 0:
                    return "battery"
        return "none"


@asynccontextmanager
async def open_pi(options: PiHealthOptions) -> AsyncIterator[Machine]:
    """Give the machine's sensors; there is nothing to open."""
    yield PiHealth(options)


PI = Driver(
    name="pihealth",
    port=Machine,
    options=PiHealthOptions,
    open=open_pi,
    help="the Raspberry Pi itself: temperature, power, storage, clock",
)
