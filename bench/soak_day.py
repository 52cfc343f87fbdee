"""A library's day, 24 hours of questions to every reader, as fast as they come (`make soak-day HOURS=24`).

Simulated readers on wires in memory: tags come, go and are torn away, answers are late, lost or
noisy, cables are pulled. An hour is what a station asks in one: a pad is looked at every 150 ms, a
gate every 100 ms. Nothing may grow after the first hours.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from random import Random
from statistics import median

from drivers.a0 import A0Reader, A0Simulator
from drivers.a0.frames import FAMILY as A0
from drivers.errors import DriverError
from drivers.feig import FeigPad, FeigSimulator
from drivers.feig.gate import FeigGate
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.link import Link as FeigLink
from drivers.ports import ItemReader
from drivers.rl866 import Rl866Pad, Rl866Simulator
from drivers.rl866.link import Link as Rl866Link
from drivers.testing.faults import Faults
from drivers.testing.field import Field
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.simulator import Reply, Simulator
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Wire
from drivers.threem import ThreeMPad, ThreeMSimulator
from drivers.threem.link import Link as ThreeMLink
from drivers.uhf.line import Line
from drivers.uhf18 import Model, Uhf18Reader, Uhf18Simulator
from drivers.uhf18.frames import FAMILY as RR

PAGE = os.sysconf("SC_PAGE_SIZE")
PAD_LOOKS, GATE_LOOKS = 24_000, 36_000  # in an hour
QUICK = 0.002
MEMORY_MIB, OBJECTS = 2.0, 2500
_SWEPT = 0.05
"""asyncio keeps ended time limits for a while; so the number of objects is a saw."""
Day = Callable[[Random, int], Awaitable[None]]


class Bad(Wire):
    """A wire that now and then loses or hurts what is said."""

    def __init__(self, device: Simulator, seed: int) -> None:
        self._faults = Faults(drop=0.02, flip=0.02, seed=seed)
        super().__init__(device)

    def to_device(self, data: bytes) -> list[bytes]:
        """Lose or hurt a question."""
        return [self._faults.to_device(data)]

    def to_host(self, data: bytes) -> list[bytes]:
        """Lose or hurt an answer."""
        return [reply.data for reply in self._faults.to_host([Reply(data)])]


def pad(simulator: Callable[[Field], Simulator], driver: Callable[[Wire], ItemReader]) -> Day:
    """Return an hour at a pad: books come, are read, armed, and go."""
    numbers = count(1)

    async def hour(noise: Random, looks: int) -> None:
        field = Field()
        wire = Bad(simulator(field), noise.randrange(1000))
        reader = driver(wire)
        for look in range(looks):
            if noise.random() < 0.004:
                field.clear()
                field.put(Tag(bytes.fromhex("e004") + next(numbers).to_bytes(6, "big")))
                if noise.random() < 0.2:
                    field.tear_after(field.tags[0].uid, noise.randrange(4))
            with contextlib.suppress(DriverError):
                seen = await reader.inventory()
                if seen and look % 200 == 0:
                    await reader.read(seen[0].uid, 0, 28)
                    await reader.write_afi(seen[0].uid, 0xC2)
            if wire.lost or noise.random() < 0.0005:  # the cable
                await wire.close()
                wire = Bad(simulator(field), noise.randrange(1000))
                reader = driver(wire)
        await wire.close()

    return hour


async def feig_gate(noise: Random, looks: int) -> None:
    """An hour at a gate: now and then somebody passes."""
    device = FeigGateSimulator(Field(), block_seconds=0.0)
    wire = Bad(device, noise.randrange(1000))
    gate = FeigGate(FeigLink(wire, patience=QUICK))
    for _ in range(looks):
        if noise.random() < 0.005:
            device.pass_tag(Tag(noise.randbytes(8)))
        with contextlib.suppress(DriverError):
            await gate.sightings()
    await wire.close()


def uhf(simulator: Callable[[AirField], Simulator], driver: Callable[[Wire], object]) -> Day:
    """Return an hour at a UHF reader."""

    async def hour(noise: Random, looks: int) -> None:
        field = AirField()
        wire = Bad(simulator(field), noise.randrange(1000))
        reader: A0Reader | Uhf18Reader = driver(wire)  # type: ignore[assignment]
        for _ in range(looks):
            if noise.random() < 0.01:
                for tag in field.tags:
                    field.take(tag.tid)
                field.put(Gen2Tag(noise.randbytes(12), noise.randbytes(12)))
            with contextlib.suppress(DriverError):
                await reader.inventory()
        await wire.close()

    return hour


DAYS: dict[str, tuple[int, Day]] = {
    "feig": (PAD_LOOKS, pad(
        lambda field: FeigSimulator(field, block_seconds=0.0),
        lambda wire: FeigPad(FeigLink(wire, patience=QUICK)))),
    "rl866": (PAD_LOOKS, pad(
        lambda field: Rl866Simulator(field, block_seconds=0.0),
        lambda wire: Rl866Pad(Rl866Link(wire, patience=QUICK)))),
    "3m": (PAD_LOOKS, pad(
        lambda field: ThreeMSimulator(field, block_seconds=0.0),
        lambda wire: ThreeMPad(ThreeMLink(wire, patience=QUICK)))),
    "feig-gate": (GATE_LOOKS, feig_gate),
    "uhf18": (PAD_LOOKS, uhf(
        lambda field: Uhf18Simulator(field, round_seconds=0.0),
        lambda wire: Uhf18Reader(Line(wire, RR, patience=QUICK), Model.R18))),
    "a0": (PAD_LOOKS, uhf(
        lambda field: A0Simulator(field, round_seconds=0.0),
        lambda wire: A0Reader(Line(wire, A0, patience=QUICK)))),
}  # fmt: skip


def held() -> tuple[float, int, int, int, int]:
    """Return memory in MiB, objects, tasks, threads and files of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return (
        pages * PAGE / 2**20, len(gc.get_objects()), len(asyncio.all_tasks()),
        threading.active_count(), len(os.listdir("/proc/self/fd")),  # noqa: PTH208
    )  # fmt: skip


