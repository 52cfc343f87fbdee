"""Runs the scripted day: starts everything, lets readers come, adds up, prints the sums."""

import asyncio
import random
import statistics
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from demo.catalogue import Library, library
from demo.day.hands import Finger, Hall, HandError
from demo.day.script import Script, Wish
from demo.day.sums import Journaled, Sums, add_up, loans_differ, read_journals, read_ledger
from demo.day.trouble import Clone, Troubles
from demo.day.visitor import Notes, Visitor
from demo.places import SITES, Places
from demo.stack import Stack

PACE = 0.3
SETTLE_SECONDS = 90.0
KIOSK_KINDS = ("borrow", "return")


class Day:
    """One day at both sites. Each site has a lane at the kiosk and a lane at the door."""

    def __init__(self, places: Places, visits: int, seed: int, tell: Callable[[str], None]) -> None:
        """Prepare the scripts of both sites."""
        self._places = places
        self._left = visits
        self._visits = visits
        self._tell = tell
        self._chance = random.Random(f"returns {seed}")
        self._library: Library = library()
        self._people = {person.reader: person for person in self._library.people}
        self._scripts = {site: Script(self._library, site, seed) for site in SITES}
        self._holding: dict[str, dict[str, list[str]]] = {site: {} for site in SITES}
        self.hall = Hall(places)
        self.notes = Notes()
        self.troubles: Troubles | None = None

    async def live(self) -> None:
        """Let all visits happen."""
        async with asyncio.TaskGroup() as lanes:
            for site in SITES:
                lanes.create_task(self._site(site, lanes), name=f"day at {site}")

    async def _site(self, site: str, lanes: asyncio.TaskGroup) -> None:
        """Call the next reader whenever their lane is free."""
        queues = {lane: asyncio.Queue[Wish | None](1) for lane in ("kiosk", "door")}
        for queue in queues.values():
            lanes.create_task(self._lane(site, queue), name=f"lane at {site}")
        while self._left > 0:
            self._left -= 1
            wish = self._scripts[site].next(something_out=bool(self._holding[site]))
            await queues["kiosk" if wish.kind in KIOSK_KINDS else "door"].put(wish)
        for queue in queues.values():
            await queue.put(None)

    async def _lane(self, site: str, queue: "asyncio.Queue[Wish | None]") -> None:
        while wish := await queue.get():
            try:
                await self._visit(site, wish)
            except HandError as error:
                self.notes.problems.append(f"{site} {wish.kind}: {error}")
            self.notes.visits += 1
            if self.troubles:
                self.troubles.visits_over(self.notes.visits)
            if self.notes.visits % 10 == 0:
                self._tell(f"{self.notes.visits} of {self._visits} visits")

    async def _visit(self, site: str, wish: Wish) -> None:
        person = wish.person
        items: list[str] = []
        if wish.kind in ("return", "drop"):
            reader, items = self._take_holding(site, 3 if wish.kind == "return" else 1)
            person = self._people[reader] if reader else person
        visitor = Visitor(site, person, self.hall, Finger(self._places, site), self.notes)
        if wish.kind == "drop":
            for item in items:
                await visitor.drop(item)
            return
        await visitor.walk("in")
        if wish.kind == "borrow":
            lent = await visitor.borrow(
                list(wish.books), card_first=wish.card_first, paper=wish.paper
            )
            if lent:
                self._holding[site].setdefault(person.reader, []).extend(lent)
        elif wish.kind == "return" and items:
            await visitor.give_back(items)
        elif wish.kind == "thief":
            await self._steal(visitor, wish)
        await visitor.walk("out")

    async def _steal(self, visitor: Visitor, wish: Wish) -> None:
        """Put a book into the bag without a loan; the gate shall ring, if it is there."""
        for book in wish.books:
            await self.hall.do("move", item=book.item, to=f"bag:{visitor.person.reader}")
            self.notes.should_ring.append((visitor.site, book.uid.hex().upper()))

    @property
    def held(self) -> dict[str, str]:
        """Books that readers carried home as lent: item -> reader."""
        return {
            item: reader
            for holding in self._holding.values()
            for reader, items in holding.items()
            for item in items
        }

    def _take_holding(self, site: str, most: int) -> tuple[str, list[str]]:
        holding = self._holding[site]
        if not holding:
            return "", []
        reader = self._chance.choice(sorted(holding))
        items = holding[reader][:most]
        holding[reader] = holding[reader][most:]
        if not holding[reader]:
            del holding[reader]
        return reader, items


