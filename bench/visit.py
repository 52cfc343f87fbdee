"""A kiosk on simulated devices, a finger on its page, and how long a stack takes."""

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rig import CARD, Devices, Plan, Rig, Supply, Watched, book, free_port, running
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from drivers.barcode.simulator import ScannerSimulator
from drivers.feig import FeigSimulator
from drivers.pn532.cards import Ntag213
from drivers.pn532.simulator import Pn532Simulator
from drivers.printer.simulator import PrinterSimulator
from drivers.testing.tag15693 import Tag

STACK = 5
CARD_PAUSE = 0.15
"""The default pause of the card reader between two looks; more than it counts as ours."""
LIST_TARGETS = b"\xd4\x4a"


@dataclass(frozen=True, slots=True)
class Timing:
    """One stack, seconds."""

    total: float
    air: float
    pause: float

    @property
    def share(self) -> float:
        """What the software took."""
        return self.total - self.air - self.pause


@dataclass
class Desk:
    """The kiosk's devices, and a finger on its page."""

    pad: FeigSimulator
    cards: Pn532Simulator
    pad_wire: Watched
    card_wire: Watched
    page: ClientConnection
    stack: list[Tag]

    async def screen(
        self, name: str, until: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> float:
        """Wait for a screen; return the moment at which the page was told of it."""
        message: dict[str, Any] = {}
        try:
            async with asyncio.timeout(10):
                while True:
                    message = json.loads(await self.page.recv())
                    if message["screen"] == name and until(message["data"]):
                        return time.perf_counter()
        except TimeoutError:
            raise SystemExit(f"screen {name} did not come; the last was {message}") from None

    async def ready(self, *, online: bool) -> None:
        """Wait until the kiosk invites, and knows the centre if there is one."""
        async with asyncio.timeout(30):
            while message := json.loads(await self.page.recv()):
                if message["screen"] == "idle" and message["online"] == online:
                    return

    async def press(self, name: str) -> float:
        """Press a button; return when."""
        await self.page.send(json.dumps({"press": name}))
        return time.perf_counter()

    async def lay(self) -> None:
        """Put the stack on the pad and wait until the kiosk knows it and it lies still."""
        for tag in self.stack:
            self.pad.field.put(tag)
        await self.screen(
            "books", lambda data: data["waiting"] == len(self.stack) and data["still"]
        )
        self.pad_wire.forget()
        self.card_wire.forget()

    async def lend(self) -> Timing:
        """Tap a card and say yes to the count question."""
        card = Ntag213(bytes.fromhex("04A1B2C3D4E501"))
        card.write_text(CARD)
        began = time.perf_counter()
        self.cards.put(card)
        asked = await self.screen("count", lambda data: data["waiting"] == len(self.stack))
        pressed = await self.press("count_yes")
        ended = await self.screen("results", lambda data: data["lent"] == len(self.stack))
        self.cards.take(card)
        looked = next(
            at for at, data in self.card_wire.asked if at > began and LIST_TARGETS in data
        )
        air = self.card_wire.air(looked, asked) + self.pad_wire.air(pressed, ended)
        return Timing(ended - began - (pressed - asked), air, min(looked - began, CARD_PAUSE))

    async def take_back(self) -> Timing:
        """Press the button for returns."""
        pressed = await self.press("return")
        ended = await self.screen("results", lambda data: data["returned"] == len(self.stack))
        return Timing(ended - pressed, self.pad_wire.air(pressed, ended), 0.0)

    async def leave(self, receipt: str = "no_receipt") -> None:
        """End the visit and take the books along; ``print`` for a receipt."""
        await self.press("finish")
        await self.screen("receipt")
        await self.press(receipt)
        await self.screen("bye")
        self.pad.field.clear()
        await self.screen("idle", lambda data: not data["left"])


@asynccontextmanager
async def kiosk(
    supply: Supply, books: int = STACK, **more: Plan
) -> AsyncIterator[tuple[Rig, Desk]]:
    """Run an agent with a kiosk, and ``more`` stations, and open the kiosk's page."""
    pad, cards = FeigSimulator(), Pn532Simulator()
    pad_wire, card_wire = Watched(pad), Watched(cards)
    devices: Devices = {
        "pad": ("feig", pad_wire), "card": ("pn532", card_wire),
        "scanner": ("scanner", ScannerSimulator()), "printer": ("escpos", PrinterSimulator()),
    }  # fmt: skip
    port = free_port()
    options: dict[str, Any] = {name: name for name in devices} | {"port": port, "bye_seconds": 1}
    stations = {"kiosk": options}
    for name, (theirs, station) in more.items():
        devices |= theirs
        stations[name] = station
    async with running(devices, stations, supply) as rig, page(port) as opened:
        stack = [book(n) for n in range(1, books + 1)]
        yield rig, Desk(pad, cards, pad_wire, card_wire, opened, stack)


@asynccontextmanager
async def page(port: int) -> AsyncIterator[ClientConnection]:
    """Open the kiosk's WebSocket as its page does, as soon as it is there."""
    for _ in range(600):
        try:
            origin = Origin(f"http://127.0.0.1:{port}")
            cookie = {"Cookie": await asyncio.to_thread(_pass, origin)}
            async with connect(
                f"ws://127.0.0.1:{port}/ws", origin=origin, additional_headers=cookie, proxy=None
            ) as opened:
                yield opened
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("the kiosk does not answer")


def _pass(address: str) -> str:
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - a loopback page
        return str(answer.headers["Set-Cookie"]).partition(";")[0]
