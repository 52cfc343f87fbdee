"""A library's day, 24 hours of questions to every device, as fast as they come (`make soak-day HOURS=24`).

Simulated devices on wires in memory (the camera's is real): tags and cards come, go and are torn away,
answers are late, lost or noisy, cables are pulled. An hour is what a station asks in one: a pad and a
card reader are looked at every 150 ms, a gate every 100 ms, a printer is asked every 10 s and prints
every minute; a code is scanned every second, one is shown to the camera every 10 s. Nothing may grow
after the first hours.
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
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from random import Random
from statistics import median

from drivers.a0 import A0Reader, A0Simulator
from drivers.a0.frames import FAMILY as A0
from drivers.barcode import CAMERA, CameraOptions, ScannerOptions
from drivers.barcode.camera_simulator import CameraSimulator
from drivers.barcode.scanner import SerialScanner
from drivers.barcode.scene import View
from drivers.barcode.simulator import ScannerSimulator
from drivers.errors import DriverError
from drivers.feig import FeigPad, FeigSimulator
from drivers.feig.gate import FeigGate
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.link import Link as FeigLink
from drivers.pn532 import CardOptions, chip
from drivers.pn532.cards import make_card
from drivers.pn532.reader import Pn532CardReader
from drivers.pn532.simulator import Pn532Simulator
from drivers.ports import ItemReader, Paper
from drivers.ports import Line as Text
from drivers.printer.printer import EscposPrinter, PrinterOptions
from drivers.printer.simulator import PrinterSimulator
from drivers.rl866 import Rl866Pad, Rl866Simulator
from drivers.rl866.link import Link as Rl866Link
from drivers.testing.faults import Faults
from drivers.testing.field import Field
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.serve import serve_tcp
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
SCANS, PRINTER_LOOKS, PICTURES = 3600, 360, 360
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


async def cards(noise: Random, looks: int) -> None:
    """An hour at a card reader: cards are laid on and taken off, some too early."""
    device = Pn532Simulator(speed=0.0)
    wire: Wire | None = None
    for _ in range(looks):
        if noise.random() < 0.004:
            device.commands.clear()
            device.take()
            if noise.random() < 0.7:
                card = make_card("ntag213", b"\x04" + noise.randbytes(6), f"R{noise.random():.6f}")
                device.put(card)
        with contextlib.suppress(DriverError):
            if wire is None:
                wire = Bad(device, noise.randrange(1000))
                reader = Pn532CardReader(wire, CardOptions(""))
                await reader.start()
            await reader._look()  # noqa: SLF001 - without the pause that comes between two
        if wire and (wire.lost or noise.random() < 0.0005):  # the cable
            await wire.close()
            wire = None
    if wire:
        await wire.close()


async def scanner(noise: Random, looks: int) -> None:
    """An hour at a scanner on a serial line."""
    device = ScannerSimulator()
    wire = Bad(device, noise.randrange(1000))
    gun = SerialScanner(wire, ScannerOptions("", gap_ms=10))
    for _ in range(looks):
        device.scan(f"VN{noise.randrange(10**6):06}", noise.choice(("", "]C1", "]A0")))
        with contextlib.suppress(TimeoutError, DriverError):
            async with asyncio.timeout(QUICK):
                await gun.next_scan()
    await wire.close()


async def printer(noise: Random, looks: int) -> None:
    """An hour at a printer whose paper ends now and then."""
    device = PrinterSimulator(speed=0.0)
    wire = Bad(device, noise.randrange(1000))
    paper = EscposPrinter(wire, PrinterOptions("", answer_ms=5, finish_s=0.2))
    for look in range(looks):
        device.paper = noise.choice((Paper.OK, Paper.OK, Paper.OK, Paper.LOW, Paper.OUT))
        with contextlib.suppress(DriverError):
            await paper.status()
            if look % 6 == 0:
                title = Text("Thư viện tỉnh", bold=True)
                book = Text(f"Truyện Kiều {noise.random():.9f}", qr=str(noise.random()))
                await paper.print_lines([title, *[book] * noise.randrange(1, 6)])
    await wire.close()


async def camera(noise: Random, looks: int) -> None:
    """An hour at a network camera, whose line hurts pictures and is cut."""
    device = CameraSimulator(View(640, 480), rate=50)
    served = await serve_tcp(device, faults=Faults(flip=0.02, seed=noise.randrange(1000)))
    await device.start()
    options = CameraOptions(
        source="stream", url=served.address.replace("tcp", "http"), looks=50, still_s=1.0
    )
    while looks > 0:
        looks -= 1
        with contextlib.suppress(DriverError, TimeoutError):
            async with CAMERA.open(options) as eye:
                while looks > 0 and noise.random() > 0.01:  # the cable
                    looks -= 1
                    device.show(f"VN{noise.randrange(10**6):06}")
                    async with asyncio.timeout(1.0):
                        await eye.next_scan()
    await device.close()
    await served.close()


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
    "pn532": (PAD_LOOKS, cards),
    "scanner": (SCANS, scanner),
    "escpos": (PRINTER_LOOKS, printer),
    "camera": (PICTURES, camera),
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
    # One thread from the beginning: a second one is made when the first is not idle yet, once.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    chip.FIRST_ACK_SECONDS = chip.ACK_SECONDS = QUICK
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
