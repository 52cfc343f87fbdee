"""Who comes today and why: one lane of visits a site, the same for the same seed."""

import random
from dataclasses import dataclass

from demo.catalogue import Copy, Library, Person
from demo.day.hands import pick

WISHES = {"borrow": 52, "return": 16, "drop": 18, "browse": 8, "thief": 6}
STACK = {"1": 40, "2": 30, "3": 18, "4": 12}
GOOD_TAGS = ("iso28560-2", "iso28560-3", "iso28560-3-short", "3m-rfid501")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader wants; ``books`` are those to borrow (or to steal)."""

    number: int
    kind: str
    person: Person
    books: tuple[Copy, ...]
    card_first: bool
    paper: bool


class Script:
    """The visits of one site. Books and readers are used once, so that the sums are plain."""

    def __init__(self, library: Library, site: str, seed: int) -> None:
        """Shuffle who comes and what stands on the shelf."""
        self._chance = random.Random(f"day {seed} {site}")
        self._books = [c for c in library.copies if c.branch == site and _lendable(c)]
        self._people = [p for p in library.people if p.branch == site and _good(p)]
        self._chance.shuffle(self._books)
        self._chance.shuffle(self._people)
        self._number = 0

    def next(self, *, something_out: bool) -> Wish:
        """Return the next visit; nobody gives back when nothing is out."""
        self._number += 1
        kind = pick(self._chance, WISHES)
        if kind in ("return", "drop") and not something_out:
            kind = "borrow"
        count = {"borrow": int(pick(self._chance, STACK)), "thief": 1}.get(kind, 0)
        person = self._people[self._number % len(self._people)]
        books = tuple(self._books.pop() for _ in range(min(count, len(self._books))))
        return Wish(
            self._number, kind, person, books,
            card_first=self._chance.random() < 0.4, paper=self._chance.random() < 0.2,
        )  # fmt: skip


def _lendable(copy: Copy) -> bool:
    return copy.tag in GOOD_TAGS and copy.kind != "reference"


def _good(person: Person) -> bool:
    return not person.blocked and person.expires > "2026-12" and person.group != "staff"
