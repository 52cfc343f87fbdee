"""How long it takes to read and to make the memory of a tag (the software's share only)."""

import sys
import time
from collections.abc import Callable
from statistics import median

import table

from drivers.tags import DSFID, NewTag, decode, encode

TAG = NewTag("8930123456", "VN-HNLIB", elements={"title": "Truyện Kiều"})
PART_2 = encode(TAG, "iso28560-2", 112)
PART_3 = encode(TAG, "iso28560-3", 112)
NOISE = bytes(i * 37 & 0xFF for i in range(112))


def microseconds(call: Callable[[], object], seconds: float = 0.3) -> float:
    """Return the median of nine rounds of about ``seconds`` / 10, without what others use."""
    count = 1
    while _spent(call, count) < seconds / 10:
        count *= 2
    return median(_spent(call, count) for _ in range(9)) / count * 1e6


def _spent(call: Callable[[], object], count: int) -> float:
    begin = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - begin


def measure() -> dict[str, float]:
    """Return microseconds by what was measured."""
    return {
        "decode part 2": microseconds(lambda: decode(PART_2, dsfid=DSFID["iso28560-2"])),
        "decode part 3": microseconds(lambda: decode(PART_3)),
        "decode part 3, first 36 bytes": microseconds(lambda: decode(PART_3[:36], partial=True)),
        "refuse noise": microseconds(lambda: decode(NOISE)),
        "encode part 2": microseconds(lambda: encode(TAG, "iso28560-2", 112)),
        "encode part 3": microseconds(lambda: encode(TAG, "iso28560-3", 112)),
    }


def main() -> int:
    """Print the table."""
    rows = ((name, f"{value:.1f}") for name, value in measure().items())
    table.show("Tags: the software's share", ("what", "µs"), rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
