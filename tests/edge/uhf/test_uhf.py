"""UHF readers where stations expect HF ones: the same loans, the same alarms."""

import asyncio
import contextlib
import dataclasses
from functools import partial

import pytest

from drivers.a0 import GATE as A0_GATE
from drivers.a0 import PAD as A0_PAD
from drivers.a0 import A0Simulator
from drivers.tags import AFI_IN, AFI_OUT, NewTag, encode_mb01
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.waiting import until
from drivers.uhf18 import PAD, Model, Uhf18Simulator
from edge.circulation.model import ItemView, LoanView, Verdict
from edge.clock import Clock
from edge.gate.options import GateOptions
from edge.gate.station import STATION
from edge.items import PadWatch
from edge.tagwork import TagWork
from edge.wire.facts import GateAlarm, GateLetPass, Loan, Return, Secured
from edge.wire.messages import Part

COAT = bytes.fromhex("3034257bf7194e4000001a85")
YES = Verdict(item="B1", ok=True, due=1_800_000_000_000)


def book(item="B1", afi=AFI_IN, owner="VN-TINH"):
    bank = encode_mb01(NewTag(item, owner), afi=afi)
    return Gen2Tag(item.encode().ljust(12, b"\0"), bank[4:], int.from_bytes(bank[2:4], "big"))


@pytest.fixture
def clock():
    return Clock(disciplined=lambda: True)


@pytest.fixture
def field():
    return AirField(Gen2Tag(b"coat".ljust(12, b"\0"), COAT))


@pytest.fixture
def catalogue(replica):
    items = [ItemView(item="B1", title="Số đỏ", author="Vũ Trọng Phụng")]
    assert replica.apply(Part(version=1, items=items, policy={"owners": ["VN-TINH"]}))
    return replica


@pytest.fixture(params=[Model.R18, Model.R288])
async def pad(request, field, journal, on_wire):
    device = Uhf18Simulator(field, model=request.param, round_seconds=0)
    async with on_wire("pad", PAD, device, journal) as (port, _):
        yield port


async def test_a_uhf_book_is_lent_and_taken_back_like_any_other(
    pad, field, catalogue, services, facts
):
    tag = book()
    field.put(tag)
    watch = PadWatch(pad, catalogue)
    work = TagWork(services, pad, watch=watch)
    [item] = await watch.look()
    assert (item.item, item.title, item.format, item.afi) == (
        "B1", "Số đỏ", "iso28560-4-mb01", AFI_IN,
    )  # fmt: skip
    lent = await work.lend(item, "c1", YES, "s1", online=True)
    assert (lent.secured, (tag.pc or 0) & 0xFF) == (True, AFI_OUT)
    [item] = await watch.look()
    assert item.afi == AFI_OUT
    back = await work.take_back(item, "kiosk", "s1")
    assert (back.secured, (tag.pc or 0) & 0xFF) == (True, AFI_IN)
    assert [type(fact) for fact in facts(Loan, Return, Secured)] == [
        Loan, Secured, Return, Secured,
    ]  # fmt: skip


async def test_another_library_s_uhf_book_is_foreign(pad, field, catalogue):
    field.put(book(owner="DE-290"))
    [item] = await PadWatch(pad, catalogue).look()
    assert item.trouble == "foreign"


@contextlib.asynccontextmanager
async def gate_with(services, field, journal, on_wire, **options):
    device = A0Simulator(field, round_seconds=0)
    driver = dataclasses.replace(A0_GATE, options=lambda url: A0_GATE.options(url=url, **options))
    async with on_wire("antenna", driver, device, journal) as (port, _):
        services.devices["antenna"] = port
        gate = STATION.make(GateOptions(reader="antenna", poll_ms=5, direction_ms=20), services)
        task = asyncio.create_task(gate.run(), name="gate")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_an_armed_uhf_book_alarms_with_its_number_and_a_coat_does_not(
    services, field, journal, on_wire, catalogue, facts
):
    async with gate_with(services, field, journal, on_wire):
        await asyncio.sleep(0.05)
        assert facts(GateAlarm) == []
        field.put(book())
        await until(lambda: facts(GateAlarm))
    [alarm] = facts(GateAlarm)
    assert (alarm.item, alarm.afi) == ("B1", AFI_IN)


async def test_a_lent_uhf_book_passes_silently(services, field, journal, on_wire, catalogue, facts):
    async with gate_with(services, field, journal, on_wire):
        field.put(book(afi=AFI_OUT))
        await asyncio.sleep(0.15)
    assert facts(GateAlarm, GateLetPass) == []


async def test_with_a_loan_list_the_open_loans_decide(
    services, field, journal, on_wire, catalogue, facts, clock, line
):
    line.connected, line.heard_ms = True, clock.now_ms()
    loan = LoanView(item="B1", reader="r1", since=clock.now_ms() - 1000, due=clock.now_ms() + 10**9)
    assert catalogue.apply(Part(version=2, start=1, loans=[loan]))
    async with gate_with(services, field, journal, on_wire, security="loan-list"):
        field.put(book())
        await until(lambda: facts(GateLetPass))
        field.put(book("B2"))
        await until(lambda: facts(GateAlarm))
    assert [fact.reason for fact in facts(GateLetPass)] == ["on_loan"]
    assert [fact.item for fact in facts(GateAlarm)] == ["B2"]


async def test_each_antenna_of_a_pad_has_its_own_count_of_looks_that_missed(
    field, catalogue, journal, on_wire
):
    """The antenna that loses tags is the one to be looked at."""
    steady, shaky = book("B1"), book("B2")
    steady.antenna, shaky.antenna = 1, 2
    field.put(steady)
    two = dataclasses.replace(A0_PAD, options=partial(A0_PAD.options, antennas=(1, 2)))
    async with on_wire("pad", two, A0Simulator(field, round_seconds=0), journal) as (pad, _):
        watch = PadWatch(pad, catalogue)
        for _ in range(3):
            field.put(shaky)
            await watch.look()
            field.take(shaky.tid)
            await watch.look()
        field.put(shaky)
        await watch.look()
    assert watch.antennas() == {1: 100.0, 2: round(100 * 4 / 7, 1)}
    assert watch.reads_percent == round(100 * 11 / 14, 1)
