"""Libraries, books, readers, and what really happened: the yardstick of every check."""

import asyncio
import contextvars
import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from drivers.tags import DSFID, NewTag, encode
from drivers.testing.tag15693 import Tag
from edge.circulation.model import GroupRule, Policy
from edge.wire.batch import Event, decode_event
from edge.wire.facts import Loan, Repaired, Return
from edge.wrongbits import FRESH_MS
from gateway.ledger.catalogue import Branch, Item, Reader
from shelfsim.broker import Chaos
from shelfsim.centre import Gateway
from shelfsim.disk import Card
from shelfsim.order import clocks_tell, in_true_order
from shelfsim.pi import Pi
from shelfsim.sticks import keys
from shelfsim.timeline import BEGIN, Life, VirtualLoop

KEYS = {"tinh": b"a secret of tinh", "xa": b"a secret of xa.."}
DEVICES = (("tinh", "tinh-kiosk"), ("tinh", "tinh-drop"), ("xa", "xa-all"))
BOOKS, READERS = 18, 7
POLICY = Policy(groups={"adult": GroupRule(limit=4, days=14, renewals=2)}, owners=["VN-TINH"])
AFI_IN, AFI_OUT = POLICY.afi_in, POLICY.afi_out
SLACK_MS = 600_000


@cache
def memory(item: str) -> bytes:
    """Return what is on the tag of an item."""
    return encode(NewTag(item_id=item, owner="VN-TINH"), "iso28560-2", 112, 4)


@dataclass(eq=False)
class Book:
    """A copy: its tag, and where it is (a site, or a reader's number)."""

    item: str
    tag: Tag
    place: str
    busy: bool = False
    by: "Pi | None" = None


@dataclass(frozen=True)
class Truth:
    """A fact that is on some storage: by whom, and when it really was (ms), in order."""

    event: Event
    device: str
    card: str
    at: int


class BrokenError(AssertionError):
    """A promise was broken."""


