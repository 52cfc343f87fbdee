"""A kiosk in a box: the real station on simulated devices behind real wires, for tests and pictures."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from drivers.barcode import SCANNER
from drivers.barcode.simulator import ScannerSimulator
from drivers.feig import PAD, FeigSimulator
from drivers.pn532 import CARD
from drivers.pn532.cards import Ntag213, SimCard
from drivers.pn532.simulator import Pn532Simulator
from drivers.ports import Driver
from drivers.printer import PRINTER
from drivers.printer.simulator import PrinterSimulator
from drivers.testing.faults import Faults
from drivers.testing.serve import Served, serve_tcp
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag
from edge.clock import Clock
from edge.config import AgentOptions
from edge.desk import Desk
from edge.device import Device
from edge.journal import Journal
from edge.journal.database import Connect, plain
from edge.replica import Replica
from edge.station import Services
from edge.wire.batch import decode_event, to_builtins
from edge.wire.messages import Part
from kiosk.samples import DAY_MS, KEY, NOW, TITLES, Centre, book_tag, fill, item_id, receipt_keys
from kiosk.stage import Message
from kiosk.station import Kiosk, KioskOptions

__all__ = [
    "DAY_MS",
    "KEY",
    "NOW",
    "TITLES",
    "Box",
    "book_tag",
    "item_id",
    "kiosk_in_a_box",
    "receipt_keys",
]
_NAMES: dict[str, Any] = {name: name for name in ("pad", "card", "scanner", "printer")}


@dataclass
class Box:
    """The kiosk and everything around it that a hand can move."""

    kiosk: Kiosk
    journal: Journal
    replica: Replica
    centre: Centre
    pad: FeigSimulator
    cards: Pn532Simulator
    scanner: ScannerSimulator
    printer: PrinterSimulator
    wires: dict[str, Served]
    faults: dict[str, Faults] = field(default_factory=dict)
    tags: dict[int, Tag] = field(default_factory=dict)
    hurry: list[float] = field(default_factory=lambda: [0.0])

    def put(self, *numbers: int) -> None:
        """Put books on the pad."""
        for number in numbers:
            self.pad.field.put(self.tags.setdefault(number, book_tag(number)))

    def lift(self, *numbers: int) -> None:
        """Take books off the pad; without numbers, everything."""
        for uid in [self.tags[n].uid for n in numbers] or [tag.uid for tag in self.pad.field.tags]:
            self.pad.field.take(uid)

    def tap(self, number: str) -> SimCard:
        """Hold a card with this number at the card reader, and take it away."""
        self.cards.take()
        card = Ntag213(bytes.fromhex("04A1B2C3D4E5") + bytes([int(number[-2:])]))
        card.write_text(number)
        self.cards.put(card)
        asyncio.get_running_loop().call_later(0.4, self.cards.take, card)
        return card

    def scan(self, text: str) -> None:
        """Scan a barcode."""
        self.scanner.scan(text)

    def press(self, name: str, arg: str = "") -> None:
        """Press a button, as the page does."""
        self.kiosk.stage.press(name, arg)

    def pass_time(self, seconds: float) -> None:
        """Let the clock of the kiosk run ahead."""
        self.hurry[0] += seconds

    def hold(self, number: int, reader: str = "100001") -> None:
        """Keep a book for a reader, here and at the centre, from now on."""
        for one in (self.replica, self.centre.replica):
            view = one.item(item_id(number))
            if view is not None:
                kept = msgspec.structs.replace(view, held=True, held_for=f"R{reader}")
                version = one.version
                one.apply(Part(version=version + 1, start=version, items=[kept]))

    async def looked(self, times: int) -> None:
        """Wait until the kiosk has looked at the pad so many times more."""
        goal = self.kiosk.looks + times
        async with asyncio.timeout(20):
            while self.kiosk.looks < goal:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def policy(self, **changes: Any) -> None:
        """Put another policy in force, here and at the centre."""
        for one in (self.replica, self.centre.replica):
            new, version = msgspec.structs.replace(one.policy, **changes), one.version
            one.apply(Part(version=version + 1, start=version, policy=to_builtins(new)))

    def type(self, digits: str) -> None:
        """Touch these digits, and the tick."""
        for digit in digits:
            self.press("digit", digit)
        self.press("enter")

    async def screen(
        self,
        name: str,
        until: Callable[[dict[str, Any]], bool] = lambda _: True,
        seconds: float = 20,
    ) -> dict[str, Any]:
        """Wait until this screen shows what ``until`` looks for; return its data."""
        message: Message = {}
        try:
            async with asyncio.timeout(seconds):
                async for message in self.kiosk.stage.watch():
                    if message["screen"] == name and until(message["data"]):
                        return dict(message["data"])
        except TimeoutError:
            raise AssertionError(f"screen {name} did not come; the last was {message}") from None
        raise AssertionError("the stage ended")

    def facts(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the journaled facts of these kinds, oldest first."""
        events = [decode_event(body).fact for _, body in self.journal.waiting(0)]
        rows = [dict(to_builtins(fact)) for fact in events]
        return [row for row in rows if not kinds or row["k"] in kinds]


