"""What ``shelfwire simulate`` can simulate: each device with the words that move it."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from drivers.a0.simulator import A0Simulator
from drivers.barcode.simulator import HidSimulator, ScannerSimulator
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.notify_simulator import FeigNotifySimulator
from drivers.feig.simulator import FeigSimulator
from drivers.gpio.simulator import BoardSimulator
from drivers.llrp.simulator import LlrpSimulator
from drivers.pcsc.simulator import PcscSimulator
from drivers.pn532.cards import AnyCard, make_card
from drivers.pn532.simulator import Pn532Simulator
from drivers.ports import Paper
from drivers.printer.simulator import PrinterSimulator
from drivers.rl866.simulator import Rl866Simulator
from drivers.testing.field import Field
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.serve import Served
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag
from drivers.threem.simulator import ThreeMSimulator
from drivers.uhf18 import Model
from drivers.uhf18.simulator import Uhf18Simulator

Say = Callable[[str], None]
T = TypeVar("T")

UID_LEAD = 0xE0
SMALLEST_MEMORY = 112


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

    simulator: Simulator
    words: list[Word] = field(default_factory=list)
    carry: Callable[[Served], None] = lambda _: None
    """Called once with the wire, for words that move it."""


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
        if space.take(_hex("UID", rest)) is None:
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
        found = space.with_epc(_hex("EPC", rest))
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
    device = LlrpSimulator(*(_hex("EPC", text) for text in args.tag))

    def take(rest: str) -> None:
        if not device.take(_hex("EPC", rest)):
            raise ValueError(f"there is no tag {rest.strip()} in the field")

    def tags(_rest: str) -> None:
        for epc in device.epcs:
            say(epc.hex())

    return Bench(
        device,
        [
            Word("put", "EPC", "bring a tag into the field", lambda r: device.put(_hex("EPC", r))),
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


def printer(_args: argparse.Namespace, _say: Say) -> Bench:
    """Return a receipt printer."""
    device = PrinterSimulator()

    def paper(rest: str) -> None:
        device.paper = Paper(_one_of({"ok": "ok", "low": "low", "out": "out"}, rest))

    def cover(rest: str) -> None:
        device.cover_open = _one_of({"open": True, "closed": False}, rest)

    def line(rest: str) -> None:
        device.online = _one_of({"on": True, "off": False}, rest)

    def jam(rest: str) -> None:
        device.jammed = _one_of({"on": True, "off": False}, rest)

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
        device.set_input(line, _one_of({"on": True, "off": False}, state))

    return Bench(device, [Word("set", "LINE on|off", "move an input, such as beam_a", move)])


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
    "printer": ("receipt printer", printer),
    "board": ("input and output lines", board),
}


class AirTagMaker:
    """Make UHF tags from words: an EPC, of ISO with the given AFI unless a PC word says otherwise."""

    def __init__(self, afi: str) -> None:
        """Use this AFI, two hex digits."""
        self._afi = _byte("--afi", afi)
        self._made = 0

    def __call__(self, text: str) -> Gen2Tag:
        """Return the tag for EPC or EPC=PC."""
        left, equals, right = text.strip().partition("=")
        epc = _hex("EPC", left)
        if len(epc) % 2 or len(epc) > 32:
            raise ValueError(f"EPC {left}: use whole words of 2 bytes, at most 16")
        pc = (len(epc) // 2) << 11 | 0x0100 | self._afi
        if equals:
            word = _hex("PC", right)
            pc = int.from_bytes(word, "big")
            if len(word) != 2 or pc >> 11 != len(epc) // 2:
                raise ValueError(
                    f"PC {right}: two bytes, whose top five bits count the EPC's words"
                )
        self._made += 1
        return Gen2Tag(bytes.fromhex("e28011052000") + self._made.to_bytes(6, "big"), epc, pc)


class TagMaker:
    """Make item tags from words; a tag without a UID gets one of its own."""

    def __init__(self, block_size: int, dsfid: str, afi: str) -> None:
        """Use these for every tag; ``dsfid`` and ``afi`` are two hex digits."""
        if not 1 <= block_size <= 32:
            raise ValueError(f"--block-size {block_size}: a block has 1 to 32 bytes")
        self._block_size = block_size
        self._dsfid = _byte("--dsfid", dsfid)
        self._afi = _byte("--afi", afi)
        self._made = 0

    def __call__(self, text: str) -> Tag:
        """Return the tag for UID, MEMORY or UID=MEMORY."""
        left, equals, right = text.strip().partition("=")
        first = _hex("TAG", left)
        is_uid = bool(equals) or (len(first) == 8 and first[0] == UID_LEAD)
        self._made += 1
        uid = first if is_uid else bytes.fromhex("e00401") + self._made.to_bytes(5, "big")
        memory = _hex("TAG", right) if equals and right.strip() else b"" if is_uid else first
        whole = max(len(memory), SMALLEST_MEMORY if is_uid and not memory else 0)
        whole += -whole % self._block_size
        return Tag(
            uid, bytearray(memory.ljust(whole, b"\0")), self._block_size, self._dsfid, self._afi
        )


def card(text: str) -> AnyCard:
    """Return the card for UID or UID=TEXT: 4 bytes MIFARE Classic (08…: a phone), 7 bytes NTAG."""
    digits, _, words = text.strip().partition("=")
    uid = _hex("UID", digits)
    if len(uid) == 4:
        return make_card("iso14443-4" if uid[0] == 0x08 else "classic1k", uid, words)
    if len(uid) == 7:
        return make_card("ntag213", uid, words)
    raise ValueError(f"UID {digits}: a card has 4 or 7 bytes, not {len(uid)}")


def _hex(name: str, text: str) -> bytes:
    try:
        data = bytes.fromhex(text.replace(":", " ").replace("-", " "))
    except ValueError:
        raise ValueError(f"{name} {text.strip()!r} is not hexadecimal: use 0-9 and A-F") from None
    if not data:
        raise ValueError(f"{name}: there are no digits")
    return data


def _byte(name: str, text: str) -> int:
    data = _hex(name, text)
    if len(data) != 1:
        raise ValueError(f"{name} {text!r} is not one byte: use two digits, such as 07")
    return data[0]


def _one_of(known: dict[str, T], rest: str) -> T:
    word = rest.strip()
    if word not in known:
        raise ValueError(f"{word!r}: use {' or '.join(known)}")
    return known[word]
