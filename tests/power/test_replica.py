"""A power cut at every write of the local copy: it may go back some commits, never break."""

import contextlib
import itertools
import random

from drivers.testing.autopsy import lay_out
from edge.agent import note_again
from edge.circulation.model import ItemView, LoanView, ReaderView
from edge.clock import Clock
from edge.journal import Journal
from edge.replica import Replica
from edge.wire.facts import Loan, Return
from edge.wire.messages import Part

FILE, BOOKS = "replica.db", 12
NOW = 1_795_000_000_000


def clock_of():
    ticks = itertools.count(1_795_000_000, 0.25)
    return Clock(lambda: next(ticks), lambda: next(ticks), "boot-1", lambda: True)


class Centre:
    """The truth: who has which book, and every version of it as parts."""

    def __init__(self):
        self.version, self.loans, self.history = 1, {}, []
        self.start = [
            Part(
                version=self.version,
                number=number,
                count=3,
                items=[view(n) for n in range(number, BOOKS, 3)],
                readers=[ReaderView(card=f"c{number}", reader=f"r{number}")],
                made=NOW,
            )
            for number in range(3)
        ]

    def takes(self, facts):
        """Take a batch of facts in; what it changed, as it stands afterwards, follows as a part."""
        for fact in facts:
            if isinstance(fact, Loan):
                loan = LoanView(item=fact.item, reader="r1", due=fact.due, since=NOW)
                self.loans[fact.item] = loan
            else:
                self.loans.pop(fact.item, None)
        items = {fact.item for fact in facts}
        part = Part(
            version=self.version + 1,
            start=self.version,
            loans=[self.loans[item] for item in sorted(items & self.loans.keys())],
            gone=[f"loans:{item}" for item in sorted(items - self.loans.keys())],
            made=NOW,
        )
        self.version += 1
        self.history.append(part)


def view(number):
    return ItemView(item=f"B{number}", title=f"Sách {number}", uid=f"E0{number:014}")


async def live(journal, replica, centre, steps, chance):
    """A device at work: its own loans and returns at once, the ledger's word some time later."""
    journal.listen(replica.note)
    for part in centre.start:
        replica.apply(part)
    waiting = []
    for _ in range(steps):
        item = f"B{chance.randrange(BOOKS)}"
        fact = Return(item=item) if chance.random() < 0.5 else Loan(item=item, card="c1", due=NOW)
        [event] = await journal.append(fact)
        waiting.append(event)
        if chance.random() < 0.3:
            centre.takes([event.fact for event in waiting])
            await journal.acknowledge(journal.epoch, waiting[-1].seq)
            replica.settle(waiting[-1].seq, journal.epoch)
            waiting.clear()
        for part in centre.history:  # the link is not always there
            if part.start == replica.version and chance.random() < 0.5:
                replica.apply(part)


async def lived(recorded, steps, ram, **how):
    disk, storage, folder = recorded(**how)
    (ram / "journal").mkdir()
    journal = Journal.open(ram / "journal" / "journal.db", "tinh-kiosk", clock_of())
    replica = Replica.open(folder / FILE, now, connect=storage.connect)
    centre = Centre()
    await live(journal, replica, centre, steps, random.Random(3))
    return disk, journal, replica, centre


async def test_a_power_cut_never_breaks_the_copy_it_only_goes_back(recorded, found, care, ram):
    disk, journal, replica, _ = await lived(recorded, care.steps * 2, ram)
    replica.close()
    await journal.close()
    findings = found(disk, care.images(disk), FILE)
    assert findings.images > 200
    assert (findings.corrupt, findings.torn) == (0, 0), findings


async def test_a_copy_that_went_back_knows_again_what_happened_here(recorded, care, ram):
    """However far it went back: with the journal's help it tells the truth at once, offline."""
    disk, journal, replica, centre = await lived(recorded, care.steps * 2, ram)
    truth = lent(replica)
    replica.close()
    went_back = 0
    for image in disk.images(2, share=care.share, dice=1):
        with contextlib.closing(Replica.open(lay_out(image, ram / "again") / FILE, now)) as copy:
            went_back += copy.settled(journal.epoch) < journal.acked
            had_readers = copy.version > 0
            note_again(journal, copy)
            assert lent(copy).keys() == truth.keys(), image.step
            assert lent(copy) == truth or not had_readers
            for part in [*centre.start, *centre.history]:
                copy.apply(part)
            assert lent(copy).keys() == truth.keys()
            assert copy.version == centre.version
    assert went_back > 20
    await journal.close()


def lent(replica):
    loans = {f"B{n}": replica.loan(f"B{n}") for n in range(BOOKS)}
    return {item: loan.reader for item, loan in loans.items() if loan}


def now():
    return NOW
