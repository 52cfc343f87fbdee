"""What ``shelfwire simulate`` can simulate: each device with the words that move it."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.a0.simulator import A0Simulator
from drivers.barcode.camera_simulator import CameraSimulator
from drivers.barcode.pictures import SYMBOLOGIES, Symbology
from drivers.barcode.simulator import HidSimulator, ScannerSimulator
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.notify_simulator import FeigNotifySimulator
from drivers.feig.simulator import FeigSimulator
from drivers.gpio.simulator import BoardSimulator
from drivers.llrp.simulator import LlrpSimulator
from drivers.pcsc.simulator import PcscSimulator
from drivers.pihealth.simulator import PiSimulator
from drivers.pihealth.throttled import WORDS as THROTTLED
from drivers.pn532.simulator import Pn532Simulator
from drivers.ports import Paper
from drivers.printer.simulator import PrinterSimulator
from drivers.rl866.simulator import Rl866Simulator
from drivers.testing.field import Field
from drivers.testing.gen2 import AirField
from drivers.testing.serve import Served
from drivers.testing.simulator import Simulator
from drivers.threem.simulator import ThreeMSimulator
from drivers.uhf18 import Model
from drivers.uhf18.simulator import Uhf18Simulator
from edge.simtags import AirTagMaker, TagMaker, card, digits, one_of, within

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Word:
    """A word typed while a simulator runs. ``do`` raises ValueError for what it cannot do."""

    name: str
    arguments: str
    help: str
    do: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """A simulated device and the words that move it."""

    simulator: Any
    """A :class:`Simulator`, or what is a :class:`Served` itself."""
    words: list[Word] = field(default_factory=list)
    carry: Callable[[Served], None] = lambda _: None
    """Called once with the wire, for words that move it."""
    faults: list[Word] = field(default_factory=list)
    """Words for what can be wrong with this device alone."""


def pn532(args: argparse.Namespace, _say: Say) -> Bench:
    """Return a card reader; a tag is UID or UID=TEXT."""
    chip = Pn532Simulator(*(card(text) for text in args.tag))

    def take(_rest: str) -> None:
        chip.take()

    return Bench(
        chip,
        [
            Word("put", "UID[=TEXT]", "lay a card on", lambda rest: chip.put(card(rest))),
            Word("take", "", "take every card away", take),
        ],
    )


def feig(args: argparse.Namespace, say: Say) -> Bench:
    """Return a FEIG reader; a tag is a UID, a memory, or UID=MEMORY."""
    return _pad(FeigSimulator, args, say)


def rl866(args: argparse.Namespace, say: Say) -> Bench:
    """Return an RL866 reader, with tags as for FEIG."""
    return _pad(Rl866Simulator, args, say)


def threem(args: argparse.Namespace, say: Say) -> Bench:
    """Return a 3M pad 810, with tags as for FEIG."""
    return _pad(ThreeMSimulator, args, say)


def _pad(simulator: Callable[[Field], Simulator], args: argparse.Namespace, say: Say) -> Bench:
    make = TagMaker(args.block_size, args.dsfid, args.afi)
    space = Field(*(make(text) for text in args.tag))

    def take(rest: str) -> None:
        if space.take(digits("UID", rest)) is None:
            raise ValueError(f"there is no tag {rest.strip()} on the pad")

    def tags(_rest: str) -> None:
        for tag in space.tags:
            say(f"{tag.uid.hex()} afi={tag.afi:02x} dsfid={tag.dsfid:02x} {tag.memory.hex()}")

    return Bench(
        simulator(space),
        [
            Word("put", "TAG", "put a tag on the pad", lambda rest: space.put(make(rest))),
            Word("take", "UID", "take a tag off the pad", take),
            Word("tags", "", "show what is on the pad", tags),
        ],
    )


def feig_gate(args: argparse.Namespace, _say: Say) -> Bench:
    """Return a gate reader; the tags given walk through at the start."""
    return _gate(FeigGateSimulator(Field()), args)


def feig_gate_notify(args: argparse.Namespace, _say: Say) -> Bench:
    """Return a gate reader that calls the agent itself."""
    return _gate(FeigNotifySimulator(Field()), args)


def _gate(gate: FeigGateSimulator, args: argparse.Namespace) -> Bench:
    make = TagMaker(args.block_size, args.dsfid, args.afi)
    for text in args.tag:
        gate.pass_tag(make(text))
    word = Word(
        "pass", "TAG", "carry a tag through the gate", lambda rest: gate.pass_tag(make(rest))
    )
    return Bench(gate, [word])


def _uhf(simulator: Simulator, space: AirField, args: argparse.Namespace, say: Say) -> Bench:
    make = AirTagMaker(args.afi)
    for text in args.tag:
        space.put(make(text))

    def take(rest: str) -> None:
        found = space.with_epc(digits("EPC", rest))
        if not found:
            raise ValueError(f"there is no tag {rest.strip()} in the field")
        space.take(found[0].tid)

    def tags(_rest: str) -> None:
        for tag in space.tags:
            say(f"{tag.epc.hex()} pc={tag.pc:04x} tid={tag.tid.hex()} {tag.user.hex()}")

    return Bench(
        simulator,
        [
            Word(
                "put", "EPC[=PC]", "bring a tag into the field", lambda rest: space.put(make(rest))
            ),
            Word("take", "EPC", "take a tag out of the field", take),
            Word("tags", "", "show what is in the field", tags),
        ],
    )


def uhf18(args: argparse.Namespace, say: Say) -> Bench:
    """Return a UHFReader18; a tag is EPC or EPC=PC."""
    space = AirField()
    return _uhf(Uhf18Simulator(space), space, args, say)


def uhf288(args: argparse.Namespace, say: Say) -> Bench:
    """Return a UHFReader288; a tag is EPC or EPC=PC."""
    space = AirField()
    return _uhf(Uhf18Simulator(space, model=Model.R288), space, args, say)


def a0(args: argparse.Namespace, say: Say) -> Bench:
    """Return a UHF reader that speaks A0; a tag is EPC or EPC=PC."""
    space = AirField()
    return _uhf(A0Simulator(space), space, args, say)


def llrp(args: argparse.Namespace, say: Say) -> Bench:
    """Return llrpkit's LLRP emulator; a tag is an EPC."""
    device = LlrpSimulator(*(digits("EPC", text) for text in args.tag))

    def take(rest: str) -> None:
        if not device.take(digits("EPC", rest)):
            raise ValueError(f"there is no tag {rest.strip()} in the field")

    def tags(_rest: str) -> None:
        for epc in device.epcs:
            say(epc.hex())

    return Bench(
        device,
        [
            Word(
                "put", "EPC", "bring a tag into the field", lambda r: device.put(digits("EPC", r))
            ),
            Word("take", "EPC", "take a tag out of the field", take),
            Word("tags", "", "show what is in the field", tags),
        ],
    )


