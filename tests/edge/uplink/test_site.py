"""A week without the centre: kiosk, gate and drop of a site on the site's own broker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from drivers.feig import GATE, PAD, FeigGateSimulator, FeigSimulator
from drivers.gpio import SOCKET
from drivers.gpio.simulator import BoardSimulator
from drivers.tags import NewTag, encode
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.waiting import until
from edge.agent import note_again
from edge.circulation.model import ItemView, ReaderView, Verdict
from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions
from edge.desk import Desk
from edge.gate.options import GateOptions
from edge.gate.station import STATION
from edge.items import PadItem
from edge.journal import Journal
from edge.neighbours import Neighbours
from edge.replica import Replica
from edge.station import Services
from edge.tagmarks import TagMarks
from edge.tagwork import Healed, TagWork
from edge.uplink import Uplink
from edge.wire.batch import decode_event
from edge.wire.facts import GateAlarm, GateHint, GateLetPass
from edge.wire.messages import Health, Part

IN, OUT = 0x07, 0xC2
DAY = 86_400.0
HOUR = 3600.0
ITEMS = [f"B{n}" for n in range(1, 9)]
CATALOGUE = Part(
    version=7,
    items=[ItemView(item=item, title=f"Sách {item}") for item in ITEMS],
    readers=[ReaderView(card="c1", reader="r1"), ReaderView(card="c2", reader="r2")],
)


def tag_of(item: str) -> Tag:
    memory = bytearray(112)
    data = encode(NewTag(item_id=item, owner="VN-TINH"), "iso28560-3", 112, 4)
    memory[: len(data)] = data
    return Tag(uid_of(item), memory, dsfid=0x3E, afi=IN)


def uid_of(item: str) -> bytes:
    return bytes.fromhex("E0040100000000") + bytes([int(item[1:])])


@dataclass
class Machine:
    """One Pi of the site; its storage outlives being off."""

    name: str
    folder: Path
    port: int
    hands: Any
    journal: Any = None
    replica: Any = None
    services: Any = None
    marks: Any = None
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def boot(self) -> None:
        self.folder.mkdir(exist_ok=True)
        hands = self.hands
        clock = Clock(lambda: hands.wall, lambda: hands.mono, None, lambda: False)
        self.journal = Journal.open(self.folder / "journal.db", self.name, clock)
        self.replica = Replica.open(self.folder / "replica.db", clock.now_ms)
        if not self.replica.version:
            self.replica.apply(CATALOGUE)
        note_again(self.journal, self.replica)
        self.journal.listen(self.replica.note)
        agent = AgentOptions(
            site="tinh", device=self.name, data=self.folder, site_key=self.folder / "key"
        )
        allowed: dict[str, int] = {}
        on_heard: list[Any] = []
        self.marks = TagMarks(self.replica, allowed, clock.now_ms)
        site = Neighbours(agent, self.journal, self.replica, clock, self.marks, on_heard)
        options = UplinkOptions(host="127.0.0.1", port=self.port, tls=False, retry_max=0.5)
        health = Health(at=0, version="1", boot="b")
        uplink = Uplink(
            options, agent, self.journal, self.replica, clock,
            health=lambda: health, allowed=allowed, site=site,
        )  # fmt: skip
        desk = Desk(b"k" * 32, self.replica, clock, uplink)
        self.services = Services(
            agent, clock, self.journal, self.replica, desk, {}, allowed,
            self.marks.heal, site.noisy, on_heard,
        )  # fmt: skip
        self._tasks = [asyncio.create_task(uplink.run()), asyncio.create_task(site.tend())]

    async def off(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.journal.close()
        self.replica.close()

    def facts(self, *kinds: type) -> list[Any]:
        found = [decode_event(body).fact for _, body in self.journal.waiting(0)]
        return [fact for fact in found if isinstance(fact, kinds)]


@dataclass
class Pad:
    """A kiosk's or a drop's pad."""

    field: Field
    work: TagWork

    def item(self, tag: Tag, item: str) -> PadItem:
        return PadItem(uid=tag.uid, item=item, title="", afi=tag.afi, tags=((tag.uid, tag.afi),))

    async def lend(self, tag: Tag, item: str, card: str, *, torn: bool = False) -> bool:
        self.field.put(tag)
        if torn:
            self.field.tear_after(tag.uid, 0)
        verdict = Verdict(item=item, ok=True, due=1_900_000_000_000)
        lent = await self.work.lend(self.item(tag, item), card, verdict)
        self.field.take(tag.uid)
        return lent.secured

    async def take_back(self, tag: Tag, item: str) -> None:
        self.field.put(tag)
        assert (await self.work.take_back(self.item(tag, item), "drop")).secured
        self.field.take(tag.uid)

    async def heal(self, tag: Tag, item: str) -> Healed:
        self.field.put(tag)
        healed = await self.work.heal(self.item(tag, item))
        self.field.take(tag.uid)
        return healed


@dataclass
class Door:
    """The gate's devices: somebody walks out with a book."""

    machine: Machine
    reader: FeigGateSimulator
    board: BoardSimulator

    async def walk_out(self, tag: Tag, quiet: type | None) -> Any:
        """Return the fact that the gate made of it; ``quiet`` None: nothing at all."""
        kinds = (GateAlarm, GateLetPass, GateHint)
        before = len(self.machine.facts(*kinds))
        self.board.set_input("beam_b", True)
        await asyncio.sleep(0.03)
        self.reader.pass_tag(tag)
        await until(lambda: self.reader.waiting == 0)
        if quiet in (GateAlarm, GateLetPass):
            await until(lambda: len(self.machine.facts(*kinds)) > before)
        else:
            await asyncio.sleep(0.3)
        self.board.set_input("beam_b", False)
        self.machine.hands.pass_time(30)  # the tag is gone
        if quiet is GateHint:
            await until(lambda: len(self.machine.facts(*kinds)) > before)
        await asyncio.sleep(0.3)
        facts = self.machine.facts(*kinds)[before:]
        assert [type(fact) for fact in facts] == ([] if quiet is None else [quiet])
        return facts[0] if facts else None


