"""The plug is pulled under unmodified processes on real ext4 disks. Nothing is lost or doubled."""

import asyncio
import random

import pytest

pytestmark = pytest.mark.system
GOOD = {"lost": 0, "doubled": 0, "strange": 0}
CUTS = 3


@pytest.fixture
async def library(plug, unfounded):
    """The same library, with a disk of its own for the agent and for the centre."""
    unfounded.disks = {name: plug(getattr(unfounded, name)) for name in ("data", "centre")}
    await unfounded.open()
    for disk in unfounded.disks.values():
        disk.sync()
    return unfounded


@pytest.mark.parametrize(("where", "who"), [("data", "agent"), ("centre", "gateway")])
async def test_the_power_goes_again_and_again(library, where, who):
    chance, disk, child = random.Random(who), library.disks[where], getattr(library, who)
    await library.start()
    await library.until(1)
    await library.carry(3)
    seen = set()
    for _ in range(CUTS):
        carrying = asyncio.create_task(library.carry(20, pause=0.03))
        await asyncio.sleep(chance.uniform(0.2, 0.7))
        seen |= {ident for *_, ident in library.in_ledger()}
        disk.cut()
        await child.kill()
        disk.unmount()
        disk.mount()
        there = len(library.journaled())
        await child.start()
        await carrying
        await library.until(there + 1)
    assert disk.cuts == CUTS
    assert await library.settled(4 + CUTS) == GOOD
    assert seen <= {ident for *_, ident in library.in_ledger()}
