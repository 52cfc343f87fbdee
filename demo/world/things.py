"""Books and readers of the demo, and where each is. What changed is kept in one file.

A book's place is ``shelf:SITE``, ``pad:SITE``, ``chute:SITE``, ``bin:SITE`` (also ``bin-2``, ``bin-3``) or
``bag:READER``. A
reader is inside a site or on the street before it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.catalogue import Copy, Library, Person
from demo.tags import tag_of
from demo.world.errors import WorldError
from drivers.testing.tag15693 import Tag


@dataclass(slots=True, eq=False)
class Book:
    """A copy as a thing: its tag and where it lies."""

    copy: Copy
    tag: Tag
    place: str


@dataclass(slots=True, eq=False)
class Reader:
    """A person of the demo: at which site, inside or on the street."""

    person: Person
    site: str
    inside: bool = False


class Things:
    """All books and readers; finds them, moves them, remembers them."""

    def __init__(self, library: Library, file: Path) -> None:
        """Lay everything out as on the first day, then as ``file`` says it was left."""
        self._file = file
        self.books = {
            copy.item: Book(copy, tag_of(copy), f"shelf:{copy.branch}") for copy in library.copies
        }
        self.readers = {one.reader: Reader(one, one.branch) for one in library.people}
        self._places: dict[str, dict[str, Book]] = {}
        self._first = {item: _book_state(book) for item, book in self.books.items()}
        self._saved = ""
        self._load()
        for item, book in self.books.items():
            self._places.setdefault(book.place, {})[item] = book

    def at(self, place: str) -> list[Book]:
        """Return the books at a place, in the order in which they came."""
        return list(self._places.get(place, {}).values())

    def places(self) -> Iterable[str]:
        """Return every place that holds a book."""
        return [place for place, books in self._places.items() if books]

    def book(self, item: str) -> Book:
        """Return a book by its number, or raise WorldError."""
        try:
            return self.books[item]
        except KeyError:
            raise WorldError("no_such_book", item=item) from None

    def reader(self, number: str) -> Reader:
        """Return a reader by number (``R0001``), or raise WorldError."""
        try:
            return self.readers[number]
        except KeyError:
            raise WorldError("no_such_reader", reader=number) from None

    def move(self, book: Book, place: str) -> None:
        """Put a book somewhere else, on top of what is there."""
        self._places[book.place].pop(book.copy.item)
        book.place = place
        self._places.setdefault(place, {})[book.copy.item] = book

    def save(self) -> None:
        """Write what differs from the first day; a file is there whole or not at all."""
        books = {i: s for i, b in self.books.items() if (s := _book_state(b)) != self._first[i]}
        readers = {
            number: {"site": one.site, "inside": one.inside}
            for number, one in self.readers.items()
            if one.inside or one.site != one.person.branch
        }
        order = {place: list(found) for place, found in self._places.items() if len(found) < 100}
        text = json.dumps({"books": books, "readers": readers, "order": order})
        if text == self._saved:
            return
        fresh = self._file.with_suffix(".new")
        fresh.write_text(text, "utf-8")
        fresh.replace(self._file)
        self._saved = text

    def _load(self) -> None:
        if not self._file.exists():
            return
        left = json.loads(self._file.read_text("utf-8"))
        for item, state in left["books"].items():
            book = self.books[item]
            book.place = state["place"]
            book.tag.memory[:] = bytes.fromhex(state["memory"])
            book.tag.afi, book.tag.dsfid = state["afi"], state["dsfid"]
        for number, state in left["readers"].items():
            reader = self.readers[number]
            reader.site, reader.inside = state["site"], state["inside"]
        for place, items in left["order"].items():
            for item in items:
                if self.books[item].place == place:
                    self._places.setdefault(place, {})[item] = self.books[item]


def _book_state(book: Book) -> dict[str, Any]:
    tag = book.tag
    return {
        "place": book.place, "memory": tag.memory.hex(), "afi": tag.afi, "dsfid": tag.dsfid,
    }  # fmt: skip