def pcsc(args: argparse.Namespace, _say: Say) -> Bench:
    """Return a virtual card for the driver vpcd of pcscd; a tag is UID or UID=TEXT."""
    device = PcscSimulator(card(args.tag[0]) if args.tag else None)
    jobs: set[asyncio.Task[None]] = set()
    wires: list[Served] = []

    def do(job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job, name="card in the field")
        jobs.add(task)
        task.add_done_callback(jobs.discard)

    def put(rest: str) -> None:
        device.put(card(rest))
        do(_called_anew(wires[0]))

    def carry(served: Served) -> None:
        wires.append(served)
        if not args.tag:
            do(served.unplug())

    return Bench(
        device,
        [
            Word("put", "UID[=TEXT]", "lay a card on", put),
            Word("take", "", "take the card away", lambda _: do(wires[0].unplug())),
        ],
        carry,
    )


async def _called_anew(served: Served) -> None:
    await served.unplug()
    await served.plug()


def scanner_hid(_args: argparse.Namespace, _say: Say) -> Bench:
    """Return a barcode scanner that types."""
    device = HidSimulator()
    return Bench(device, [Word("scan", "TEXT", "hold a code in front of it", device.scan)])


def scanner(_args: argparse.Namespace, _say: Say) -> Bench:
    """Return a barcode scanner."""
    device = ScannerSimulator()
    return Bench(device, [Word("scan", "TEXT", "hold a code in front of it", device.scan)])


def camera(args: argparse.Namespace, _say: Say) -> Bench:
    """Return a network camera; a tag is a code in front of it, [KIND] TEXT."""
    device = CameraSimulator()
    if args.tag:
        device.show(*_code(args.tag[0]))

    def half(rest: str) -> None:
        device.see(half=one_of({"on": True, "off": False}, rest))

    def freeze(rest: str) -> None:
        device.frozen = one_of({"on": True, "off": False}, rest)

    def rate(rest: str) -> None:
        device.rate = within("rate", rest, 0.1, 60)

    def see(name: str, most: float) -> Callable[[str], None]:
        return lambda rest: device.see(**{name: within(name, rest, 0, most)})

    return Bench(
        device,
        [
            Word("show", "[KIND] TEXT", f"hold a code there: {', '.join(SYMBOLOGIES)}",
                 lambda rest: device.show(*_code(rest))),
            Word("take", "", "take the code away", lambda _: device.show("")),
        ],
        faults=[
            Word("blur", "DOTS", "out of focus", see("blur", 50)),
            Word("dark", "PERCENT", "so much of the light is missing", see("dark", 100)),
            Word("tilt", "DEGREES", "the code is held askew", see("tilt", 360)),
            Word("half", "on|off", "only a part of the code is in sight", half),
            Word("freeze", "on|off", "no more pictures, the line stays", freeze),
            Word("rate", "NUMBER", "pictures in a second", rate),
        ],
    )  # fmt: skip