@contextlib.asynccontextmanager
async def pad_of(machine: Machine, on_wire: Any) -> AsyncIterator[Pad]:
    field = Field()
    sim = FeigSimulator(field, block_seconds=0)
    async with on_wire("pad", PAD, sim, machine.journal) as (device, _):
        yield Pad(field, TagWork(machine.services, device))


@contextlib.asynccontextmanager
async def door_of(machine: Machine, on_wire: Any) -> AsyncIterator[Door]:
    reader, board = FeigGateSimulator(block_seconds=0), BoardSimulator()
    async with (
        on_wire("antenna", GATE, reader, machine.journal) as (antenna, _),
        on_wire("lines", SOCKET, board, machine.journal) as (lines, _),
    ):
        machine.services.devices.update(antenna=antenna, lines=lines)
        options = GateOptions(reader="antenna", board="lines", poll_ms=5, blocked_seconds=3600)
        gate = STATION.make(options, machine.services)
        task = asyncio.create_task(gate.run())
        try:
            await until(lambda: gate._loans.ready)
            yield Door(machine, reader, board)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def site(tmp_path: Path, broker: Any, hands: Any) -> AsyncIterator[dict[str, Machine]]:
    names = ("kiosk", "gate", "drop")
    made = {name: Machine(name, tmp_path / name, broker.port, hands) for name in names}
    for machine in made.values():
        await machine.boot()
    yield made
    for machine in made.values():
        await machine.off()


def agreed(site: dict[str, Machine], item: str, *, lent: bool) -> bool:
    return all((one.replica.loan(item) is not None) is lent for one in site.values())


@pytest.mark.system
async def test_a_site_stays_consistent_for_a_week_without_the_centre(
    site: dict[str, Machine], broker: Any, hands: Any, on_wire: Any
) -> None:
    kiosk, gate, drop = site["kiosk"], site["gate"], site["drop"]
    tags = {item: tag_of(item) for item in ITEMS}
    async with pad_of(kiosk, on_wire) as desk, pad_of(drop, on_wire) as chute:
        async with door_of(gate, on_wire) as door:
            # Monday: the switch-off fails; the gate was told, and is quiet.
            assert not await desk.lend(tags["B1"], "B1", "c1", torn=True)
            assert tags["B1"].afi == IN
            await until(lambda: agreed(site, "B1", lent=True) and gate.services.allowed)
            passed = await door.walk_out(tags["B1"], GateLetPass)
            assert (passed.item, passed.reason) == ("B1", "allowed")

            # Tuesday: the allow-list is over, the loan is not.
            hands.pass_time(DAY)
            passed = await door.walk_out(tags["B1"], GateLetPass)
            assert passed.reason == "on_loan"

            # Wednesday: brought back through the drop, then carried out: that is no loan any more.
            hands.pass_time(DAY)
            await chute.take_back(tags["B1"], "B1")
            await until(lambda: agreed(site, "B1", lent=False))
            alarm = await door.walk_out(tags["B1"], GateAlarm)
            assert alarm.item == "B1"

            # A proper loan leaves without a word; limits of the outage count for all machines.
            assert await desk.lend(tags["B2"], "B2", "c2")
            await until(lambda: agreed(site, "B2", lent=True))
            await door.walk_out(tags["B2"], None)
            assert drop.replica.lent_unsettled("r2") == 1

        # Thursday: the gate is off while a book is lent and another comes back.
        hands.pass_time(DAY)
        await gate.off()
        assert not await desk.lend(tags["B3"], "B3", "c1", torn=True)
        await chute.take_back(tags["B2"], "B2")
        hands.pass_time(4 * HOUR)
        await gate.boot()
        await until(lambda: agreed(site, "B2", lent=False) and agreed(site, "B3", lent=True))
        async with door_of(gate, on_wire) as door:
            passed = await door.walk_out(tags["B3"], GateLetPass)
            assert passed.reason == "on_loan"

            # Friday: the broker loses its power; what was said meanwhile is said again.
            hands.pass_time(DAY)
            broker.kill()
            assert await desk.lend(tags["B4"], "B4", "c2")
            assert kiosk.replica.loan("B4")
            assert not gate.replica.loan("B4")
            broker.start()
            await until(lambda: agreed(site, "B4", lent=True))

            # Saturday: the kiosk heals what the gate had seen.
            hands.pass_time(DAY)
            await until(lambda: "B3" in kiosk.marks.heal.values())
            assert await desk.heal(tags["B3"], "B3") in (Healed.SECURED, Healed.REPAIRED)
            assert tags["B3"].afi == OUT
            await until(lambda: not gate.marks.heal and not drop.marks.heal)
            await door.walk_out(tags["B3"], None)

            # Sunday: a book that nobody lent, with a silent tag: staff get a quiet word.
            hands.pass_time(DAY)
            tags["B5"].afi = OUT
            hint = await door.walk_out(tags["B5"], GateHint)
            assert (hint.item, hint.reason, hint.direction) == ("B5", "not_lent", "out")
    assert all(one.journal.acked == 0 for one in site.values()), "the centre never said a word"
    lent = {item for item in ITEMS if gate.replica.loan(item)}
    assert lent == {"B3", "B4"}
