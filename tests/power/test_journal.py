"""A power cut at every write of the journal, and of mending it."""

import asyncio
import itertools
import random

from drivers.testing.autopsy import lay_out
from edge.clock import Clock
from edge.journal import Journal, TagTask
from edge.wire.batch import decode_event
from edge.wire.facts import Evidence, Loan, Return, Secured, Trouble, Well

DEVICE, FILE = "tinh-kiosk", "journal.db"


class Told:
    """Which facts callers were told are safe, and from which step of the disk on."""

    def __init__(self, disk):
        self._disk, self._safe, self._done = disk, {}, {}

    def safe(self, events):
        for event in events:
            self._safe[event.id] = len(self._disk.log)

    def done(self, journal, seq):
        """From now on the ledger has these, and the journal may let them go."""
        for _, body in journal.waiting(0):
            event = decode_event(body)
            if event.seq <= seq:
                self._done[event.id] = len(self._disk.log)

    def owed(self, step):
        """What must be in the journal when the power goes after this step."""
        safe = {ident for ident, when in self._safe.items() if when <= step}
        return safe - {ident for ident, when in self._done.items() if when <= step}


def clock_of():
    ticks = itertools.count(1_795_000_000, 0.25)
    return Clock(lambda: next(ticks), lambda: next(ticks), "boot-1", lambda: True)


def a_loan(number, chance):
    evidence = Evidence(uid=f"E00401{number:010}", reads=chance.randrange(9), afi_before=7)
    return Loan(item=f"B{number:04}", card="c" * chance.randrange(8, 40), due=9, evidence=evidence)


async def live(journal, told, steps, chance):
    """A kiosk's life: loans in two phases, returns, troubles, acknowledgements, a new epoch."""
    for number in range(steps):
        uid = f"E00401{number:010}"
        events = await journal.append(a_loan(number, chance), open_tasks=[TagTask(uid, "B", 0xC2)])
        told.safe(events)
        secured = Secured(item="B", uid=uid, afi=0xC2, about=events[0].id)
        told.safe(await journal.append(secured, close_tasks=[uid]))
        if number % 3 == 0:
            returns = [journal.append(Return(item=f"B{n:04}", place="drop")) for n in range(3)]
            for events in await asyncio.gather(*returns):
                told.safe(events)
        if number % 4 == 1:
            await journal.intend(uid, "B", 0x07)
            told.safe(await journal.append(Trouble(part="printer", reason="paper_out", why="")))
            told.safe(await journal.append(Well(part="printer", reason="paper_out")))
        if number % 5 == 2:
            await journal.sending(journal.last_seq)
            seq = journal.last_seq - chance.randrange(2)
            told.done(journal, seq)
            await journal.acknowledge(journal.epoch, seq)
            await journal.tend(0)
        if number == steps // 2:
            await journal.begin_epoch()


async def lived(recorded, steps, seed=1, **how):
    disk, storage, folder = recorded(**how)
    told = Told(disk)
    journal = Journal.open(folder / FILE, DEVICE, clock_of(), connect=storage.connect)
    await live(journal, told, steps, random.Random(seed))
    await journal.close()
    return disk, told


async def test_no_power_cut_takes_a_promised_fact_or_damages_the_journal(recorded, found, care):
    disk, _ = await lived(recorded, care.steps)
    findings = found(disk, care.images(disk), FILE)
    assert findings.images > 200
    assert (findings.corrupt, findings.lost, findings.torn) == (0, 0, 0), findings


async def test_after_any_power_cut_the_journal_opens_and_goes_on(recorded, care, ram):
    disk, told = await lived(recorded, care.steps // 2)
    for image in disk.images(7, share=care.share / 5, dice=1):
        folder = lay_out(image, ram / "again")
        journal = Journal.open(folder / FILE, DEVICE, clock_of())
        assert journal.salvaged is None
        kept = {decode_event(body).id for _, body in journal.waiting(0)}
        assert told.owed(image.step) <= kept | archived(journal), image.step
        before = journal.last_seq
        [event] = await journal.append(Return(item="B1", place="kiosk"))
        assert event.seq == before + 1
        assert journal.waiting(before)[0][0] == event.seq
        await journal.close()


def archived(journal):
    rows = journal._reader.execute("SELECT body FROM archive")
    return {decode_event(body.encode()).id for (body,) in rows}


async def test_a_power_cut_in_the_mending_of_a_power_cut_takes_nothing_either(
    recorded, found, care
):
    """Compound faults: the images of a cut are opened on a recorded disk, and cut again."""
    disk, told = await lived(recorded, care.steps // 2)
    chosen = [image for image in disk.images(3, dice=1) if image.kept > 2]
    for image in random.Random(5).sample(chosen, care.steps // 3):
        again, storage, folder = recorded(files=image.files)
        journal = Journal.open(folder / FILE, DEVICE, clock_of(), connect=storage.connect)
        new = Told(again)
        new.safe(await journal.append(Return(item="B1", place="kiosk")))
        await journal.close()
        for second in again.images(image.step, share=care.share, dice=1):
            reopened = Journal.open(lay_out(second, folder) / FILE, DEVICE, clock_of())
            kept = {decode_event(body).id for _, body in reopened.waiting(0)} | archived(reopened)
            assert reopened.salvaged is None
            assert told.owed(image.step) | new.owed(second.step) <= kept
            await reopened.close()


async def test_without_full_sync_promised_facts_are_lost_so_this_finds_faults(recorded, found):
    disk, _ = await lived(recorded, 12, synchronous="NORMAL")
    findings = found(disk, disk.images(dice=1, share=0.3), FILE)
    assert findings.lost > 50
    assert (findings.corrupt, findings.torn) == (0, 0)


async def test_a_card_that_lies_about_sync_is_found_out_too(recorded, found):
    disk, _ = await lived(recorded, 12, lying=True)
    findings = found(disk, disk.images(dice=1, share=0.3), FILE)
    assert findings.corrupt + findings.torn > 10
    assert findings.lost > 50
