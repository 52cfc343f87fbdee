"""The real stations of a device under virtual time, and what people do at them."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from edge.device import Device
from edge.drop.options import DropOptions
from edge.drop.station import Drop
from edge.gate.options import GateOptions
from edge.gate.station import Gate
from edge.station import Services
from edge.wire.facts import GateAlarm, GateLetPass
from kiosk.session import State
from kiosk.station import Kiosk, KioskOptions
from shelfsim.doors import Chute, GateAntenna, Plate, driver

if TYPE_CHECKING:
    from shelfsim.pi import Pi
    from shelfsim.world import Book

STATIONS = {"tinh-kiosk": ("kiosk",), "tinh-drop": ("drop", "gate"), "xa-all": ("gate",)}
"""The stations of each device; at xa-all a member of staff works with the pad by hand."""
GATE_POLL = 0.5
PASSING, NOTICED = 1.2, 12.0
"""Seconds that a person is in the gate, and after which the journal knows of it."""
PATIENCE = 25.0
"""Virtual seconds that a person waits for a machine to go on."""


class Doors:
    """What is wired to a device besides its pad; it outlives the device's processes."""

    def __init__(self) -> None:
        self.gate, self.chute, self.plate = GateAntenna(), Chute(), Plate()

    def reset(self) -> None:
        """The process is gone; people take away what they hold."""
        self.chute.reset()
        self.plate.reset()

    def devices(self, pi: "Pi") -> dict[str, Device[Any]]:
        things = {"gate": self.gate, "chute": self.chute, "plate": self.plate}
        return {name: Device(name, driver(one), None, pi.journal) for name, one in things.items()}


class Counter(Kiosk):
    """The kiosk without its web server; whatever it shows is checked at once."""

    def __init__(self, pi: "Pi", services: Services) -> None:
        super().__init__(KioskOptions(pad="pad", card="plate", library="Thư viện"), services)
        self._pi = pi
        self.stage.show = self._shows(self.stage.show)  # type: ignore[method-assign]

    async def _serve(self, _: Any) -> None:
        await asyncio.Event().wait()

    def _shows(self, show: Callable[[Any], None]) -> Callable[[Any], None]:
        def shown(message: Any) -> None:
            for row in self.engine.visit.shelf.rows.values():
                if row.deed is not None and row.key not in self._told():
                    self._told().add(row.key)
                    self._pi.world.done(self._pi, row.key, row.deed, self.engine.visit)
            show(message)

        return shown

    def _told(self) -> set[str]:
        visit = self.engine.visit
        if getattr(self, "_of", None) is not visit:
            self._of, self._keys = visit, set[str]()
        return self._keys


def stations(pi: "Pi", services: Services) -> dict[str, Any]:
    """Return the stations of a device, ready to run."""
    made: dict[str, Any] = {}
    for name in STATIONS[pi.device]:
        if name == "kiosk":
            made[name] = Counter(pi, services)
        elif name == "drop":
            made[name] = Drop(DropOptions(reader="pad", board="chute", capacity=400), services)
            pi.doors.chute.opened = lambda: opened(pi)
        else:
            options = GateOptions(reader="gate", name="g", poll_ms=int(GATE_POLL * 1000))
            made[name] = Gate(options, services)
    return made


def opened(pi: "Pi") -> None:
    """The shutter opens: what lies behind it, read or not, is recorded as returned."""
    if pi.doors.chute.inside:
        pi.world.returned(pi, pi.doors.chute.inside)


# -- what people do