@asynccontextmanager
async def kiosk_in_a_box(
    folder: Path,
    *,
    block_seconds: float = 0.0,
    storage: Connect = plain,
    low_mb: int = 0,
    boot: str = "boot-1",
    **options: Any,
) -> AsyncIterator[Box]:
    """Run a kiosk with all its devices; everything ends with the context.

    ``storage`` opens the journal's file, for tests of a disk that is full; below ``low_mb`` of free
    space nothing is lent. ``boot`` names the start of the machine and of the agent.
    """
    hurry, clock = _clock(boot)
    pad, cards = FeigSimulator(block_seconds=block_seconds), Pn532Simulator(speed=0)
    scanner, printer = ScannerSimulator(), PrinterSimulator(speed=0)
    sims: dict[str, tuple[Driver, Simulator]] = {
        "pad": (PAD, pad), "card": (CARD, cards),
        "scanner": (SCANNER, scanner), "printer": (PRINTER, printer),
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        journal = Journal.open(
            folder / "journal.db", "tinh-kiosk", clock, low_mb=low_mb, connect=storage
        )
        stack.push_async_callback(journal.close)
        replica = stack.enter_context(closing(Replica.open(folder / "here.db", clock.now_ms)))
        central = stack.enter_context(closing(Replica.open(folder / "there.db", clock.now_ms)))
        for one in (replica, central):
            names = fill(one, clock.now_ms())
            journal.listen(one.note)
        wires: dict[str, Served] = {}
        faults: dict[str, Faults] = {}
        devices: dict[str, Device[Any]] = {}
        for name, (driver, sim) in sims.items():
            faults[name] = Faults()
            wires[name] = await serve_tcp(sim, faults=faults[name])
            stack.push_async_callback(wires[name].close)
            patient = {"patience": 4.0} if driver is PAD else {}  # machines of tests are busy
            given = driver.options(url=wires[name].address, **patient)
            devices[name] = Device(name, driver, given, journal)
        centre = Centre(clock, central, names)
        desk = Desk(KEY, replica, clock, centre)
        services = Services(_agent(folder), clock, journal, replica, desk, devices)
        kiosk = Kiosk(KioskOptions(**(_NAMES | {"port": 0} | options)), services)
        runs = [asyncio.create_task(one.run(), name=name) for name, one in devices.items()]
        runs.append(asyncio.create_task(kiosk.run(), name="kiosk"))
        stack.push_async_callback(_end, runs)
        yield Box(
            kiosk,
            journal,
            replica,
            centre,
            pad,
            cards,
            scanner,
            printer,
            wires,
            faults=faults,
            hurry=hurry,
        )


def _clock(boot: str) -> tuple[list[float], Clock]:
    """Return a clock that begins at NOW and can be hurried."""
    hurry, start = [0.0], time.monotonic()

    def mono() -> float:
        return time.monotonic() + hurry[0]

    return hurry, Clock(lambda: NOW + mono() - start, mono, boot, lambda: True)


def _agent(folder: Path) -> AgentOptions:
    return AgentOptions(
        site="tinh", device="tinh-kiosk", name="Thư viện tỉnh", data=folder, site_key=folder / "key"
    )


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel from the top down; what a task failed of is raised here."""
    for task in reversed(tasks):
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
