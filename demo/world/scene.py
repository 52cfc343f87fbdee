"""What can be seen of the world right now, as plain values for the hall's page."""

from typing import Any

from demo.catalogue import BRANCHES, CARD_MIX, Copy, Person
from demo.world.errors import WorldError
from demo.world.site import Site
from demo.world.things import Book, Reader
from demo.world.world import World
from drivers.gpio.options import INPUTS, OUTPUTS
from drivers.tags import AFI_OUT

SHELF = ("iso28560-2",) * 7 + ("iso28560-3",) * 3 + (
    "iso28560-3-short", "3m-rfid501", "foreign", "blank", "broken",
)  # fmt: skip
"""What stands on the shelf that the hall shows: mostly good books, one of each difficult kind."""
PEOPLE_SHOWN = 5
GAPS = 5
"""So many empty places on the shelf are left for books to come back to; more are filled."""


class Scene:
    """Chooses what is shown of three thousand books and five hundred readers, and shows it."""

    def __init__(self, world: World) -> None:
        """Choose a shelf and some readers for every site."""
        self._world = world
        self._books: dict[str, list[str]] = {}
        self._stacks: dict[str, list[str]] = {}
        self._people: dict[str, list[str]] = {}
        for branch in BRANCHES:
            self._books[branch.site] = _shelf(world, branch.site)
            self._stacks[branch.site] = _stacks(world, branch.site)
            self._people[branch.site] = _people(world, branch.site)

    def fetch_book(self, item: str) -> None:
        """Bring a book from the stacks to the front of the shelf where it stands."""
        place = self._world.things.book(item).place
        if not place.startswith("shelf:"):
            raise WorldError("not_in_stacks", item=item)
        _to_front(self._books[place.removeprefix("shelf:")], item, len(SHELF))

    def put_back(self, item: str, site: str) -> None:
        """Show a book that came to the shelf: at its place, or where a place is free."""
        shelf = self._books[site]
        if item not in shelf:
            free = (n for n, one in enumerate(shelf) if not self._on_shelf(one, site))
            shelf[next(free, 0)] = item

    def fetch_reader(self, number: str) -> None:
        """Let a reader come along."""
        _to_front(self._people[self._world.things.reader(number).site], number, PEOPLE_SHOWN)

    def find(self, site: str, text: str, limit: int = 12) -> dict[str, Any]:
        """Return books of the site's shelves and readers of the site that match a text."""
        wanted = text.casefold()
        books = [
            _book(book)
            for book in self._world.things.at(f"shelf:{site}")
            if wanted in f"{book.copy.item} {book.copy.title} {book.copy.author}".casefold()
        ]
        people = [
            self._reader(one)
            for one in self._world.things.readers.values()
            if one.site == site and wanted in f"{one.person.reader} {one.person.name}".casefold()
        ]
        return {"books": books[:limit], "people": people[:limit]}

    def now(self) -> dict[str, Any]:
        """Return the whole scene."""
        sites = {branch.site: self._site(branch.site) for branch in BRANCHES}
        for site, branch in zip(sites.values(), BRANCHES, strict=True):
            site["name"] = branch.name
        people = self._visible_people()
        seen = {
            item for site in sites.values() for place in site["places"].values() for item in place
        }
        seen |= {item for person in people for item in person["bag"]}
        books = {item: _book(self._world.things.book(item)) for item in sorted(seen - {None})}
        return {"sites": sites, "people": people, "books": books}

    def _site(self, name: str) -> dict[str, Any]:
        world, site = self._world, self._world.sites[name]
        return {
            "places": {
                "shelf": self._shelf(name),
                **{kind: _items(world.things.at(f"{kind}:{name}")) for kind in ("pad", "chute")},
                **{one.place: _items(world.things.at(f"{one.place}:{name}")) for one in site.baskets},
            },
            "network": world.plugs[name].plugged,
            "kiosk": world.places.url(f"kiosk-{name}"),
            "pis": [
                {
                    "device": pi.pi.device, "on": pi.on, "running": pi.running,
                    "stations": list(pi.pi.stations), "ended": pi.ended,
                }
                for pi in world.pis.values() if pi.pi.site == name
            ],
            "cables": {cable.name: cable.plugged for cable in site.cables.values()},
            "printer": _printer(site),
            "slips": len(site.slips.texts),
            "baskets": [{"place": one.place, "name": one.name, "full": one.full} for one in site.baskets],
            "jam": name in world.stuck,
            "outputs": _outputs(site),
            "card": world.showing.get(name),
            "walking": world.walking.get(name),
        }  # fmt: skip

    def _shelf(self, site: str) -> list[str | None]:
        """Return the places of the shelf, None where a book is out."""
        shelf = self._books[site]
        out = [n for n, item in enumerate(shelf) if not self._on_shelf(item, site)]
        fresh = (i for i in self._stacks[site] if i not in shelf and self._on_shelf(i, site))
        for place in out[GAPS:]:
            shelf[place] = next(fresh, shelf[place])
        return [item if self._on_shelf(item, site) else None for item in shelf]

    def _on_shelf(self, item: str, site: str) -> bool:
        return self._world.things.book(item).place == f"shelf:{site}"

    def _visible_people(self) -> list[dict[str, Any]]:
        things = self._world.things
        shown = {number: None for numbers in self._people.values() for number in numbers}
        shown |= {one.person.reader: None for one in things.readers.values() if one.inside}
        bags = (place[4:] for place in things.places() if place.startswith("bag:"))
        shown |= dict.fromkeys(bags)
        return [self._reader(things.reader(number)) for number in shown]

    def _reader(self, reader: Reader) -> dict[str, Any]:
        person = reader.person
        return {
            "reader": person.reader, "name": person.name, "group": person.group,
            "card": person.card, "site": reader.site, "inside": reader.inside,
            "note": _note(person), "bag": _items(self._world.things.at(f"bag:{person.reader}")),
        }  # fmt: skip