def _code(text: str) -> tuple[str, Symbology]:
    """Take [KIND] TEXT; without a kind it is a QR code."""
    first, space, rest = text.strip().partition(" ")
    for kind in SYMBOLOGIES:
        if space and first.lower() == kind:
            return rest.strip(), kind
    return text.strip(), "qr"


def printer(_args: argparse.Namespace, _say: Say) -> Bench:
    """Return a receipt printer."""
    device = PrinterSimulator()

    def paper(rest: str) -> None:
        device.paper = Paper(one_of({"ok": "ok", "low": "low", "out": "out"}, rest))

    def cover(rest: str) -> None:
        device.cover_open = one_of({"open": True, "closed": False}, rest)

    def line(rest: str) -> None:
        device.online = one_of({"on": True, "off": False}, rest)

    def jam(rest: str) -> None:
        device.jammed = one_of({"on": True, "off": False}, rest)

    def save(rest: str) -> None:
        pages = device.pages
        if not pages:
            raise ValueError("nothing has been printed yet")
        pages[-1].save(Path(rest.strip()))

    return Bench(
        device,
        [
            Word("paper", "ok|low|out", "change how much paper is left", paper),
            Word("cover", "open|closed", "open or close the cover", cover),
            Word("line", "on|off", "put it on line or off line", line),
            Word("jam", "on|off", "let paper stick in the cutter", jam),
            Word("save", "FILE.png", "save the last receipt as a picture", save),
        ],
    )


def board(_args: argparse.Namespace, say: Say) -> Bench:
    """Return an I/O board; it says what its outputs do."""
    device = BoardSimulator(
        on_output=lambda line, active: say(f"{line} {'on' if active else 'off'}")
    )

    def move(rest: str) -> None:
        line, _, state = rest.strip().partition(" ")
        device.set_input(line, one_of({"on": True, "off": False}, state))

    return Bench(device, [Word("set", "LINE on|off", "move an input, such as beam_a", move)])


def pihealth(args: argparse.Namespace, _say: Say) -> Bench:
    """Return a Raspberry Pi's own sensors, as files."""
    device = PiSimulator(args.pty)

    def power(rest: str) -> None:
        words = [] if rest.strip() in ("", "well") else rest.replace(",", " ").split()
        if unknown := [word for word in words if word not in THROTTLED]:
            raise ValueError(f"{unknown[0]!r}: use well or {', '.join(THROTTLED)}")
        device.power(words)

    return Bench(
        device,
        [
            Word("heat", "DEGREES", "how hot it is",
                 lambda rest: device.heat(within("heat", rest, -40, 150))),
            Word("power", "WORDS|well", f"what slows it: {', '.join(THROTTLED)}", power),
            Word("worn", "PERCENT", "how much of the storage's life is used",
                 lambda rest: device.worn(int(within("worn", rest, 0, 110)))),
            Word("clock", "network|battery|none", "where the time comes from",
                 lambda rest: device.clock(
                     one_of({one: one for one in ("network", "battery", "none")}, rest))),
        ],
    )  # fmt: skip


DEVICES: dict[str, tuple[str, Callable[[argparse.Namespace, Say], Bench]]] = {
    "pn532": ("contactless card reader", pn532),
    "feig": ("RFID reader of a pad or a book drop", feig),
    "feig-gate": ("RFID reader of a gate", feig_gate),
    "feig-gate-notify": ("RFID reader of a gate that calls the agent", feig_gate_notify),
    "rl866": ("RFID reader of a pad, RL866 protocol", rl866),
    "3m": ("3M pad 810", threem),
    "uhf18": ("UHF reader, UHFReader18 protocol", uhf18),
    "uhf288": ("UHF reader, UHFReader288 protocol", uhf288),
    "a0": ("UHF reader, A0 protocol", a0),
    "llrp": ("UHF reader, LLRP (llrpkit's emulator)", llrp),
    "pcsc": ("card in a virtual PC/SC reader (vpcd)", pcsc),
    "scanner": ("barcode scanner", scanner),
    "scanner-hid": ("barcode scanner that types", scanner_hid),
    "camera": ("network camera with a code in front of it", camera),
    "printer": ("receipt printer", printer),
    "board": ("input and output lines", board),
    "pihealth": ("sensors of a Raspberry Pi, as files", pihealth),
}
