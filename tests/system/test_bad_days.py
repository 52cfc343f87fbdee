"""Bad days of one site, through the hall and the kiosk's own screen, with real processes."""

import asyncio
import time

import pytest

from demo.catalogue import library
from demo.day.hands import Finger, Hall
from demo.day.sums import add_up, read_journals, read_ledger
from demo.day.visitor import Notes, Visitor
from demo.waiting import holds

pytestmark = pytest.mark.system
LIBRARY = library()
HELD = {row["item"] for row in holds(LIBRARY)}


@pytest.fixture
def hall(demo):
    return Hall(demo.places)


def people(site, card="ntag"):
    return [
        one for one in LIBRARY.people
        if one.branch == site and one.card == card and not one.blocked and one.expires > "2027"
        and one.group == "adult"
    ]  # fmt: skip


def books(site, skip, count):
    good = [c for c in LIBRARY.copies if c.branch == site and c.tag == "iso28560-2"]
    lendable = [c for c in good if c.kind in ("book", "children") and c.item not in HELD]
    return lendable[skip : skip + count]


def visitor(demo, hall, site, number):
    return Visitor(site, people(site)[number], hall, Finger(demo.places, site), Notes())


async def eventually(check, patience=20.0):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if await check():
            return True
        await asyncio.sleep(0.2)
    return False


def device(demo, name):
    rows = demo.get("console", "api/summary")["devices"]
    return next(row for row in rows if row["device"] == name)


async def has_replica(demo, name):
    health = device(demo, name)["health"]
    return bool(health) and health.get("replica", 0) > 0


async def nothing_is_lost(demo):
    async def all_there():
        sums = add_up(read_journals(demo.places), await read_ledger(demo.places), [])
        return sums.good

    return await eventually(all_there)


async def test_a_site_without_network_lends_alone_and_tells_it_all_later(demo, hall):
    one = visitor(demo, hall, "xa", 0)
    assert await eventually(lambda: has_replica(demo, "xa-all"))
    await hall.do("network", site="xa", on=False)
    try:
        await one.walk("in")
        lent = await one.borrow(books("xa", 0, 2), card_first=False, paper=False)
        facts = {row["item"] for row in await read_ledger(demo.places)}
        await one.walk("out")
    finally:
        await hall.do("network", site="xa", on=True)
    assert len(lent) == 2, one.notes.problems
    assert not facts & set(lent)
    assert await nothing_is_lost(demo)
    rows = [row for row in await read_ledger(demo.places) if row["kind"] == "loan"]
    assert {row["item"] for row in rows} >= set(lent)


async def test_a_pi_that_loses_power_in_a_loan_finds_its_way_back(demo, hall):
    one = visitor(demo, hall, "xa", 1)
    await one.walk("in")

    async def cut():
        await asyncio.sleep(1.0)
        await hall.do("power", device="xa-all", on=False)
        await asyncio.sleep(1.0)
        await hall.do("power", device="xa-all", on=True)

    lent, _ = await asyncio.gather(
        one.borrow(books("xa", 10, 4), card_first=False, paper=False), cut()
    )
    assert len(lent) == 4, one.notes.problems
    await one.walk("out")
    assert await nothing_is_lost(demo)
    sums = add_up(read_journals(demo.places), await read_ledger(demo.places), [])
    assert sums.alarms_wrong == []


async def test_a_lent_book_passes_the_gate_and_another_does_not(demo, hall):
    one = visitor(demo, hall, "tinh", 0)
    await one.walk("in")
    [lent] = await one.borrow(books("tinh", 0, 1), card_first=True, paper=True)
    [thing] = books("tinh", 5, 1)
    await hall.do("move", item=thing.item, to=f"bag:{one.person.reader}")
    before = demo.get("console", "api/summary")["alarms"]
    await one.walk("out")

    async def rang():
        return demo.get("console", "api/summary")["alarms"] == before + 1

    assert await eventually(rang)
    alarms = [row for row in await read_ledger(demo.places) if row["kind"] == "gate_alarm"]
    assert [row["item"] for row in alarms] == [thing.item]
    assert lent != thing.item


async def test_a_pulled_cable_is_seen_by_staff_and_mended(demo, hall):
    await hall.do("cable", site="tinh", device="pad", plugged=False)

    async def part_is(up):
        health = device(demo, "tinh-kiosk")["health"]
        return bool(health) and health["parts"]["pad"]["up"] is up

    assert await eventually(lambda: part_is(False))
    finger = Finger(demo.places, "tinh")
    async with finger.touching(5):
        await finger.until(lambda s: s["screen"] == "trouble", 20, "out of service")
        await hall.do("cable", site="tinh", device="pad", plugged=True)
        await finger.until(lambda s: s["screen"] == "idle", 20, "service again")
    assert await eventually(lambda: part_is(True))


async def test_a_book_dropped_from_the_street_is_back_and_rings_again(demo, hall):
    one = visitor(demo, hall, "tinh", 2)
    await one.walk("in")
    [item] = await one.borrow(books("tinh", 20, 1), card_first=False, paper=False)
    await one.walk("out")
    await one.drop(item)
    scene = await hall.scene()
    assert item in scene["sites"]["tinh"]["places"]["bin"]
    assert not scene["books"].get(item, {"silent": False})["silent"]
    assert await nothing_is_lost(demo)
