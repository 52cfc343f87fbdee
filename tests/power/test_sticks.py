"""The power goes, or the stick is pulled, while a bundle is written: it is whole, or it is not there."""

import asyncio
import contextlib
import io
import os
import random
import threading
from functools import partial

import pytest

from drivers.testing.loopdisk import LoopDisk, NoLoopDiskError
from drivers.testing.powercut import SECTOR
from edge.bundles.answer import Answer, find
from edge.bundles.export import export
from edge.clock import Clock
from edge.config import load
from edge.journal import Journal
from edge.wire.bundle import BundleError
from edge.wire.facts import Return
from gateway.bundles import Stick, facts_in
from gateway.enrol import centre_seal, enrol, make_home, open_ledger
from gateway.feed import Feed
from gateway.testing import DAY, NOW, stock

CONFIG = """\
[agent]
site = "tinh"
device = "kiosk-1"
data = "{folder}/data"
site_key = "{folder}/keys/site.key"
[uplink]
ca = "{folder}/keys/ca.crt"
cert = "{folder}/keys/device.crt"
key = "{folder}/keys/device.key"
"""
CUTS = int(os.environ.get("STICK_CUTS", "6"))


class Branch:
    """A device with facts in its journal, and the centre that knows it."""

    def __init__(self, folder):
        self.home = make_home(folder / "centre", ["127.0.0.1"])
        self.ledger = open_ledger(self.home)
        stock(self.ledger, NOW)
        enrol(self.home, self.ledger, "tinh", "kiosk-1", folder / "keys", NOW)
        self.stick = Stick(self.home, self.ledger, Feed(centre_seal(self.home)))
        (folder / "agent.toml").write_text(CONFIG.format(folder=folder))
        self.config = load(folder / "agent.toml")
        clock = Clock(lambda: NOW / 1000, lambda: NOW / 1000, "b1", lambda: True)
        self.journal = Journal.open(folder / "data" / "journal.db", "kiosk-1", clock)

    async def live(self, count):
        for n in range(count):
            await self.journal.append(Return(item=f"B{n % 4 + 1}"))

    def export(self, place):
        return export(self.config, place, NOW).file

    def count(self):
        return self.ledger.store.value("SELECT count(*) FROM facts")

    def accepts(self, data):
        """Look whether an answer is believed."""
        Answer(io.BytesIO(data), "answer", self.config).check(NOW)


@pytest.fixture
async def branch(tmp_path):
    made = Branch(tmp_path)
    yield made
    await made.journal.close()
    made.ledger.close()


@pytest.fixture
def usb(tmp_path):
    try:
        disk = LoopDisk(tmp_path / "usb.img", tmp_path / "usb", 16)
    except NoLoopDiskError as error:
        pytest.skip(str(error))
    yield disk
    disk.close()


def until_pulled(work):
    """Do something again and again in a thread until the stick is gone."""

    def again():
        with contextlib.suppress(BundleError):
            while True:
                work()

    thread = threading.Thread(target=again)
    thread.start()
    return thread


async def pulled(usb, work, chance):
    """Pull the stick in the midst of the work, and put it in again."""
    thread = until_pulled(work)
    await asyncio.sleep(chance.uniform(0.005, 0.15))
    usb.cut()
    await asyncio.to_thread(thread.join)
    usb.unmount()
    usb.mount()


@pytest.mark.system
async def test_facts_on_a_stick_that_was_pulled_out_are_whole_or_absent(branch, usb):
    chance, found = random.Random(1), 0
    for n in range(CUTS):
        await branch.live(20)
        await pulled(usb, lambda: branch.export(usb.folder), chance)
        with contextlib.suppress(BundleError):
            [file] = facts_in(usb.folder)
            taken = branch.stick.take_in(file, NOW + n)
            assert taken.word == ""
            found += 1
    assert usb.cuts == CUTS
    branch.stick.take_in(branch.export(usb.folder), NOW + DAY)
    assert branch.count() == 20 * CUTS, "what was pulled out comes with the next one"
    assert found, "no cut came after a whole file"


@pytest.mark.system
async def test_answers_on_a_stick_that_was_pulled_out_are_whole_or_absent(branch, usb):
    chance = random.Random(2)
    await branch.live(5)
    facts = branch.export(usb.folder)
    usb.sync()
    for _ in range(CUTS):
        taken = branch.stick.take_in(facts, NOW)
        await pulled(usb, partial(branch.stick.answer, "kiosk-1", usb.folder, NOW, taken), chance)
        with contextlib.suppress(BundleError):
            branch.accepts(find(usb.folder, "kiosk-1").read_bytes())
            continue
        assert not (usb.folder / "kiosk-1.answer.bundle").exists()
    assert branch.count() == 5


async def test_a_stick_that_lied_about_its_writes_is_never_taken_for_whole(branch, tmp_path):
    """Some sectors never came to be, or all after one: at every sector of both files."""
    await branch.live(40)
    facts = branch.export(tmp_path)
    whole_facts = facts.read_bytes()
    taken = branch.stick.take_in(facts, NOW)
    answer = branch.stick.answer("kiosk-1", tmp_path, NOW, taken).file.read_bytes()
    branch.accepts(answer)
    count = branch.count()
    for data, look in ((whole_facts, lambda: branch.stick.take_in(facts, NOW)), (answer, None)):
        for begin in range(0, len(data), SECTOR):
            for left in (data[:begin], data[:begin] + bytes(SECTOR) + data[begin + SECTOR :]):
                bad = left[: len(data)]
                with pytest.raises(BundleError):
                    if look is None:
                        branch.accepts(bad)
                    else:
                        facts.write_bytes(bad)
                        look()
    facts.write_bytes(whole_facts)
    again = branch.stick.take_in(facts, NOW)
    assert (again.fresh, branch.count()) == (0, count)