async def live_a_day(
    places: Places, visits: int, seed: int, say: Callable[[str], None], embedded: bool | None
) -> int:
    """Live a day and print its sums; 0 when nothing was lost and nothing doubled."""
    began = time.monotonic()

    def tell(text: str) -> None:
        say(f"[{time.monotonic() - began:6.1f} s] {text}")

    tell(f"a library day: {visits} visits, seed {seed}")
    stack = Stack(places, tell, embedded=embedded, quick=True, pace=PACE)
    async with stack.running():
        assert stack.broker is not None  # noqa: S101 - running() made it
        await stack.informed()
        tell("the doors are open")
        day = Day(places, visits, seed, tell)
        clone = Clone(places)
        ear = asyncio.create_task(clone.listen(), name="ear")
        day.troubles = Troubles(visits, seed, day.hall, stack.broker, clone, tell)
        try:
            await day.live()
            await day.troubles.all_over()
        finally:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)
        tell("the doors are closed; waiting until the centre knows everything")
        sums = await _settled(places, day.notes)
        differ = await loans_differ(places, day.held)
        times = await day.hall.times()
        _print(day, clone, sums, differ, times, say)
    return 0 if sums.good and not differ and day.notes.visits == visits else 1


async def _settled(places: Places, notes: Notes) -> Sums:
    """Return the sums once the ledger has all that the journals have, or when patience ends."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        journal: list[Journaled] = read_journals(places)
        sums = add_up(journal, await read_ledger(places), notes.should_ring)
        # What was journaled between the two looks is not strange.
        if (not sums.lost and not sums.strange) or time.monotonic() > deadline:
            return sums
        await asyncio.sleep(0.5)


def _print(
    day: Day,
    clone: Clone,
    sums: Sums,
    differ: list[str],
    times: dict[str, list[float]],
    say: Callable[[str], None],
) -> None:
    table = Table(title="The day in sums", show_header=False, title_justify="left")
    table.add_column(justify="left")
    table.add_column(justify="right")
    for name, value in _rows(day, clone, sums, differ, times):
        table.add_row(name, str(value))
    Console(width=88).print(table)
    for title, lines in (
        ("loan differs", differ),
        ("wrong alarms", sums.alarms_wrong),
        ("missed alarms", sums.alarms_missed),
        ("what readers met", day.notes.problems),
        ("lost", [str(key) for key in sums.lost]),
        ("doubled", [str(key) for key in sums.doubled]),
        ("in no journal", [str(key) for key in sums.strange]),
    ):
        for line in lines[:12]:
            say(f"  {title}: {line}")
    lost = len(sums.lost) + len(sums.strange)
    say(
        f"lost={lost} doubled={len(sums.doubled)} facts={sums.journaled} "
        f"visits={day.notes.visits} alarms_wrong={len(sums.alarms_wrong)}"
    )


def _rows(
    day: Day, clone: Clone, sums: Sums, differ: list[str], times: dict[str, list[float]]
) -> list[tuple[str, object]]:
    notes = day.notes
    return [
        ("visits", notes.visits),
        ("visits that needed staff (given up)", notes.given_up),
        ("loans seen on screens", notes.loans_seen),
        ("returns seen", notes.returns_seen),
        ("facts journaled by four devices", sums.journaled),
        ("facts in the ledger", sums.in_ledger),
        ("lost", len(sums.lost)),
        ("doubled", len(sums.doubled)),
        ("in the ledger but in no journal", len(sums.strange)),
        ("books in readers' bags", len(day.held)),
        ("of these, otherwise in the ledger", len(differ)),
        ("batches delivered once more", clone.repeated),
        ("gate alarms: right", sums.alarms_right),
        ("gate alarms: wrong", len(sums.alarms_wrong)),
        ("gate alarms: missed", len(sums.alarms_missed)),
        ("borrowing, card or books to results: p50, p95", _percentiles(notes.borrow_seconds)),
        ("giving back at the kiosk: p50, p95", _percentiles(notes.return_seconds)),
        ("book drop, in to taken: p50, p95", _percentiles(notes.drop_seconds)),
        ("gate, tag heard to lamp on: p50, p95", _percentiles(times.get("lamp", []))),
        ("journal to ledger: p50, p95", _percentiles(sums.delays)),
    ]


def _percentiles(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered):.2f} s, {p95:.2f} s"