def _shelf(world: World, site: str) -> list[str]:
    chosen: list[str] = []
    copies = [book.copy for book in world.things.books.values() if book.copy.branch == site]
    for kind in SHELF:
        chosen.append(next(c.item for c in copies if _shown(c, kind) and c.item not in chosen))
    return chosen


def _stacks(world: World, site: str) -> list[str]:
    copies = (book.copy for book in world.things.books.values() if book.copy.branch == site)
    return [copy.item for copy in copies if _shown(copy, SHELF[0])]


def _shown(copy: Copy, kind: str) -> bool:
    return copy.tag == kind and copy.kind in ("book", "children") and len(copy.title) < 26


def _people(world: World, site: str) -> list[str]:
    here = [one.person for one in world.things.readers.values() if one.site == site]
    good = [p for p in here if not _note(p) and p.group != "staff"]
    chosen = [next(p for p in good if p.card == card) for card, _ in CARD_MIX]
    chosen.append(next(p for p in here if _note(p)))
    chosen.append(next(p for p in good if p.group == "child" and p not in chosen))
    chosen.append(next(p for p in here if p.group == "staff"))
    return [person.reader for person in chosen]


def _note(person: Person) -> str:
    if person.blocked:
        return "blocked"
    return "expired" if person.expires < "2026-11" else ""


def _to_front(shown: list[str], one: str, most: int) -> None:
    if one in shown:
        shown.remove(one)
    shown.insert(0, one)
    del shown[most:]


def _items(books: list[Book]) -> list[str]:
    return [book.copy.item for book in books]


def _book(book: Book) -> dict[str, Any]:
    copy = book.copy
    return {
        "item": copy.item, "title": copy.title, "author": copy.author, "kind": copy.kind,
        "tag": copy.tag, "silent": book.tag.afi == AFI_OUT, "place": book.place,
    }  # fmt: skip


def _printer(site: Site) -> dict[str, Any]:
    printer = site.printer
    paper = "jam" if printer.jammed else str(printer.paper)
    return {"paper": paper, "pages": len(printer.texts)}


def _outputs(site: Site) -> dict[str, bool]:
    boards = (site.gate_board, site.drop_board)
    lines = [board.inputs | board.outputs for board in boards]
    return {name: any(one.get(name, False) for one in lines) for name in (*INPUTS, *OUTPUTS)}
