"""A Raspberry Pi's own sensors as a folder in the form of /sys and /run, for option ``root``."""

import os
import shutil
from pathlib import Path

from drivers.pihealth.throttled import WORDS

_HEAT = "sys/class/thermal/thermal_zone0/temp"
_POWER = "sys/devices/platform/soc/soc:firmware/get_throttled"
_DISK = "sys/block/mmcblk0"
_CLOCKS = {
    "network": "run/systemd/timesync/synchronized",
    "battery": "sys/class/rtc/rtc0/since_epoch",
}
_SINCE = 16
_OURS = ("sys", "run")


class PiSimulator:
    """A machine made of files below ``root``; it begins well: 45 °C, no trouble, time by network."""

    def __init__(self, root: Path) -> None:
        """Make no file yet."""
        self.root = root
        self._before = 0

    @property
    def address(self) -> str:
        """The folder, as an address."""
        return f"file://{self.root}"

    async def plug(self) -> None:
        """Let the sensors appear; OSError when something else is in the folder."""
        if any((self.root / name).exists() for name in _OURS):
            raise FileExistsError(
                f"{self.root}: there is a sys or run already, give another folder"
            )
        self._before = 0
        self.heat(45.0)
        self.power([])
        self.worn(10)
        self.clock("network")
        number = self.root.stat().st_dev
        self._says(f"{_DISK}/mmcblk0p2/partition", "2")
        link = self.root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
        link.parent.mkdir(parents=True)
        link.symlink_to((self.root / _DISK / "mmcblk0p2").resolve())

    async def unplug(self) -> None:
        """Let the sensors go: the machine says nothing of itself."""
        for name in _OURS:
            shutil.rmtree(self.root / name, ignore_errors=True)

    async def close(self) -> None:
        """Take the files away."""
        await self.unplug()

    def heat(self, degrees: float) -> None:
        """Be so hot, degrees Celsius."""
        self._says(_HEAT, f"{round(degrees * 1000)}")

    def power(self, words: list[str]) -> None:
        """Be slowed by this now (see :data:`WORDS`), and remember that it was; none: all is well."""
        now = sum(1 << WORDS.index(word) for word in words)
        self._before |= now
        self._says(_POWER, f"{self._before << _SINCE | now:x}")

    def worn(self, percent: int) -> None:
        """Have used so much of the storage's life, in steps of ten."""
        step = min(max(-(-percent // 10), 1), 11)
        self._says(f"{_DISK}/device/life_time", f"0x{step:02x} 0x01")

    def clock(self, source: str) -> None:
        """Know the time from ``network``, ``battery`` or nowhere (``none``)."""
        for name in _CLOCKS.values():
            (self.root / name).unlink(missing_ok=True)
        if source in _CLOCKS:
            self._says(_CLOCKS[source], "1795000000")

    def _says(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
