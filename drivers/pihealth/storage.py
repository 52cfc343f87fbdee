"""How worn the storage is, as far as it says: eMMC and some SD cards in sysfs.

life_time    0x01 0x02   tenths of life used, of two kinds of cells; 0x0B is beyond its life
pre_eol_info 0x01        1 normal, 2 most of the reserve used, 3 urgent
stat         … field 7   sectors of 512 bytes written since power came
"""

import os
from pathlib import Path

_SECTOR = 512
_PRE_EOL = {2: 80, 3: 90}
_WORN_OUT = 110
_WRITTEN = 6


def of_path(root: Path, path: Path) -> str | None:
    """Return the block device that a path lies on, such as ``mmcblk0``; None if it is none."""
    try:
        number = path.stat().st_dev
    except OSError:
        return None
    link = root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
    if not link.exists():
        return None
    real = link.resolve()
    return real.parent.name if (real / "partition").exists() else real.name


def wear(root: Path, disk: str) -> int | None:
    """Return the percent of its life that a disk has used; None if it does not say."""
    folder = root / "sys/block" / disk / "device"
    used = [10 * step for step in _numbers(folder / "life_time") if 0 < step <= _WORN_OUT // 10]
    used += [_PRE_EOL.get(word, 0) for word in _numbers(folder / "pre_eol_info") if word]
    return min(100, max(used)) if used else None


def written(root: Path, disk: str) -> int | None:
    """Return the bytes written since power came; None if the kernel does not say."""
    try:
        return int((root / "sys/block" / disk / "stat").read_text().split()[_WRITTEN]) * _SECTOR
    except (OSError, ValueError, IndexError):
        return None


def _numbers(file: Path) -> list[int]:
    try:
        return [int(word, 16) for word in file.read_text().split()]
    except (OSError, ValueError):
        return []
