"""Devices of one site on one bus, each with its own journal, replica and clock."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.testing.waiting import until
from edge.circulation.model import LoanView
from edge.clock import Clock
from edge.config import AgentOptions
from edge.journal import Journal
from edge.neighbours import KINDS, TOGETHER, Neighbours
from edge.replica import Replica
from edge.tagmarks import TagMarks
from edge.wire import topics
from edge.wire.errors import WireError
from edge.wire.facts import Fact, GateCount, GateLetPass, Loan, Repaired, Return, TagStillArmed
from edge.wire.messages import Message, Part, Place, Share, Want, decode, encode

UID = "E004010000000001"


class Bus:
    """A broker: gives every message to everybody, keeps the retained ones."""

    def __init__(self) -> None:
        self.here: list[Pi] = []
        self.kept: dict[tuple[str, topics.Topic], bytes] = {}
        self.said: list[tuple[str, topics.Topic, bytes]] = []

    async def say(self, who: str, row: topics.Topic, message: Message, retain: bool) -> None:
        payload = encode(message)
        self.said.append((who, row, payload))
        if retain:
            self.kept[who, row] = payload
        for pi in self.here:
            pi.site.take(who, row, payload)


@dataclass
class Pi:
    """One device of the site; on the bus between ``plug`` and ``unplug``."""

    name: str
    bus: Bus
    journal: Journal
    replica: Replica
    site: Neighbours
    marks: TagMarks
    heard: list[tuple[str, Fact]] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    async def plug(self) -> None:
        self.bus.here.append(self)
        for (who, row), payload in self.bus.kept.items():
            self.site.take(who, row, payload)

        async def say(row: topics.Topic, message: Message, *, retain: bool = False) -> None:
            await self.bus.say(self.name, row, message, retain)

        async def work() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.site.tend())
                group.create_task(self.site.run(say))

        self.task = asyncio.create_task(work())

    async def unplug(self) -> None:
        if self.task is not None:
            self.bus.here.remove(self)
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            self.task = None

    def knows_loan(self, item: str) -> bool:
        return self.replica.loan(item) is not None


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def pi_of(tmp_path: Path, bus: Bus) -> AsyncIterator[Callable[[str], Pi]]:
    made: list[Pi] = []
    looks = itertools.count()  # no two things happen in one millisecond
    with contextlib.ExitStack() as stack:

        def pi_of(name: str) -> Pi:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            options = AgentOptions(site="tinh", device=name, data=folder, site_key=folder / "key")
            clock = Clock(lambda: time.time() + next(looks) / 1000)
            journal = Journal.open(folder / "journal.db", name, clock)
            replica = Replica.open(folder / "replica.db", clock.now_ms)
            stack.enter_context(contextlib.closing(replica))
            journal.listen(replica.note)
            marks = TagMarks(replica, {}, clock.now_ms)
            heard: list[tuple[str, Fact]] = []
            listeners = [lambda device, fact: heard.append((device, fact))]
            site = Neighbours(options, journal, replica, clock, marks, listeners)
            made.append(Pi(name, bus, journal, replica, site, marks, heard))
            return made[-1]

        yield pi_of
        for pi in made:
            await pi.unplug()
            await pi.journal.close()


def loan(item: str = "B1", card: str = "c1") -> Loan:
    return Loan(item=item, card=card, due=9_000_000_000_000)


async def test_a_loan_at_the_kiosk_is_known_at_the_gate_and_a_return_at_the_drop_too(pi_of) -> None:
    kiosk, gate, drop = pi_of("kiosk"), pi_of("gate"), pi_of("drop")
    for pi in (kiosk, gate, drop):
        await pi.plug()
    await kiosk.journal.append(loan())
    await until(lambda: gate.knows_loan("B1") and drop.knows_loan("B1"))
    await drop.journal.append(Return(item="B1"))
    await until(lambda: not gate.knows_loan("B1") and not kiosk.knows_loan("B1"))
    assert kiosk.replica.lent_unsettled("c1") == 0


async def test_loans_at_any_station_count_together_in_an_outage(pi_of) -> None:
    kiosk, other = pi_of("kiosk"), pi_of("other")
    await kiosk.plug()
    await other.plug()
    await kiosk.journal.append(loan("B1"), loan("B2"))
    await until(lambda: other.knows_loan("B2"))
    assert other.replica.lent_unsettled("c1") == 2
    assert [one.item for one in other.replica.loans_of("c1")] == ["B1", "B2"]


async def test_a_device_that_was_off_asks_for_what_it_missed(pi_of, bus) -> None:
    kiosk, gate = pi_of("kiosk"), pi_of("gate")
    await gate.plug()
    await kiosk.plug()
    await kiosk.journal.append(loan("B0"))
    await until(lambda: gate.knows_loan("B0"))
    await gate.unplug()
    for n in range(1, 2 * TOGETHER + 20):
        await kiosk.journal.append(loan(f"B{n}"), GateCount(gate="g", entered=1))
    await kiosk.journal.append(Return(item="B0"))
    await until(lambda: b'"B0"' in bus.said[-1][2] or bus.said[-1][1] is topics.SITE_PLACE)
    await gate.plug()
    await until(lambda: gate.knows_loan(f"B{2 * TOGETHER + 19}") and not gate.knows_loan("B0"))
    pages = [decode(data, Share) for _, row, data in bus.said if row is topics.SITE_FACTS]
    assert max(len(page.events) for page in pages) <= TOGETHER
    assert all(b"gate_count" not in bytes(one) for page in pages for one in page.events)


async def test_what_was_heard_outlives_a_restart_and_is_not_asked_again(pi_of, bus) -> None:
    kiosk, gate = pi_of("kiosk"), pi_of("gate")
    await kiosk.plug()
    await gate.plug()
    await kiosk.journal.append(loan(), TagStillArmed(item="B1", uid=UID, about="", until=1 << 50))
    await until(lambda: gate.knows_loan("B1"))
    await until(lambda: gate.replica.tags() and gate.replica.heard()["kiosk"][1] == 2)
    await gate.unplug()
    fresh = TagMarks(gate.replica, {}, lambda: 0)
    assert fresh.allowed == {UID: 1 << 50}
    assert fresh.heal == {UID: "B1"}
    assert gate.replica.heard() == {"kiosk": (kiosk.journal.epoch, 2)}
    bus.said.clear()
    await gate.plug()
    await kiosk.journal.append(Return(item="B1"))
    await until(lambda: not gate.knows_loan("B1"))
    assert topics.SITE_WANT not in [row for who, row, _ in bus.said if who == "gate"]


async def test_a_device_that_is_alone_says_only_its_place(pi_of, bus) -> None:
    kiosk = pi_of("kiosk")
    await kiosk.plug()
    await until(lambda: bus.said)
    await kiosk.journal.append(loan())
    await asyncio.sleep(0.3)
    assert [row for _, row, _ in bus.said] == [topics.SITE_PLACE]


async def test_a_fact_that_comes_twice_or_late_changes_nothing(pi_of) -> None:
    kiosk, gate = pi_of("kiosk"), pi_of("gate")
    events = await kiosk.journal.append(loan())
    events += await kiosk.journal.append(Return(item="B1"))
    epoch = kiosk.journal.epoch
    gate.site.take("kiosk", topics.SITE_PLACE, encode(Place(epoch=epoch, seq=2)))
    bodies = [msgspec.Raw(body) for _, body in kiosk.journal.waiting(0)]
    whole = Share(epoch=epoch, after=0, upto=2, events=bodies)
    for _ in range(2):
        gate.site.take("kiosk", topics.SITE_FACTS, encode(whole))
    first = Share(epoch=epoch, after=0, upto=1, events=bodies[:1])
    gate.site.take("kiosk", topics.SITE_FACTS, encode(first))
    await gate.site.flush()
    assert not gate.knows_loan("B1")
    assert [type(fact) for _, fact in gate.heard] == [Loan, Return]
    gate.site.take("kiosk", topics.SITE_PLACE, encode(Place(epoch="other", seq=2)))
    again = Share(epoch="other", after=0, upto=1, events=bodies[:1])
    gate.site.take("kiosk", topics.SITE_FACTS, encode(again))
    await gate.site.flush()
    assert not gate.knows_loan("B1"), "an old loan under a new epoch is still the old loan"


async def test_what_the_ledger_has_settled_gives_way_to_the_base(pi_of) -> None:
    kiosk, gate = pi_of("kiosk"), pi_of("gate")
    gate.replica.apply(Part(version=5))
    await kiosk.journal.append(loan())
    epoch, bodies = kiosk.journal.epoch, [msgspec.Raw(b) for _, b in kiosk.journal.waiting(0)]
    gate.site.take("kiosk", topics.SITE_PLACE, encode(Place(epoch=epoch, seq=1)))
    share = Share(epoch=epoch, after=0, upto=1, events=bodies)
    gate.site.take("kiosk", topics.SITE_FACTS, encode(share))
    place = Place(epoch=epoch, seq=1, settled=1, version=7)
    gate.site.take("kiosk", topics.SITE_PLACE, encode(place))
    await gate.site.flush()
    assert gate.knows_loan("B1"), "the base does not show it yet"
    gate.replica.apply(Part(version=7, start=5, gone=["loans:B1"]))
    await gate.site.flush()
    assert not gate.knows_loan("B1")


def lent_at(since: int) -> LoanView:
    return LoanView(item="B1", reader="r2", due=since + 1, since=since)


async def test_a_loan_of_a_neighbour_that_died_gives_way_to_a_later_loan_of_the_base(pi_of) -> None:
    kiosk, gate = pi_of("kiosk"), pi_of("gate")
    gate.replica.apply(Part(version=5))
    [event] = await kiosk.journal.append(loan())
    gate.replica.hear("kiosk", kiosk.journal.epoch, [event], 1)
    at = event.at.wall
    gate.replica.apply(Part(version=6, start=5, loans=[lent_at(at - 1000)]))
    assert gate.replica.loan("B1").reader == "c1", "the ledger's loan is older than it"
    gate.replica.apply(Part(version=7, start=6, loans=[lent_at(at + 1000)]))
    assert gate.replica.loan("B1").reader == "r2"
    gate.replica.apply(Part(version=8, start=7, gone=["loans:B1"]))
    assert not gate.knows_loan("B1")


@pytest.mark.parametrize("whole", [True, False])
async def test_what_the_base_says_too_is_not_held_on_to_when_it_ends_there(pi_of, whole) -> None:
    kiosk, gate = pi_of("kiosk"), pi_of("gate")
    gate.replica.apply(Part(version=5))
    [event] = await kiosk.journal.append(loan())
    gate.replica.hear("kiosk", kiosk.journal.epoch, [event], 1)
    same = msgspec.structs.replace(lent_at(event.at.wall), reader="c1")
    gate.replica.apply(Part(version=6, start=0 if whole else 5, loans=[same]))
    assert gate.knows_loan("B1")
    gate.replica.apply(Part(version=7, start=6, gone=["loans:B1"]))
    assert not gate.knows_loan("B1")


async def test_a_new_device_asks_only_for_what_its_base_does_not_show(pi_of) -> None:
    gate = pi_of("gate")
    gate.replica.apply(Part(version=9))
    place = Place(epoch="e", seq=50, settled=40, version=8)
    gate.site.take("kiosk", topics.SITE_PLACE, encode(place))
    assert gate.site.heard["kiosk"] == ("e", 40)


async def test_a_tag_to_be_healed_is_known_at_the_whole_site_until_it_is_mended(pi_of) -> None:
    kiosk, gate = pi_of("kiosk"), pi_of("gate")
    await kiosk.plug()
    await gate.plug()
    await gate.journal.append(GateLetPass(gate="g", uid=UID, item="B1", reason="on_loan"))
    await until(lambda: kiosk.marks.heal == {UID: "B1"})
    await kiosk.journal.append(Repaired(item="B1", uid=UID, afi=0xC2))
    await until(lambda: not gate.marks.heal)
    await until(lambda: kiosk.replica.tags() == gate.replica.tags() == [])


async def test_a_clock_that_stands_still_takes_the_neighbours_time_as_a_lower_bound(pi_of) -> None:
    kiosk, gate = pi_of("kiosk"), pi_of("gate")
    kiosk.site._clock._ask_kernel = gate.site._clock._ask_kernel = lambda: False
    gate.site._clock._wall = lambda: 1_800_000_000.0
    kiosk.site._clock._wall = lambda: 1_800_000_900.0
    [event] = await kiosk.journal.append(loan())
    bodies = [msgspec.Raw(body) for _, body in kiosk.journal.waiting(0)]
    epoch = kiosk.journal.epoch
    gate.site.take("kiosk", topics.SITE_PLACE, encode(Place(epoch=epoch, seq=1)))
    share = Share(epoch=epoch, after=0, upto=1, events=bodies)
    gate.site.take("kiosk", topics.SITE_FACTS, encode(share))
    assert gate.site._clock.now_ms() >= event.at.wall


@pytest.mark.parametrize(
    "message",
    [
        Place(epoch="e", seq=-1),
        Place(epoch="e", seq=1 << 60),
        Share(epoch="e", after=0, upto=1 << 63),
        Want(device="gate", epoch="e", after=-5),
    ],
)
async def test_numbers_that_cannot_be_are_refused(pi_of, message) -> None:
    rows = {Place: topics.SITE_PLACE, Share: topics.SITE_FACTS, Want: topics.SITE_WANT}
    with pytest.raises(WireError):
        pi_of("gate").site.take("kiosk", rows[type(message)], encode(message))


async def test_facts_that_are_not_understood_or_not_for_neighbours_are_left(pi_of) -> None:
    gate = pi_of("gate")
    gate.site.take("kiosk", topics.SITE_PLACE, encode(Place(epoch="e", seq=4)))
    strange = [msgspec.Raw(b'{"seq":1}'), msgspec.Raw(b"[]"), msgspec.Raw(b'{"k":"new"}')]
    share = Share(epoch="e", after=0, upto=4, events=strange)
    gate.site.take("kiosk", topics.SITE_FACTS, encode(share))
    assert gate.heard == []
    assert gate.site.heard["kiosk"] == ("e", 4)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_share_or_a_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        decode(data, Share)


def test_kinds_are_those_that_concern_neighbours() -> None:
    assert "gate_count" not in KINDS
    assert {"loan", "return", "tag_still_armed", "gate_muted"} <= set(KINDS)