async def borrow(
    pi: "Pi", card: str, books: "Sequence[Book]", *, tear: bool, fuse: int | None
) -> None:
    """A reader shows a card at the kiosk, lays books down, and takes what is said to be lent."""
    kiosk, field = pi.stations["kiosk"], pi.antenna.field
    async with pi.busy:
        pi.doors.plate.tap(card)
        await _screen(kiosk, lambda visit: visit.known, 8.0)
        for book in books:
            field.put(book.tag)
        if tear:
            field.tear_after(books[0].tag.uid, pi.dice.randrange(2))
        try:
            if await _screen(kiosk, lambda visit: visit.state is State.COUNTING):
                kiosk.stage.press("count_yes")
                pi.burn(fuse)
                await _screen(kiosk, lambda visit: visit.state is State.LENT)
                if pi.dice.random() < 0.5:
                    for book in books:
                        field.put(book.tag)  # what was torn away is laid down again
                    await asyncio.sleep(pi.dice.uniform(0.5, 2.0))
                if pi.dice.random() < 0.2:
                    kiosk.stage.press("account")
                    await asyncio.sleep(1.0)
                    kiosk.stage.press("renew_all")
                    await asyncio.sleep(1.0)
        finally:
            await _leave(pi, kiosk, books)


async def give_back(pi: "Pi", books: "Sequence[Book]", *, tear: bool, fuse: int | None) -> None:
    """Books come back at the kiosk."""
    kiosk, field = pi.stations["kiosk"], pi.antenna.field
    async with pi.busy:
        kiosk.stage.press("return")
        await asyncio.sleep(0.6)
        pi.burn(fuse)
        for book in books:
            field.put(book.tag)
        if tear:
            field.tear_after(books[0].tag.uid, pi.dice.randrange(2))
        try:
            await _screen(kiosk, lambda visit: visit.state is State.RETURNED)
        finally:
            await _leave(pi, kiosk, books)


async def _leave(pi: "Pi", kiosk: Any, books: "Sequence[Book]") -> None:
    for book in books:
        pi.antenna.field.take(book.tag.uid)
    kiosk.stage.press("finish")
    await asyncio.sleep(0.8)
    kiosk.stage.press("no_receipt")
    await _screen(kiosk, lambda visit: visit.state is State.IDLE, 60.0)


async def _screen(kiosk: Any, there: Callable[[Any], bool], patience: float = PATIENCE) -> bool:
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    while not there(kiosk.engine.visit):
        if loop.time() > until:
            return False
        await asyncio.sleep(0.25)
    return True


async def drop(pi: "Pi", books: "Sequence[Book]", *, tear: bool, fuse: int | None) -> None:
    """Books are laid into the chute, one after the other; what it does not take is taken out."""
    chute, field = pi.doors.chute, pi.antenna.field
    async with pi.busy:
        for book in books:
            field.put(book.tag)
            if tear and book is books[0]:
                field.tear_after(book.tag.uid, pi.dice.randrange(2))
            chute.inside = book.item
            chute.put_input("flap", True)
            pi.burn(fuse)
            try:
                for _ in range(40):
                    if chute.outputs["shutter"] and pi.dice.random() < 0.95:
                        break  # it falls; or sticks for a while
                    await asyncio.sleep(0.25)
            finally:
                field.take(book.tag.uid)
                chute.inside = ""
                chute.put_input("flap", False)
            await asyncio.sleep(pi.dice.uniform(0.3, 1.5))


async def pass_gate(pi: "Pi", book: "Book", dice: random.Random) -> None:
    """Somebody carries a book through the gate: an armed one is noticed, a silent one never."""
    world, loop, begun = pi.world, pi.world.loop, pi.world.loop.now()
    life, afi, well = pi.life, book.tag.afi, pi.gate_works()
    pi.doors.gate.tags.append(book.tag)
    await asyncio.sleep(PASSING + dice.uniform(0, 1.5))
    pi.doors.gate.tags.remove(book.tag)
    steady = book.tag.afi == afi
    await asyncio.sleep(NOTICED)
    if life is not pi.life or not (well and pi.gate_works() and steady):
        return
    uid, since = book.tag.uid.hex().upper(), int((begun - NOTICED) * 1000)
    noticed = any(
        isinstance(truth.event.fact, GateAlarm | GateLetPass)
        and truth.event.fact.uid == uid
        and truth.card == pi.card.folder.name
        and truth.at >= since
        for truth in world.truths.values()
    )
    armed = afi == pi.replica.policy.afi_in
    world.counts["books through gates"] += 1
    if armed and not noticed and loop.now() - begun < 10 * NOTICED:
        world.breach(f"{book.item} went through the gate of {pi.device} armed and unnoticed")
