"""Drivers under traffic for as long as you like: nothing may grow (`make soak-drivers MINUTES=5`).

The drivers work against their simulators, which run in another process: tags and cards come and go
and are torn away, cables are pulled. Memory, objects, tasks, threads and file descriptors of this
process are looked at all the time; the later half must not have more than the earlier one. In the
end everything is closed and must be gone.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from drivers.a0 import PAD as A0
from drivers.a0 import A0Options
from drivers.barcode import HID, SCANNER, HidOptions, ScannerOptions
from drivers.errors import DriverError, RefusedError, TagLostError
from drivers.feig import GATE, PAD, GateOptions, PadOptions
from drivers.gpio import SOCKET
from drivers.gpio.socket import SocketOptions
from drivers.libnfc import LIBNFC, LibnfcOptions
from drivers.pn532 import CARD, CardOptions
from drivers.ports import Driver, ItemReader, Line
from drivers.printer import PRINTER
from drivers.printer.printer import PrinterOptions
from drivers.rl866 import PAD as RL866
from drivers.rl866 import Rl866Options
from drivers.threem import PAD as THREEM
from drivers.threem import ThreeMOptions
from drivers.uhf18 import PAD as UHF18
from drivers.uhf18 import Uhf18Options

WORLD = Path(__file__).parent / "soak_world.py"
PAGE = os.sysconf("SC_PAGE_SIZE")
WARM_SECONDS = 60.0
WARM_UP = 0.3
"""The share of the time in which caches fill and memory settles."""
MEMORY_MIB, OBJECTS, COUNTS = 3.0, 1500, 3
"""How much the later half may have more: noise of a moment, not of an hour."""
Step = Callable[[Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Sample:
    """What this process holds at a moment."""

    rss_mib: float
    objects: int
    tasks: int
    threads: int
    files: int
    children: int


def children() -> int:
    """Return how many processes this one has started that are still there."""
    lists = Path("/proc/self/task").glob("*/children")
    return sum(len(one.read_text().split()) for one in lists)


def sample() -> Sample:
    """Look at this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(
        rss_mib=pages * PAGE / 2**20,
        objects=len(gc.get_objects()),
        tasks=len(asyncio.all_tasks()),
        threads=threading.active_count(),
        files=len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        children=children(),
    )


async def with_tags(reader: ItemReader) -> None:
    """Read, write and arm whatever lies there."""
    for tag in await reader.inventory():
        info = await reader.info(tag.uid)
        memory = await reader.read(tag.uid, 0, info.block_count)
        await reader.write(tag.uid, 0, memory[: info.block_size], info.block_size)
        await reader.write_afi(tag.uid, 0x07)


async def over_the_air(reader: ItemReader) -> None:
    """Look at every UHF tag and read it."""
    for tag in await reader.inventory():
        info = await reader.info(tag.uid)
        await reader.read(tag.uid, 0, info.block_count)


async def printing(printer: Any) -> None:
    """Print a receipt, slowly enough for the others."""
    await printer.status()
    await printer.print_lines([Line("Thư viện tỉnh", bold=True), Line("Truyện Kiều")])
    await asyncio.sleep(0.5)


async def switching(board: Any) -> None:
    """Switch the lamp when a beam says so."""
    change = await board.next_change()
    await board.set("lamp", change.active, 0.05)


def plan(at: dict[str, str], folder: Path) -> list[tuple[Driver, Any, Step]]:
    """Return every driver with its options and one step of its work."""
    found: list[tuple[Driver, Any, Step]] = [
        (PAD, PadOptions(at["feig"], patience=0.2), with_tags),
        (RL866, Rl866Options(at["rl866"]), with_tags),
        (THREEM, ThreeMOptions(at["3m"]), with_tags),
        (UHF18, Uhf18Options(url=at["uhf18"]), over_the_air),
        (A0, A0Options(url=at["a0"]), over_the_air),
        (GATE, GateOptions(at["feig-gate"], patience=0.2), lambda gate: gate.sightings()),
        (CARD, CardOptions(at["pn532"], poll_ms=20), lambda cards: cards.next_card()),
        (SCANNER, ScannerOptions(at["scanner"]), lambda gun: gun.next_scan()),
        (HID, HidOptions(path=folder / "scanner-hid"), lambda gun: gun.next_scan()),
        (PRINTER, PrinterOptions(at["escpos"]), printing),
        (SOCKET, SocketOptions(at["board-socket"]), switching),
    ]
    if find_spec("pynfc"):
        path = at["libnfc"].removeprefix("serial://")
        options = LibnfcOptions(f"pn532_uart:{path}:115200", poll_ms=20, answer_s=2.0)
        found.append((LIBNFC, options, lambda cards: cards.next_card()))
    return found


