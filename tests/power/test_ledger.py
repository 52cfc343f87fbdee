"""A power cut at every write of the ledger."""

import random

from drivers.testing.autopsy import lay_out
from edge.wire.batch import Batch, Unreadable
from edge.wire.facts import Evidence, GateAlarm, Loan, RenewalWish, Return, Secured, Trouble, Well
from gateway.codes import CODES
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, HOUR, KEYS, NOW, Speaker, card, stock

FILE = "ledger.db"
LATER = NOW + 10 * DAY
DEVICES = (("kiosk-1", "tinh"), ("gate-1", "tinh"), ("xa-all", "xa"))


def opened(path, connect=None):
    return SqliteLedger(path, KEYS.__getitem__, connect)


def speak(speaker, number, chance):
    """Facts of a device: good ones, a wish, a trouble, one that is not understood."""
    item, at = f"B{chance.randrange(1, 8)}", NOW + number * HOUR
    who = card(f"C{chance.randrange(1, 6)}", speaker.site)
    speaker.happened(Loan(item=item, card=who, due=at + 14 * DAY, evidence=Evidence(uid="E0")), at)
    lent = speaker.events[-1].id
    speaker.happened(Secured(item=item, uid="E0", afi=0xC2, about=lent), at + 1)
    if number % 3 == 0:
        speaker.happened(Return(item=item, place="drop"), at + 2)
        speaker.happened(RenewalWish(item=item, card=who), at + 3)
    if number % 4 == 1:
        speaker.happened(Trouble(part="printer", reason="paper_out", why="Hết giấy"), at + 4)
        speaker.happened(Well(part="printer", reason="paper_out"), at + 5)
    if number % 5 == 2:
        speaker.happened(GateAlarm(gate="g", item=item, uid="E0"), at + 6)
        raw = b'{"seq": %d, "what": "from a newer program"}' % (len(speaker.events) + 1)
        speaker.events.append(Unreadable(seq=len(speaker.events) + 1, raw=raw, why="unknown kind"))


def batches(steps, seed=1):
    """What arrives: batches in order, now and then again, too early, or of a cloned card."""
    chance = random.Random(seed)
    speakers = [Speaker(device, site, "e1") for device, site in DEVICES]
    for number in range(steps):
        speaker = chance.choice(speakers)
        first = len(speaker.events) + 1
        speak(speaker, number, chance)
        yield speaker.site, speaker.batch(first)
        if number % 3 == 1:
            yield speaker.site, speaker.batch(max(1, first - 4), first + 1)
        if number % 7 == 5:
            yield (
                speaker.site,
                Batch(
                    device=speaker.device, epoch="e1", first=first + 40, events=speaker.events[-1:]
                ),
            )
    for speaker in speakers:
        yield speaker.site, speaker.batch()


def lived(recorded, sent, **how):
    """Return the disk, and (step of the disk, device, cursor) of every acknowledgement."""
    disk, storage, folder = recorded(**how)
    acknowledged = []
    ledger = stock(opened(folder / FILE, storage.connect))
    for number, (site, batch) in enumerate(sent):
        applied = ledger.apply(site, batch, LATER)
        acknowledged.append((len(disk.log), batch.device, applied.cursor))
        if number % 6 == 4:
            settle_one(ledger, LATER)
    ledger.close()
    return disk, acknowledged


def settle_one(ledger, now):
    for row in ledger.store.all("SELECT number, code FROM worklist WHERE closed IS NULL"):
        if "accept" in CODES[row["code"]].actions:
            return ledger.resolve(row["number"], "accept", "Lan", "", now)
    return None


def test_no_power_cut_takes_an_acknowledged_fact_or_damages_the_ledger(recorded, found, care):
    disk, _ = lived(recorded, batches(care.steps))
    findings = found(disk, care.images(disk), FILE)
    assert findings.images > 300
    assert (findings.corrupt, findings.lost, findings.torn) == (0, 0, 0), findings


def test_after_any_power_cut_what_comes_again_is_applied_once(recorded, care, ram):
    sent = list(batches(care.steps // 2))
    disk, acknowledged = lived(recorded, sent)
    whole = stock(opened(":memory:"))
    for site, batch in sent:
        whole.apply(site, batch, LATER)
    begun = next(n for n, _, _ in acknowledged)
    for image in disk.images(4, share=care.share / 20, dice=1):
        if image.step < begun:
            continue
        ledger = opened(lay_out(image, ram / "again") / FILE)
        for step, device, cursor in acknowledged:
            assert step > image.step or ledger.cursor(device, "e1") >= cursor, image
        for site, batch in sent:
            ledger.apply(site, batch, LATER)
        assert said(ledger) == said(whole)
        ledger.close()
    whole.close()


def said(ledger):
    """What was taken in, under which number, and which loans follow."""
    facts = "SELECT device, epoch, seq, fork, kind, item, at FROM facts ORDER BY 1, 2, 3, 4"
    loans = "SELECT item, reader, since, due, ended FROM loans ORDER BY 1, 3"
    streams = "SELECT device, epoch, cursor FROM streams ORDER BY 1"
    return [[tuple(row) for row in ledger.store.all(sql)] for sql in (facts, loans, streams)]


def test_without_full_sync_acknowledged_facts_are_lost_so_this_finds_faults(recorded, found):
    disk, _ = lived(recorded, batches(12), synchronous="NORMAL")
    findings = found(disk, disk.images(share=0.1, dice=1), FILE)
    assert findings.lost > 50
    assert (findings.corrupt, findings.torn) == (0, 0)