class World:
    """Everything of one seed."""

    def __init__(self, loop: VirtualLoop, seed: int, folder: Path) -> None:
        self.loop, self.seed, self.folder = loop, seed, folder
        self.dice = random.Random(f"world {seed}")
        self.log: list[str] = []
        self.broken: list[str] = []
        self.truths: dict[str, Truth] = {}
        self.promised: dict[str, Pi] = {}
        self.doomed: set[str] = set()
        self.last: dict[str, str] = {}
        self.spoiled: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.leaps: list[float] = []
        self.chaos = Chaos(loop, seed, self.counts)
        self.keys, self.serials = keys(DEVICES)
        self.books = [self._book(n) for n in range(1, BOOKS + 1)]
        self.by_item = {book.item: book for book in self.books}
        self.gateway = Gateway(self, folder / "centre")
        self._stock()
        self.pis = [Pi(self, site, name, Card(folder / name)) for site, name in DEVICES]

    def key(self, site: str) -> bytes:
        return KEYS[site]

    def note(self, text: str) -> None:
        """Write down what happens, for whoever replays the seed."""
        self.log.append(f"{self.loop.virtual:9.3f} +{self.loop.leaped / 86400:5.1f}d {text}")

    def breach(self, text: str) -> None:
        """A promise is broken."""
        if text not in self.broken:
            self.broken.append(text)
            self.note(f"BROKEN {text}")

    def _book(self, number: int) -> Book:
        item, site = f"B{number:03}", "tinh" if number % 3 else "xa"
        uid = bytes.fromhex(f"E00401{number:010X}")
        tag = Tag(uid, bytearray(memory(item)), dsfid=DSFID, afi=AFI_IN)
        return Book(item, tag, site)

    def _stock(self) -> None:
        ledger, now = self.gateway.staff, int(BEGIN * 1000)
        with ledger.store.transaction():
            ledger.catalogue.put_policy(POLICY, now)
            ledger.catalogue.put_branches([Branch(branch=s, name=s) for s in KEYS])
            ledger.catalogue.put_items(
                Item(item=b.item, title=f"Sách {b.item}", branch=b.place, uid=b.tag.uid.hex())
                for b in self.books
            )
            for site, device in DEVICES:
                ledger.catalogue.put_site(site, site)
                serial = self.serials[device]
                ledger.enrol(site, device, now - 86_400_000, serial=serial, fingerprint="")
            rows = [
                Reader(reader=f"R{n}", name=f"Nguyễn Thị Hồng {n}", cards=[self.card(n)])
                for n in range(1, READERS + 1)
            ]
            ledger.catalogue.put_readers([(row, 0, 0) for row in rows], now)

    def card(self, reader: int) -> str:
        """Return a reader's card number; the last reader's is not in the catalogue."""
        return f"7731{reader:06}"

    # -- what really happened

    def committed(self, pi: Pi, event: Event, at: float | None = None) -> None:
        """A fact is on a card."""
        if event.id in self.truths:
            return
        name, at = pi.card.folder.name, self.loop.now() if at is None else at
        self.truths[event.id] = Truth(event, pi.device, name, int(at * 1000))
        pi.ids.add(event.id)
        self.counts[type(event.fact).__name__] += 1
        if isinstance(event.fact, Loan | Return):
            last = self.last.get(event.fact.item)
            self.spoiled.discard(event.fact.item)
            if last is None or self.truths[last].at <= int(at * 1000):
                self.last[event.fact.item] = event.id
        elif isinstance(event.fact, Repaired) and event.fact.afi == AFI_IN:
            self.armed(pi, event.fact.item)

    def spoil(self, book: Book) -> None:
        """Somebody's own tool sets a security bit wrong that no machine here answers for."""
        book.tag.afi = AFI_OUT
        self.spoiled.add(book.item)
        self.note(f"{book.item} is made silent by a strange tool")

    def armed(self, pi: Pi, item: str) -> None:
        """A pad armed what it merely met: nobody here may have known for long that it is lent."""
        self.counts["armed when met"] += 1
        self.spoiled.discard(item)
        if pi.up and pi.replica.loan(item) is not None:
            self.breach(f"{pi.device} armed {item}, which it knows to be lent")
        if not any(self.lent(book) for book in self.books if book.item == item):
            return  # it came back, and the centre was not told yet
        before = int(self.loop.now() * 1000) - FRESH_MS - SLACK_MS
        query = "SELECT 1 FROM loans JOIN facts USING (id) WHERE loans.item = ? AND ended IS NULL AND received < ?"
        if self.gateway.staff.store.one(query, item, before) and not self.gateway.history:
            self.breach(f"{pi.device} armed {item}, which the centre has long known to be lent")

    def learn(self, pi: Pi) -> None:
        """Take note of what was committed just before a process died, and what is missing."""
        here = set()
        reader = pi.journal._reader
        for (body,) in reader.execute("SELECT body FROM events ORDER BY seq").fetchall():
            event = decode_event(body.encode())
            here.add(event.id)
            self.committed(pi, event, pi.card.times.get(event.id, pi.died_at))
        for (body,) in reader.execute("SELECT body FROM archive").fetchall():
            here.add(decode_event(body.encode()).id)
        if pi.journal.salvaged is not None:
            self.breach(f"{pi.card.folder.name}: the journal was damaged")
        taken = self.in_ledger()
        for ident in pi.ids - here - taken:
            self.breach(f"{pi.card.folder.name} lost {self.name(ident)}")

    def in_ledger(self) -> set[str]:
        """Return the ids of all facts of the ledger."""
        return {row[0] for row in self.gateway.staff.store.all("SELECT id FROM facts")}

    def name(self, ident: str) -> str:
        truth = self.truths.get(ident)
        return f"{ident[-8:]} {truth.event.fact if truth else '(unknown)'}"[:150]

    def shown(self, pi: Pi, ident: str) -> None:
        """A reader was told that it is done: from now on it must be true."""
        self.promised[ident] = pi
        if ident not in self.truths:
            self.breach(f"shown before it was recorded: {ident} at {pi.device}")

    def done(self, pi: Pi, item: str, deed: str, visit: Any) -> None:
        """A kiosk shows that something is done: it must be on its card."""
        kind = Loan if deed == "lent" else Return
        found = [
            ident
            for ident in pi.ids
            if isinstance(fact := self.truths[ident].event.fact, kind)
            and (fact.item, fact.session) == (item, visit.id)
        ]
        if not found:
            self.breach(f"{pi.device} shows {item} as {deed} before it was recorded")
            return
        self.shown(pi, max(found))
        if deed == "lent":
            self.leaves(item, visit.cards[0])
        else:
            self.comes(item, pi.site)

    def returned(self, pi: Pi, item: str) -> None:
        """A drop lets a book fall: its return must be on the card."""
        truth = self.truths.get(self.last.get(item, ""))
        if truth is None or not isinstance(truth.event.fact, Return):
            self.breach(f"{pi.device} lets {item} fall before its return was recorded")
            return
        self.shown(pi, truth.event.id)
        self.comes(item, pi.site)

    def leaves(self, item: str, card: str) -> None:
        self.by_item[item].place = card

    def comes(self, item: str, site: str) -> None:
        self.by_item[item].place = site

    def after_death(self, pi: Pi) -> None:
        """People take their books; the tags must be on the safe side."""
        pi.antenna.field.clear()
        pi.doors.reset()
        for book in self.books:
            if book.by is pi:
                book.busy, book.by = False, None
        self.look_at_tags()
        self.look_at_acks()

    def watch(self, task: "asyncio.Task[None]", life: Life) -> None:
        """A process must not end by an error nobody planned for."""

        def ended(task: "asyncio.Task[None]") -> None:
            if life.over:
                return
            error = None if task.cancelled() else task.exception()
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            self.breach(f"{life.name} ended by itself: {type(error).__name__}: {error}")
            life.end()
            life._died(life)

        task.add_done_callback(ended, context=contextvars.Context())

    # -- promises that hold at every moment

    def look_at_tags(self) -> None:
        """No tag is silent without a loan, or an open task that will arm it (invariant 4)."""
        tasks = None
        for book in self.books:
            last, lent = self.last.get(book.item), self.lent(book)
            if book.tag.afi == AFI_IN:
                self.spoiled.discard(book.item)
            if book.tag.afi == AFI_IN or lent or last in self.doomed or book.item in self.spoiled:
                continue
            tasks = self._tasks() if tasks is None else tasks
            if book.tag.uid.hex().upper() not in tasks and not self._thought_lent(book.item):
                self.breach(f"{book.item} is silent at the gate, and not on loan")

    def lent(self, book: Book) -> bool:
        """Tell whether a loan was the last that really happened to a book."""
        last = self.last.get(book.item)
        return last is not None and isinstance(self.truths[last].event.fact, Loan)

    def _thought_lent(self, item: str) -> bool:
        """Tell whether a loan is recorded that no clock could tell to be over."""
        query = "SELECT 1 FROM loans WHERE item = ? AND ended IS NULL"
        lent = self.gateway.staff.store.value(query, item) is not None
        return lent and not clocks_tell(in_true_order(self, item))

    def _tasks(self) -> set[str]:
        found: set[str] = set()
        for pi in self.pis:
            if pi.card._journal and not pi.retired:
                rows = pi.card._journal[0].execute("SELECT uid FROM tasks").fetchall()
                found |= {row[0] for row in rows}
        return found

    def look_at_acks(self) -> None:
        """Nothing is taken for acknowledged that the ledger has not committed."""
        for pi in self.pis:
            if pi.up and not self.gateway.history:
                has = self.gateway.staff.cursor(pi.device, pi.journal.epoch)
                if pi.journal.acked > has:
                    self.breach(f"{pi.device} takes {pi.journal.acked} for safe, ledger has {has}")