async def work(driver: Driver, options: Any, step: Step, did: Counter[str]) -> None:
    """Use a driver for ever; what is lost is opened again."""
    while True:
        try:
            async with driver.open(options) as port:
                did[f"{driver.name} opened"] += 1
                while True:
                    with contextlib.suppress(TagLostError, RefusedError):  # the device is well
                        async with asyncio.timeout(2.0):
                            await step(port)
                        did[driver.name] += 1
                    await asyncio.sleep(0.01)
        except (DriverError, TimeoutError) as error:
            did[f"{driver.name} {type(error).__name__}"] += 1
            await asyncio.sleep(0.05)


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Run the devices in another process; give their addresses."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(WORLD), str(folder), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def warm(did: Counter[str], names: list[str]) -> None:
    """Wait until every driver has done something: what it imports late is in memory then."""
    async with asyncio.timeout(WARM_SECONDS):
        while not all(did[name] >= 2 for name in names):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def soak(seconds: float, every: float) -> bool:
    """Run the traffic; say whether nothing grew."""
    did: Counter[str] = Counter()
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as name:
        async with world(Path(name)) as at:
            await asyncio.sleep(0.2)
            before = sample()
            workers = [
                asyncio.create_task(work(*row, did), name=row[0].name)
                for row in plan(at, Path(name))
            ]
            await warm(did, [row[0].name for row in plan(at, Path(name))])
            ends = time.monotonic() + seconds
            while (left := ends - time.monotonic()) > 0:
                done, _ = await asyncio.wait(workers, timeout=min(every, left))
                for task in done:
                    task.result()
                samples.append(sample())
                if len(samples) % max(1, round(60 / every)) == 0:
                    print(f"{len(samples) * every:7.0f} s  {samples[-1]}", flush=True)
            for task in workers:
                task.cancel()
            _, stuck = await asyncio.wait(workers, timeout=30)
            assert not stuck, f"does not end: {[task.get_name() for task in stuck]}"
            await asyncio.get_running_loop().shutdown_default_executor()
            await asyncio.sleep(0.2)
            after = sample()
    print(", ".join(f"{what}: {count}" for what, count in sorted(did.items())))
    return judge(samples, before, after)


def judge(samples: list[Sample], before: Sample, after: Sample) -> bool:
    """Print what grew, and say whether nothing did."""
    settled = samples[int(len(samples) * WARM_UP) :]
    middle = len(settled) // 2
    good = True
    for name, most, of in (
        ("rss_mib", MEMORY_MIB, median), ("objects", OBJECTS, median), ("tasks", COUNTS, max),
        ("threads", COUNTS, max), ("files", COUNTS, max), ("children", COUNTS, max),
    ):  # fmt: skip
        # What comes and goes is judged by its heights: those are when every cable is in.
        early, late = (of(getattr(one, name) for one in half)
                       for half in (settled[:middle], settled[middle:]))  # fmt: skip
        verdict = "ok" if late - early <= most else "GROWS"
        good &= verdict == "ok"
        print(f"{name:8} earlier {early:10.1f}  later {late:10.1f}  allowed +{most:g}  {verdict}")
    for name in ("tasks", "threads", "files", "children"):
        was, left = getattr(before, name), getattr(after, name)
        if left > was:
            good = False
            print(f"{name:8} {was} before, {left} after everything was closed: LEFT BEHIND")
    print("nothing grows" if good else "SOMETHING GROWS")
    return good


def main() -> int:
    """Soak; 1 if something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    args = parser.parse_args()
    return 0 if asyncio.run(soak(args.seconds, args.every)) else 1


if __name__ == "__main__":
    sys.exit(main())
