"""One library of the demo: its antennas, cards, beams, printer, each behind its own wire."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from demo.bins import BASKETS
from demo.catalogue import Person
from demo.places import Places
from demo.world.cable import Cable, Heard, Tapped
from demo.world.words import BoardEar, Ear, FeigEar, Pn532Ear, PrinterEar, ScannerEar, Word
from drivers.barcode.simulator import ScannerSimulator
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.simulator import FeigSimulator
from drivers.gpio.simulator import BoardSimulator
from drivers.pn532.cards import Classic1k, Ntag213
from drivers.pn532.simulator import Pn532Simulator
from drivers.printer.simulator import PrinterSimulator
from drivers.testing.field import Field
from drivers.testing.serve import Served, serve_pty, serve_tcp
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag

Tell = Callable[[str, str, str, Word, bytes], None]
"""Called with site, device, who, word and bytes whenever something is said on a wire."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a device hangs on its Pi: a serial port, or a TCP door of :mod:`demo.places`."""

    name: str
    door: str = ""


WIRES = (
    Wire("pad"), Wire("card"), Wire("scanner"), Wire("printer"), Wire("drop-pad"),
    Wire("gate", "gate"), Wire("gate-board", "gate-board"), Wire("drop-board", "drop-board"),
    Wire("slips"),
)  # fmt: skip


class Site:
    """The devices of one library."""

    def __init__(
        self, name: str, places: Places, tell: Tell, switched: Callable[[str, str, bool], None]
    ) -> None:
        """Make the devices; :meth:`serve` puts them on their wires.

        ``switched`` is called with the site, an output of a board and what it is now.
        """
        self.name = name
        self._places = places
        self._tell = tell
        self._switched = switched
        self.pad = Field()
        self.chute = Field()
        self.arch = Field()
        self.card_reader = Pn532Simulator()
        self.scanner = ScannerSimulator()
        self.printer = PrinterSimulator()
        self.slips = PrinterSimulator()
        self.baskets = BASKETS[name]
        self.gate = FeigGateSimulator(self.arch)
        self.gate_board = BoardSimulator(on_output=self._gate_switched)
        self.drop_board = BoardSimulator(on_output=lambda line, on: switched(name, line, on))
        self.cables: dict[str, Cable] = {}
        self.lamp_seconds: list[float] = []
        """From the moment the gate heard a bag to its lamp, each time it lit."""
        self._heard_at = 0.0

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Put every device on its wire for as long as the context lasts."""
        parts: dict[str, tuple[Simulator, Ear]] = {
            "pad": (FeigSimulator(self.pad), FeigEar()),
            "card": (self.card_reader, Pn532Ear()),
            "scanner": (self.scanner, ScannerEar()),
            "printer": (self.printer, PrinterEar()),
            "drop-pad": (FeigSimulator(self.chute), FeigEar()),
            "gate": (self.gate, FeigEar()),
            "gate-board": (self.gate_board, BoardEar()),
            "drop-board": (self.drop_board, BoardEar()),
        }
        if len(self.baskets) > 1:
            parts["slips"] = (self.slips, PrinterEar())
        async with contextlib.AsyncExitStack() as stack:
            for wire in (one for one in WIRES if one.name in parts):
                simulator, ear = parts[wire.name]
                served = await self._wire(wire, Tapped(simulator, ear, self._heard(wire.name)))
                self.cables[wire.name] = Cable(wire.name, served)
                stack.push_async_callback(served.close)
            yield

    async def _wire(self, wire: Wire, simulator: Simulator) -> Served:
        if wire.door:
            port = self._places.ports[f"{wire.door}-{self.name}"]
            return await serve_tcp(simulator, "127.0.0.1", port)
        return await serve_pty(simulator, self._places.wire(self.name, wire.name))

    def _heard(self, device: str) -> Heard:
        return lambda who, word, data: self._tell(self.name, device, who, word, data)

    def open_basket(self) -> str:
        """Return the place of the bin that the diverters of the book drop point at."""
        outputs = self.drop_board.outputs
        pointed = (one.place for one in self.baskets if one.diverter and outputs.get(one.diverter))
        return next(pointed, self.baskets[0].place)

    def _gate_switched(self, line: str, on: bool) -> None:
        if line == "lamp" and on:
            self.lamp_seconds.append(time.monotonic() - self._heard_at)
        self._switched(self.name, line, on)

    async def show_card(self, person: Person, seconds: float) -> None:
        """Hold a person's chip card to the card reader for a moment."""
        card = chip_of(person)
        self.card_reader.put(card)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.card_reader.take(card)

    async def walk(self, way: str, bag: list[Tag], pace: float) -> None:
        """Let somebody walk through the gate: ``in`` breaks beam A first, ``out`` beam B."""
        first, second = ("beam_a", "beam_b") if way == "in" else ("beam_b", "beam_a")
        board = self.gate_board
        board.set_input(first, True)
        await asyncio.sleep(0.2 * pace)
        self._heard_at = time.monotonic()
        for tag in bag:
            self.gate.pass_tag(tag)
        board.set_input(second, True)
        await asyncio.sleep(0.25 * pace)
        board.set_input(first, False)
        for tag in bag:
            self.gate.pass_tag(tag)
        await asyncio.sleep(0.25 * pace)
        board.set_input(second, False)


def chip_of(person: Person) -> Ntag213 | Classic1k:
    """Return the chip in a person's card."""
    if person.card == "ntag":
        ntag = Ntag213(person.uid)
        ntag.write_text(person.number)
        return ntag
    return Classic1k(person.uid)
