"""What one reader does on a visit: comes in, gives back, borrows, leaves; and what they saw of it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from demo.catalogue import Copy, Person
from demo.day.hands import Finger, Hall, KioskAwayError, Screen, states

PATIENCE = 15.0
BOOT_PATIENCE = 40.0
TRIES = 4
DONE_STATES = frozenset({"lent", "returned", "already", "refused", "armed", "trouble"})


@dataclass(slots=True)
class Notes:
    """What the day writes down: what readers saw, what should ring, how long things took."""

    visits: int = 0
    given_up: int = 0
    loans_seen: int = 0
    returns_seen: int = 0
    should_ring: list[tuple[str, str]] = field(default_factory=list)
    """Site and tag of each book that was carried out unlent."""
    borrow_seconds: list[float] = field(default_factory=list)
    return_seconds: list[float] = field(default_factory=list)
    drop_seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Visitor:
    """A reader at a site, with hands. One at a time stands at a kiosk."""

    site: str
    person: Person
    hall: Hall
    finger: Finger
    notes: Notes

    async def walk(self, way: str) -> None:
        """Go through the gate."""
        await self.hall.do("walk", number=self.person.reader, way=way)

    async def borrow(self, books: list[Copy], *, card_first: bool, paper: bool) -> list[str]:
        """Borrow books from the shelf; what is not lent goes back to it. Return what was lent."""
        lent: set[str] = set()
        for attempt in range(TRIES):
            try:
                lent = await self._borrow_once(books, card_first=card_first, paper=paper)
                break
            except KioskAwayError as error:
                self.notes.problems.append(f"{self.site} borrow, try {attempt + 1}: {error}")
        else:
            self.notes.given_up += 1
        for book in books:
            where = f"bag:{self.person.reader}" if book.item in lent else f"shelf:{self.site}"
            await self.hall.do("move", item=book.item, to=where)
        self.notes.loans_seen += len(lent)
        return sorted(lent)

    async def give_back(self, items: list[str]) -> None:
        """Give books back at the kiosk; they lie on the return trolley (our shelf) afterwards."""
        for attempt in range(TRIES):
            try:
                await self._give_back_once(items)
                break
            except KioskAwayError as error:
                self.notes.problems.append(f"{self.site} return, try {attempt + 1}: {error}")
        else:
            self.notes.given_up += 1
        for item in items:
            await self.hall.do("move", item=item, to=f"shelf:{self.site}")

    async def drop(self, item: str) -> None:
        """Put a book into the drop from the street; take it home again if it is not taken."""
        began = time.monotonic()
        await self.hall.do("move", item=item, to=f"chute:{self.site}")
        while time.monotonic() - began < BOOT_PATIENCE:
            place = (await self.hall.scene())["sites"][self.site]["places"]
            if item not in place["chute"]:
                self.notes.drop_seconds.append(time.monotonic() - began)
                self.notes.returns_seen += 1
                if len(place["bin"]) >= 8:
                    await self.hall.do("open_bin", site=self.site)
                return
            await asyncio.sleep(0.1)
        self.notes.given_up += 1
        self.notes.problems.append(f"{self.site} drop: {item} was not taken")
        await self.hall.do("move", item=item, to=f"bag:{self.person.reader}")

    async def _borrow_once(self, books: list[Copy], *, card_first: bool, paper: bool) -> set[str]:
        async with self.finger.touching(BOOT_PATIENCE) as finger:
            await self._clear(finger, books)
            await finger.until(_is("idle"), BOOT_PATIENCE, "a free kiosk")
            began = time.monotonic()
            if card_first:
                await self._show_card()
                await finger.until(_known, PATIENCE, "the card to be known")
                await self._lay(books)
            else:
                await self._lay(books)
                await finger.until(_is("books"), PATIENCE, "the books to be seen")
                await self._show_card()
            began = time.monotonic() if not card_first else began
            await finger.until(_is("count", "results"), PATIENCE, "the count")
            while finger.screen["screen"] == "count":
                await finger.press("count_yes")
                await finger.until(_not("count"), PATIENCE, "the work")
            screen = await finger.until(_settled, PATIENCE, "every book's result")
            self.notes.borrow_seconds.append(time.monotonic() - began)
            seen = states(screen)
            await self._leave(finger, paper=paper)
            return {item for item, state in seen.items() if state in ("lent", "already", "armed")}

    async def _give_back_once(self, items: list[str]) -> None:
        async with self.finger.touching(BOOT_PATIENCE) as finger:
            for item in items:
                await self.hall.do("move", item=item, to=f"bag:{self.person.reader}")
            await finger.until(_is("idle"), BOOT_PATIENCE, "a free kiosk")
            began = time.monotonic()
            await finger.press("return")
            await finger.until(
                lambda s: s["data"].get("state") == "placing_returns", PATIENCE, "the pad"
            )
            for item in items:
                await self.hall.do("move", item=item, to=f"pad:{self.site}")
            seen: dict[str, str] = {}

            def all_back(screen: Screen) -> bool:
                seen.update(states(screen))
                return all(seen.get(item) in DONE_STATES for item in items)

            await finger.until(all_back, PATIENCE, "the returns")
            self.notes.return_seconds.append(time.monotonic() - began)
            self.notes.returns_seen += sum(state == "returned" for state in seen.values())
            await self._leave(finger, paper=False)

    async def _clear(self, finger: Finger, books: list[Copy]) -> None:
        """Begin anew: take our books off the pad, wait for the last visit to end."""
        for book in books:
            await self.hall.do("move", item=book.item, to=f"bag:{self.person.reader}")
        if finger.screen.get("screen") not in (None, "idle"):
            await finger.press("finish")

    async def _lay(self, books: list[Copy]) -> None:
        for book in books:
            await self.hall.do("move", item=book.item, to=f"pad:{self.site}")

    async def _show_card(self) -> None:
        if self.person.card == "barcode":
            await self.hall.do("scan", site=self.site, reader=self.person.reader)
        else:
            await self.hall.do("tap", number=self.person.reader)

    async def _leave(self, finger: Finger, *, paper: bool) -> None:
        """Finish; a kiosk that goes away now took nothing from us."""
        try:
            await finger.press("finish")
            await finger.until(_is("receipt", "bye", "idle"), PATIENCE, "the receipt question")
            if finger.screen["screen"] == "receipt":
                await finger.press("print" if paper else "no_receipt")
                await finger.until(_not("receipt"), PATIENCE, "the goodbye")
        except KioskAwayError as error:
            self.notes.problems.append(f"{self.site} leaving: {error}")


def _is(*names: str) -> Any:
    return lambda screen: screen["screen"] in names


def _not(name: str) -> Any:
    return lambda screen: screen["screen"] != name


def _known(screen: Screen) -> bool:
    return bool(screen["data"].get("known")) and screen["screen"] in ("books", "count")


def _settled(screen: Screen) -> bool:
    rows = states(screen)
    return screen["screen"] == "results" and bool(rows) and set(rows.values()) <= DONE_STATES
