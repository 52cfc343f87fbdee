"""The devices of the drivers' soak: a process of its own, where things never stop happening."""

import asyncio
import contextlib
import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers.a0 import A0Simulator
from drivers.barcode.keys import typed
from drivers.barcode.simulator import ScannerSimulator
from drivers.feig import FeigGateSimulator, FeigSimulator
from drivers.gpio.simulator import BoardSimulator
from drivers.pn532.cards import make_card
from drivers.pn532.simulator import Pn532Simulator
from drivers.ports import Paper
from drivers.printer.simulator import PrinterSimulator
from drivers.rl866 import Rl866Simulator
from drivers.testing.field import Field
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.serve import Served, serve_pty, serve_tcp
from drivers.testing.tag15693 import Tag
from drivers.threem import ThreeMSimulator
from drivers.uhf18 import Uhf18Simulator

TAGS = [Tag(bytes.fromhex(f"E00401500000{n:04X}"), bytearray(112)) for n in range(12)]
CARDS = [
    make_card("ntag213", bytes.fromhex("04a1b2c3d4e580"), "R0001"),
    make_card("classic1k", bytes.fromhex("deadbeef"), "R0002"),
    make_card("iso14443-4", bytes.fromhex("08112233")),
]
AIR = [
    Gen2Tag(bytes.fromhex(f"E28011052000{n:04X}"), bytes.fromhex(f"30000000000000000000{n:04X}"))
    for n in range(12)
]
UNPLUG_EVERY, UNPLUGGED = (3.0, 9.0), 0.3
dice = random.Random(1)
Deed = Callable[[], None]


def over_a_field(field: Field) -> Deed:
    """Lay tags down, take them away, tear them off in the middle of a write."""

    def deed() -> None:
        tag = dice.choice(TAGS)
        if field.take(tag.uid) is None and len(field.tags) < 5:
            field.put(tag)
        elif dice.random() < 0.3 and field.tags:
            field.tear_after(dice.choice(field.tags).uid, dice.randrange(4))

    return deed


def over_the_air(field: AirField) -> Deed:
    """Carry UHF tags in and out."""

    def deed() -> None:
        tag = dice.choice(AIR)
        if field.take(tag.tid) is None and len(field.tags) < 5:
            field.put(tag)

    return deed


def with_cards(chip: Pn532Simulator) -> Deed:
    """Lay cards down and take them away."""

    def deed() -> None:
        chip.commands.clear()
        if chip.cards:
            chip.take()
        else:
            chip.put(dice.choice(CARDS))

    return deed


def with_a_pipe(path: Path) -> Deed:
    """Type on a keyboard scanner, while somebody reads."""

    def deed() -> None:
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return  # nobody has it open
        with contextlib.suppress(BrokenPipeError):  # closed in this very moment
            os.write(pipe, typed(f"VN{dice.randrange(10**6):06}"))
        os.close(pipe)

    return deed


def with_paper(printer: PrinterSimulator) -> Deed:
    """Let paper run low and out, and take the receipts away."""

    def deed() -> None:
        printer.paper = dice.choice((Paper.OK, Paper.OK, Paper.OK, Paper.LOW, Paper.OUT))

    return deed


async def busy(deed: Deed, pause: float) -> None:
    """Do something again and again."""
    while True:
        await asyncio.sleep(pause * dice.uniform(0.5, 1.5))
        deed()


async def pulled(served: Served) -> None:
    """Pull the cable now and then."""
    while True:
        await asyncio.sleep(dice.uniform(*UNPLUG_EVERY))
        await served.unplug()
        await asyncio.sleep(UNPLUGGED)
        await served.plug()


async def main(folder: Path) -> None:
    """Serve everything below ``folder``; tell the addresses; go on until the parent ends."""
    fields = {name: Field() for name in ("feig", "rl866", "3m")}
    air = AirField(), AirField()
    gate, chip, scanner = FeigGateSimulator(Field()), Pn532Simulator(speed=0), ScannerSimulator()
    other_chip, printer, board = (
        Pn532Simulator(speed=0),
        PrinterSimulator(speed=0),
        BoardSimulator(),
    )
    simulators: dict[str, tuple[Any, Deed, float]] = {
        "feig": (FeigSimulator(fields["feig"], block_seconds=0), over_a_field(fields["feig"]), 0.05),
        "rl866": (
            Rl866Simulator(fields["rl866"], block_seconds=0), over_a_field(fields["rl866"]), 0.05,
        ),
        "3m": (ThreeMSimulator(fields["3m"], block_seconds=0), over_a_field(fields["3m"]), 0.05),
        "uhf18": (Uhf18Simulator(air[0], round_seconds=0.0), over_the_air(air[0]), 0.05),
        "a0": (A0Simulator(air[1]), over_the_air(air[1]), 0.05),
        "feig-gate": (gate, lambda: gate.pass_tag(dice.choice(TAGS)), 0.05),
        "pn532": (chip, with_cards(chip), 0.2),
        "libnfc": (other_chip, with_cards(other_chip), 0.3),
        "scanner": (scanner, lambda: scanner.scan(f"VN{dice.randrange(10**6):06}", "]C1"), 0.05),
        "escpos": (printer, with_paper(printer), 0.5),
    }  # fmt: skip
    served = {
        name: await serve_pty(simulator, folder / name)
        for name, (simulator, _, _) in simulators.items()
    }
    lines = await serve_tcp(board, "127.0.0.1", 0)
    pipe = folder / "scanner-hid"
    os.mkfifo(pipe)
    async with asyncio.TaskGroup() as tasks:
        for name, (_, deed, pause) in simulators.items():
            tasks.create_task(busy(deed, pause), name=name)
            tasks.create_task(pulled(served[name]), name=f"cable of {name}")
        tasks.create_task(busy(with_a_pipe(pipe), 0.05), name="keys")
        move = busy(lambda: board.set_input("beam_a", dice.random() < 0.5), 0.02)
        tasks.create_task(move, name="beam")
        tasks.create_task(pulled(lines), name="cable of the board")
        addresses = {name: one.address for name, one in served.items()}
        print(json.dumps(addresses | {"board-socket": lines.address}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
