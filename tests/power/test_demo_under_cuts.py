"""A running demo whose SD cards and centre lose their power again and again: ``make soak-power``.

Every Pi and the centre have an ext4 disk of their own. After every visit one of them, by chance, is
cut off in the middle of whatever it does: what was not synced is gone, the processes are killed.
What a kiosk showed as lent or returned must be in its journal, and all of it once in the ledger.
"""

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import sys
import time

import pytest

from demo.broker import find_mosquitto
from demo.catalogue import library
from demo.day.hands import Finger, KioskAwayError, states
from demo.day.run import Day
from demo.day.sums import add_up, read_journals, read_ledger
from demo.places import PIS, SITES, open_places
from demo.provision import provision
from demo.stack import Stack
from drivers.testing.loopdisk import LoopDisk, NoLoopDiskError

CUTS = int(os.environ.get("CUTS", "200"))
SEED = int(os.environ.get("SEED", "1"))
CENTRE = "centre"
SHOWN = {"lent": "loan", "returned": "return"}
SLACK_MS = 30_000

pytestmark = [pytest.mark.power, pytest.mark.timeout(4 * 3600)]


class Cutter:
    """Cuts somebody's power after every visit, one after the other, until there were enough."""

    def __init__(self, stack, disks, hall, cuts, seed):
        self.cuts = 0
        self._stack, self._disks, self._hall = stack, disks, hall
        self._left, self._chance = cuts, random.Random(seed)
        self._due = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def visits_over(self, _count):
        self._due.put_nowait(True)

    async def all_over(self):
        self._due.put_nowait(False)
        await self._task

    async def _run(self):
        while self._left and await self._due.get():
            await asyncio.sleep(self._chance.uniform(0, 1.5))
            await self._cut(self._chance.choice(sorted(self._disks)))
            self._left -= 1
            self.cuts += 1
            if self.cuts % 10 == 0:
                sys.stdout.write(f"{self.cuts} cuts\n")

    async def _cut(self, name):
        disk, centre = self._disks[name], self._stack.gateway
        disk.cut()
        if name == CENTRE:
            await centre.kill()
        else:
            await self._hall.do("power", device=name, on=False)
        await asyncio.to_thread(disk.unmount)
        await asyncio.to_thread(disk.mount)
        if name == CENTRE:
            await centre.start()
        else:
            await self._hall.do("power", device=name, on=True)


class Eyes:
    """What the kiosks' screens showed as done: (kind, item) and when."""

    def __init__(self, places):
        self.saw = []
        self._tasks = [asyncio.create_task(self._watch(places, site)) for site in SITES]

    async def _watch(self, places, site):
        while True:
            with contextlib.suppress(KioskAwayError):
                async with Finger(places, site).touching(600) as screen:
                    last = {}
                    while not screen.screen.get("gone"):
                        await asyncio.sleep(0.05)
                        now = states(screen.screen) if screen.screen else {}
                        for item, state in now.items():
                            if state in SHOWN and last.get(item) != state:
                                self.saw.append((SHOWN[state], item, time.time() * 1000))
                        last = now

    async def close(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def broken_promises(places, eyes):
    """What a screen showed and no journal knows."""
    facts = {}
    for pi in PIS:
        file = places.pi(pi.device) / "data" / "journal.db"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            for (body,) in db.execute("SELECT body FROM events UNION SELECT body FROM archive"):
                event = json.loads(body)
                key = (event["fact"]["k"], event["fact"].get("item"))
                facts.setdefault(key, []).append(event["at"]["wall"])
    return [
        (kind, item, int(at))
        for kind, item, at in eyes.saw
        if not any(at - SLACK_MS <= when <= at + 1000 for when in facts.get((kind, item), []))
    ]


@pytest.fixture
def disks(tmp_path):
    """An ext4 disk for each Pi and for the centre, below the places of a fresh demo."""
    places = open_places(tmp_path / "demo", any_ports=True)
    folders = {pi.device: places.pi(pi.device) for pi in PIS} | {CENTRE: places.centre}
    made = {}
    try:
        for name, folder in folders.items():
            made[name] = LoopDisk(tmp_path / f"{name}.img", folder, 96)
    except NoLoopDiskError as error:
        pytest.skip(str(error))
    finally:
        if len(made) < len(folders):
            for disk in made.values():
                disk.close()
    yield places, made
    for disk in made.values():
        disk.close()


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
async def test_a_running_demo_under_power_cuts_loses_nothing_and_doubles_nothing(disks):
    places, made = disks
    await provision(places, library(), lambda _: None)
    stack = Stack(places, lambda _: None, quick=True, pace=0.3)
    async with stack.running():
        for disk in made.values():
            disk.sync()
        day = Day(places, CUTS + CUTS // 10, SEED, lambda _: None)
        eyes = Eyes(places)
        day.troubles = cutter = Cutter(stack, made, day.hall, CUTS, SEED)
        try:
            await day.live()
            await cutter.all_over()
        finally:
            await eyes.close()
        sums = await settled(places)
        broken = broken_promises(places, eyes)
        said = (
            f"cuts={cutter.cuts} visits={day.notes.visits} facts={sums.journaled} "
            f"shown={len(eyes.saw)} lost={len(sums.lost) + len(sums.strange) + len(broken)} "
            f"doubled={len(sums.doubled)}"
        )
    sys.stdout.write(f"\n{said}\n")
    assert sums.good, (said, sums)
    assert not broken
    assert cutter.cuts == CUTS
    assert sums.journaled > CUTS


async def settled(places):
    """The sums once the ledger has all that the journals have, or when patience ends."""
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(OSError, sqlite3.OperationalError):
            sums = add_up(read_journals(places), await read_ledger(places), [])
            if sums.good or time.monotonic() > deadline:
                return sums
        await asyncio.sleep(0.5)