async def soak(hours: int, names: list[str], part: float) -> bool:
    """Live the hours of each reader; say whether nothing grew."""
    good = True
    for name in names:
        looks, hour = DAYS[name]
        noise, samples, begin = Random(name), [], time.monotonic()
        for _ in range(hours):
            await hour(noise, round(looks * part))
            await asyncio.sleep(_SWEPT)
            samples.append(held())
        settled = samples[hours // 4 :]
        middle = len(settled) // 2
        early, late = ([median(values) for values in zip(*half, strict=True)]
                       for half in (settled[:middle], settled[middle:]))  # fmt: skip
        allowed = (MEMORY_MIB, OBJECTS, 0, 0, 0)
        grown = [after - before for before, after in zip(early, late, strict=True)]
        fine = all(more <= most for more, most in zip(grown, allowed, strict=True))
        good &= fine
        words = "MiB {:+.2f}, objects {:+.0f}, tasks {:+.0f}, threads {:+.0f}, files {:+.0f}"
        print(f"{name:10} {hours} h in {time.monotonic() - begin:5.0f} s: "
              f"{words.format(*grown)}  {'ok' if fine else 'GROWS'}", flush=True)  # fmt: skip
    print("nothing grows" if good else "SOMETHING GROWS")
    return good


def main() -> int:
    """Soak; 1 if something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--part", type=float, default=1.0, help="this share of an hour's questions")
    parser.add_argument("readers", nargs="*", default=list(DAYS))
    args = parser.parse_args()
    return 0 if asyncio.run(soak(args.hours, args.readers, args.part)) else 1


if __name__ == "__main__":
    sys.exit(main())
