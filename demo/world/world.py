"""The physical world of the demo: what people do with books, cards, doors and plugs.

Every act here is one a hand could do. The world knows simulators, cables and plugs; it never talks
to an agent or to the gateway, and it does not know what a loan is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from demo.bins import PLACES
from demo.catalogue import Library
from demo.places import PIS, SITES, Places
from demo.world.errors import WorldError
from demo.world.network import NetworkPlug
from demo.world.power import PiPower
from demo.world.site import Site
from demo.world.things import Book, Reader, Things
from demo.world.words import Word
from drivers.ports import Paper

BIN_HALF = 6
CARD_SECONDS = 1.2
FALL_SECONDS = 0.4
SAVE_SECONDS = 0.5

Listener = Callable[[dict[str, Any]], None]


class World:
    """Two libraries and everything in them. ``pace`` scales how long people take."""

    def __init__(self, library: Library, places: Places, *, pace: float = 1.0) -> None:
        """Lay everything out; :meth:`open` brings it to life."""
        self.places = places
        self.pace = pace
        self.things = Things(library, places.world / "things.json")
        self.sites = {name: Site(name, places, self._heard, self._switched) for name in SITES}
        broker = places.ports["broker"]
        self.plugs = {name: NetworkPlug(places.ports[f"net-{name}"], broker) for name in SITES}
        self.pis = {pi.device: PiPower(pi, places, self._changed) for pi in PIS}
        self.walking: dict[str, dict[str, str]] = {}
        self.showing: dict[str, str] = {}
        self.stuck: set[str] = set()
        """Sites where the next thing sticks in the chute of the book drop."""
        self._gates = {name: asyncio.Lock() for name in SITES}
        self._listeners: set[Listener] = set()
        self._dirty = asyncio.Event()

    @contextlib.asynccontextmanager
    async def open(self, *, power: bool = True) -> AsyncIterator[None]:
        """Serve the devices, plug in the networks and switch on the Pis while the context lasts."""
        async with contextlib.AsyncExitStack() as stack:
            for site in self.sites.values():
                await stack.enter_async_context(site.serve())
                self._lay_out(site)
            for plug in self.plugs.values():
                await plug.plug()
                stack.push_async_callback(plug.unplug)
            saver = asyncio.create_task(self._save_changes(), name="save the world")
            stack.push_async_callback(self._close, saver)
            if power:
                await asyncio.gather(*(pi.boot() for pi in self.pis.values()))
            yield

    async def _close(self, saver: asyncio.Task[None]) -> None:
        await asyncio.gather(*(pi.shut_down() for pi in self.pis.values()))
        saver.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await saver
        self.things.save()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with everything that happens; return how to stop that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def look_again(self) -> None:
        """Tell who listens that there is something to see."""
        self._changed()

    # What hands do.

    def move(self, item: str, to: str) -> None:
        """Take a book and put it somewhere."""
        book = self.things.book(item)
        kind, _, where = to.partition(":")
        if kind not in ("shelf", "pad", "chute", "bag") or not where:
            raise WorldError("no_such_place", place=to)
        if to != book.place:
            self._check_reach(book, kind, where)
            self._lift(book)
            self.things.move(book, to)
            self._put_down(book)
        self._changed()

    async def tap(self, number: str) -> None:
        """Let a reader hold their card to the card reader of the kiosk where they are."""
        reader = self._inside(number)
        if reader.person.card == "barcode":
            raise WorldError("card_has_no_chip")
        self.showing[reader.site] = number
        self._changed()
        try:
            await self.sites[reader.site].show_card(reader.person, CARD_SECONDS * self.pace)
        finally:
            self.showing.pop(reader.site, None)
            self._changed()

    def scan(self, site: str, *, reader: str = "", item: str = "", text: str = "") -> None:
        """Hold a printed code to the scanner: of a card, of a book, or any text."""
        if reader:
            person = self._inside(reader).person
            if person.card == "mifare":
                raise WorldError("card_has_no_code")
            text, site = person.number, self.things.reader(reader).site
        elif item:
            text = self.things.book(item).copy.item
        self._site(site).scanner.scan(text)

    async def walk(self, number: str, way: str) -> None:
        """Let a reader walk through the gate with what is in their bag."""
        reader = self.things.reader(number)
        if way not in ("in", "out"):
            raise WorldError("no_such_way", way=way)
        if reader.inside == (way == "in"):
            raise WorldError("already_inside" if reader.inside else "already_outside")
        async with self._gates[reader.site]:
            self.walking[reader.site] = {"reader": number, "way": way}
            self._changed()
            try:
                bag = [book.tag for book in self.things.at(f"bag:{number}")]
                await self.sites[reader.site].walk(way, bag, self.pace)
            finally:
                self.walking.pop(reader.site, None)
                reader.inside = way == "in"
                self._changed()

    async def open_bin(self, site: str) -> None:
        """Open the bins, put the books back on the shelf, close them again."""
        board = self._site(site).drop_board
        board.set_input("bin_door", True)
        for basket in self.sites[site].baskets:
            for book in self.things.at(f"{basket.place}:{site}"):
                self.things.move(book, f"shelf:{site}")
        self._bin_level(site)
        self._changed()
        await asyncio.sleep(1.0 * self.pace)
        board.set_input("bin_door", False)
        self._changed()

    def jam(self, site: str, on: bool) -> None:
        """Make the chute of a book drop stick, or free it; what sticks is taken out by hand."""
        self._site(site)
        (self.stuck.add if on else self.stuck.discard)(site)
        self._changed()

    async def network(self, site: str, on: bool) -> None:
        """Put a site's network plug in, or pull it."""
        self._site(site)
        plug = self.plugs[site]
        await (plug.plug() if on else plug.unplug())
        self._changed()

    async def power(self, device: str, on: bool) -> None:
        """Give a Pi power (it boots), or cut it off."""
        if device not in self.pis:
            raise WorldError("no_such_device", device=device)
        await (self.pis[device].boot() if on else self.pis[device].cut())

    async def cable(self, site: str, device: str, plugged: bool) -> None:
        """Plug a device in, or pull its cable."""
        cables = self._site(site).cables
        if device not in cables:
            raise WorldError("no_such_device", device=device)
        await (cables[device].plug() if plugged else cables[device].unplug())
        self._changed()

    def paper(self, site: str, state: str) -> None:
        """Change what is in the printer: ``ok``, ``low``, ``out`` or ``jam``."""
        printer = self._site(site).printer
        if state not in ("ok", "low", "out", "jam"):
            raise WorldError("no_such_paper", state=state)
        printer.paper = Paper.OK if state == "jam" else Paper(state)
        printer.jammed = state == "jam"
        self._changed()

    # What follows from it.

    def _check_reach(self, book: Book, kind: str, where: str) -> None:
        here, at = book.place.split(":")
        if here in PLACES:
            raise WorldError("bin_is_closed")
        holder = self.things.reader(at) if here == "bag" else None
        site = holder.site if holder else at
        if kind == "bag":
            taker = self.things.reader(where)
            if taker.site != site:
                raise WorldError("too_far")
            if here in ("shelf", "pad") and not taker.inside:
                raise WorldError("still_outside")
            return
        self._site(where)
        if where != site:
            raise WorldError("too_far")
        if kind in ("shelf", "pad") and holder and not holder.inside:
            raise WorldError("still_outside")

    def _lift(self, book: Book) -> None:
        kind, _, where = book.place.partition(":")
        if kind == "pad":
            self.sites[where].pad.take(book.tag.uid)
        elif kind == "chute":
            site = self.sites[where]
            site.chute.take(book.tag.uid)
            if len(self.things.at(book.place)) == 1:
                site.drop_board.set_input("flap", False)

    def _put_down(self, book: Book) -> None:
        kind, _, where = book.place.partition(":")
        if kind == "pad":
            self.sites[where].pad.put(book.tag)
        elif kind == "chute":
            self.sites[where].chute.put(book.tag)
            self.sites[where].drop_board.set_input("flap", True)

    def _lay_out(self, site: Site) -> None:
        for book in self.things.at(f"pad:{site.name}") + self.things.at(f"chute:{site.name}"):
            self._put_down(book)
        self._bin_level(site.name)

    def _switched(self, site: str, line: str, on: bool) -> None:
        """See what a board switched: when the shutter opens, what lies on it falls."""
        if line == "shutter":
            self.sites[site].drop_board.set_input("shutter_open", on)
        if line == "shutter" and on:
            asyncio.get_running_loop().call_later(FALL_SECONDS * self.pace, self._fall, site)
        self._changed()

    def _fall(self, name: str) -> None:
        site = self.sites[name]
        if site.drop_board.outputs.get("shutter") and name not in self.stuck:
            for book in self.things.at(f"chute:{name}"):
                self._lift(book)
                self.things.move(book, f"{site.open_basket()}:{name}")
            self._bin_level(name)
        self._changed()

    def _bin_level(self, name: str) -> None:
        board = self.sites[name].drop_board
        for basket in self.sites[name].baskets:
            inside = len(self.things.at(f"{basket.place}:{name}"))
            board.set_input(basket.line, inside >= basket.full)
            if basket.place == "bin":
                board.set_input("bin_half", inside >= BIN_HALF)

    def _site(self, name: str) -> Site:
        if name not in self.sites:
            raise WorldError("no_such_site", site=name)
        return self.sites[name]

    def _inside(self, number: str) -> Reader:
        reader = self.things.reader(number)
        if not reader.inside:
            raise WorldError("still_outside")
        return reader

    def _heard(self, site: str, device: str, who: str, word: Word, data: bytes) -> None:
        if who == "host" and not word.small:
            # A device is about to do what can be seen: write a tag, feed paper.
            asyncio.get_running_loop().call_soon(self._changed)
        if self._listeners:
            said = {
                "site": site, "device": device, "who": who, "key": word.key,
                "values": word.values, "small": word.small, "hex": data[:24].hex(" "),
                "bytes": len(data),
            }  # fmt: skip
            self._tell({"wire": said})

    def _changed(self) -> None:
        self._dirty.set()
        self._tell({"changed": True})

    def _tell(self, event: dict[str, Any]) -> None:
        for listener in list(self._listeners):
            listener(event)

    async def _save_changes(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(SAVE_SECONDS)
            self._dirty.clear()
            self.things.save()
