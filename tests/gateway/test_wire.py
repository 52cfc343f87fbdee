"""The whole gateway against a real Mosquitto: what devices say, what they hear."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import aiomqtt
import httpx
import msgspec
import pytest

from edge.wire import topics
from edge.wire.batch import encode_batch, encode_event
from edge.wire.columns import NOTHING, Nothing
from edge.wire.cursors import decode_cursor
from edge.wire.facts import GateAlarm, GateCount, Loan, Return, StaffCalled, TagStillArmed, card_ref
from edge.wire.messages import (
    Allowed,
    Answer,
    Ask,
    Cursor,
    Have,
    Health,
    Message,
    Part,
    State,
    decode,
    encode,
)
from edge.wire.parts import decode_part
from edge.wire.topics import Topic
from gateway.config import BrokerOptions, Config, ConsoleOptions, GatewayOptions
from gateway.enrol import enrol, make_home, open_ledger, revoke
from gateway.home import Home
from gateway.ledger.posts import counts
from gateway.service import gateway
from gateway.sip2.options import Sip2Options
from gateway.sip2.server import SimulatedServer
from gateway.sip2.simulator import Copy, Ils
from gateway.testing import HOUR, NOW, Mosquitto, Speaker, find_mosquitto, mosquitto, stock

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
T = TypeVar("T")
PLACES = (("tinh", "kiosk-1"), ("tinh", "gate-1"), ("xa", "xa-all"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path / "centre", ["localhost", "127.0.0.1"])
    ledger = open_ledger(made)
    stock(ledger)
    for site, device in PLACES:
        enrol(made, ledger, site, device, tmp_path / device, NOW)
    ledger.close()
    return made


@pytest.fixture
async def broker(home: Home, tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(home, tmp_path) as running:
        yield running


def config_of(home: Home, broker: Mosquitto) -> Config:
    files = {"ca": home.pki("server-ca.crt"), "cert": home.pki("gateway.crt")}
    return Config(
        GatewayOptions(home.folder),
        BrokerOptions(port=broker.port, key=home.pki("gateway.key"), **files),
        ConsoleOptions(port=0, open=True),
    )


@pytest.fixture
async def centre(home: Home, broker: Mosquitto) -> AsyncIterator[str]:
    async with gateway(config_of(home, broker), lambda: NOW + HOUR) as server:
        address = server.address.rstrip("/")
        await connected(address)
        yield address


async def connected(centre: str) -> None:
    async with asyncio.timeout(10):
        while not (await get(centre, "/api/summary"))["broker"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


class Device:
    """A device on the wire: says what it is told to, keeps what it hears."""

    def __init__(self, client: aiomqtt.Client, site: str, device: str) -> None:
        self.client, self.site, self.device = client, site, device
        self.heard: list[tuple[Topic, bytes]] = []
        self.news = asyncio.Event()

    async def listen(self) -> None:
        async for message in self.client.messages:
            self.heard.append((topics.parse(str(message.topic))[2], bytes(message.payload)))
            self.news.set()

    async def say(self, topic: Topic, payload: bytes | Message) -> None:
        data = payload if isinstance(payload, bytes) else encode(payload)
        name = topic.of(self.site, self.device)
        await self.client.publish(name, data, retain=topic.retained)

    async def hear(self, topic: Topic, kind: type[T], wanted: Callable[[T], bool]) -> T:
        async with asyncio.timeout(10):
            while True:
                self.news.clear()
                for row, payload in self.heard:
                    if row is topic and wanted(found := read(payload, kind)):
                        return found
                await self.news.wait()


def read(payload: bytes, kind: type[T]) -> T:
    found: Any
    if kind is Part:
        found = decode_part(payload, "tinh")
    else:
        found = decode_cursor(payload) if kind is Cursor else decode(payload, kind)
    return found


@asynccontextmanager
async def on_wire(broker: Mosquitto, folder: Path, site: str, device: str) -> AsyncIterator[Device]:
    context = ssl.create_default_context(cafile=folder / device / "ca.crt")
    context.load_cert_chain(folder / device / "device.crt", folder / device / "device.key")
    version = aiomqtt.ProtocolVersion.V5
    async with aiomqtt.Client(
        "127.0.0.1", broker.port, protocol=version, tls_context=context, timeout=2
    ) as client:
        for row in (topics.CURSOR, topics.ANSWER, topics.REPLICA):
            await client.subscribe(row.of(site, device))
        for row in (topics.CHANGES, topics.ALLOWED):
            await client.subscribe(row.of(site))
        made = Device(client, site, device)
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            listening.cancel()
            await asyncio.wait((listening,))


@pytest.fixture
async def machine(broker: Mosquitto, centre: str, tmp_path: Path) -> AsyncIterator[Device]:
    async with on_wire(broker, tmp_path, "tinh", "kiosk-1") as made:
        yield made


async def get(centre: str, path: str) -> dict[str, object]:
    async with httpx.AsyncClient() as client:
        return (await client.get(centre + path)).raise_for_status().json()


def card(home: Home, text: str) -> str:
    return card_ref(home.site_key("tinh"), text)


async def test_facts_are_committed_and_then_acknowledged(machine, centre, home):
    kiosk = Speaker()
    kiosk.happened(Loan(item="B1", card=card(home, "C1"), due=0))
    kiosk.happened(Loan(item="B9", card=card(home, "C1"), due=0))
    await machine.say(topics.FACTS, kiosk.payload())
    cursor = await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 2)
    last = kiosk.events[-1].id[-8:]
    assert cursor.version > 0
    expected = Cursor(epoch="e1", seq=2, outcomes={"2": ["UNKNOWN_ITEM"]}, last=last)
    assert msgspec.structs.replace(cursor, version=0) == expected
    summary = await get(centre, "/api/summary")
    assert (summary["facts"], summary["loans_open"], summary["worklist_open"]) == (2, 1, 1)
    facts = await get(centre, "/api/facts?device=kiosk-1")
    assert [(f["seq"], f["id"], f["kind"]) for f in facts] == [
        (event.seq, event.id, "loan") for event in kiosk.events
    ]


async def test_a_batch_that_refers_to_another_catalogue_is_asked_for_in_full(machine, centre, home):
    kiosk = Speaker()
    kiosk.epoch = "0123456789abcdef"
    kiosk.happened(Loan(item="B1", card=card(home, "C1"), due=0))
    events = [encode_event(event) for event in kiosk.events]

    class Known(Nothing):
        def __init__(self, begins: bytes) -> None:
            self.begins = begins

        def shorten(self, _: str) -> bytes:
            return self.begins

    def payload(begins: str) -> bytes:
        known = Known(bytes.fromhex(begins))
        return encode_batch(kiosk.device, kiosk.epoch, 1, events, small=True, known=known)

    await machine.say(topics.FACTS, payload("00" * 16))
    cursor = await machine.hear(topics.CURSOR, Cursor, lambda c: c.plain)
    assert (cursor.epoch, cursor.seq) == (kiosk.epoch, 0)
    await machine.say(topics.FACTS, payload(card(home, "C1")[:6]))
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 1 and not c.plain)
    summary = await get(centre, "/api/summary")
    assert (summary["facts"], summary["worklist_open"]) == (1, 0)


async def test_a_batch_goes_on_from_what_the_ledger_has_or_is_asked_for_in_full(
    machine, centre, home
):
    kiosk = Speaker()
    kiosk.epoch = "0123456789abcdef"
    for _ in range(3):
        kiosk.happened(GateCount(gate="g1", entered=1))
    events = [encode_event(event) for event in kiosk.events]

    def payload(first: int, before: bytes) -> bytes:
        some = events[first - 1 :]
        name, epoch = kiosk.device, kiosk.epoch
        return encode_batch(name, epoch, first, some, small=True, known=NOTHING, before=before)

    await machine.say(topics.FACTS, payload(2, events[0]))  # the ledger has never heard of it
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.plain)
    await machine.say(topics.FACTS, kiosk.payload(1, 1))
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 1)
    other = events[0].replace(b"g1", b"g2")
    await machine.say(topics.FACTS, payload(2, other))
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.plain and c.seq == 1)
    await machine.say(topics.FACTS, payload(2, events[0]))
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 3 and not c.plain)
    lacking = bytearray(payload(1, b""))
    lacking[1:3] = 7, 200
    await machine.say(topics.FACTS, bytes(lacking))  # packed with a dictionary of the future
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.plain and c.seq == 3)
    summary = await get(centre, "/api/summary")
    assert (summary["facts"], summary["worklist_open"]) == (3, 0)


async def test_a_delivery_that_comes_again_is_acknowledged_again_and_changes_nothing(
    machine, centre, home
):
    kiosk = Speaker()
    kiosk.happened(Loan(item="B9", card=card(home, "C1"), due=0))
    for _ in range(3):
        machine.heard.clear()
        await machine.say(topics.FACTS, kiosk.payload())
        cursor = await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 1)
        assert cursor.outcomes == {"1": ["UNKNOWN_ITEM"]}
    assert (await get(centre, "/api/summary"))["facts"] == 1


async def test_after_a_gap_the_device_hears_where_to_go_on(machine):
    kiosk = Speaker()
    for n in range(3):
        kiosk.happened(StaffCalled(station="kiosk"), NOW + n)
    await machine.say(topics.FACTS, kiosk.payload(3))
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 0)
    await machine.say(topics.FACTS, kiosk.payload(1))
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 3)


async def test_a_device_that_comes_back_hears_its_place_at_once(machine):
    kiosk = Speaker()
    kiosk.happened(StaffCalled(station="kiosk"))
    await machine.say(topics.FACTS, kiosk.payload())
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 1)
    machine.heard.clear()
    await machine.say(topics.STATE, State(online=True, epoch="e-new"))
    await machine.hear(topics.CURSOR, Cursor, lambda c: (c.epoch, c.seq) == ("e-new", 0))


async def test_facts_of_another_device_in_a_batch_are_not_taken(machine, centre):
    stranger = Speaker("gate-1")
    stranger.happened(StaffCalled(station="gate"))
    await machine.say(topics.FACTS, stranger.payload())
    await machine.say(topics.FACTS, b"\x01\x00{}")
    kiosk = Speaker()
    kiosk.happened(StaffCalled(station="kiosk"))
    await machine.say(topics.FACTS, kiosk.payload())
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 1)
    facts = await get(centre, "/api/facts")
    assert [fact["device"] for fact in facts] == ["kiosk-1"]
    board = await get(centre, "/api/board")
    assert {entry["code"] for entry in board["worklist"]} == {"STAFF_CALLED", "REJECTED"}


async def test_the_broker_lets_no_device_speak_for_another(broker, centre, machine, tmp_path):
    async with on_wire(broker, tmp_path, "xa", "xa-all") as other:
        kiosk = Speaker()
        kiosk.happened(StaffCalled(station="kiosk"))
        name = topics.FACTS.of("tinh", "kiosk-1")
        await other.client.publish(name, kiosk.payload())
        await machine.say(topics.ASK, Ask(id="q", what="take_back", items=["B1"]))
        await machine.hear(topics.ANSWER, Answer, lambda a: a.id == "q")
    assert (await get(centre, "/api/summary"))["facts"] == 0


async def test_a_revoked_device_is_not_heard(broker, centre, machine, home, tmp_path):
    ledger = open_ledger(home)
    revoke(home, ledger, "xa-all", NOW)
    ledger.close()
    async with on_wire(broker, tmp_path, "xa", "xa-all") as other:
        commune = Speaker("xa-all", "xa")
        commune.happened(StaffCalled(station="drop"))
        await other.say(topics.FACTS, commune.payload())
        await machine.say(topics.ASK, Ask(id="q", what="take_back", items=["B1"]))
        await machine.hear(topics.ANSWER, Answer, lambda a: a.id == "q")
        assert (await get(centre, "/api/summary"))["facts"] == 0
    broker.reload()
    await asyncio.sleep(0.3)
    with pytest.raises((aiomqtt.MqttError, OSError)):
        async with on_wire(broker, tmp_path, "xa", "xa-all") as other:
            await other.hear(topics.CURSOR, Cursor, lambda _: True)


async def test_questions_are_answered_under_their_id(machine, home):
    mine = card(home, "C1")
    await machine.say(topics.ASK, Ask(id="q1", what="reader", card=mine))
    await machine.say(topics.ASK, Ask(id="q2", what="lend", card=mine, items=["B1", "B5"]))
    who = await machine.hear(topics.ANSWER, Answer, lambda a: a.id == "q1")
    assert who.name == "An"
    assert who.reader is not None
    lend = await machine.hear(topics.ANSWER, Answer, lambda a: a.id == "q2")
    assert [(v.item, v.ok, v.reason) for v in lend.verdicts] == [
        ("B1", True, ""),
        ("B5", False, "not_for_loan"),
    ]


async def test_a_replica_gets_a_snapshot_and_then_changes_without_gaps(machine, home):
    await machine.say(topics.REPLICA_WANTED, Have(version=0))
    part = await machine.hear(topics.REPLICA, Part, lambda p: p.number == p.count - 1)
    assert (part.start, len(part.items), len(part.readers)) == (0, 6, 5)
    assert part.policy is not None
    kiosk = Speaker()
    kiosk.happened(Loan(item="B1", card=card(home, "C1"), due=0))
    await machine.say(topics.FACTS, kiosk.payload())
    changed = await machine.hear(topics.CHANGES, Part, lambda p: bool(p.loans))
    assert changed.start == part.version
    assert {reader.loans for reader in changed.readers} == {1}
    kiosk.happened(Return(item="B1"))
    await machine.say(topics.FACTS, kiosk.payload(2))
    gone = await machine.hear(topics.CHANGES, Part, lambda p: bool(p.gone))
    assert (gone.start, gone.gone) == (changed.version, ["loans:B1"])
    machine.heard.clear()
    await machine.say(topics.REPLICA_WANTED, Have(version=part.version))
    missed = await machine.hear(topics.REPLICA, Part, lambda _: True)
    assert (missed.start, missed.version) == (part.version, gone.version)


async def test_gates_hear_of_a_tag_that_could_not_be_disarmed(machine, home):
    kiosk = Speaker()
    kiosk.happened(Loan(item="B1", card=card(home, "C1"), due=0))
    until = 4_000_000_000_000
    kiosk.happened(TagStillArmed(item="B1", uid="E004", about="x", until=until))
    await machine.say(topics.FACTS, kiosk.payload())
    allowed = await machine.hear(topics.ALLOWED, Allowed, lambda a: bool(a.uids))
    assert allowed.uids == {"E004": until}


async def test_a_device_goes_on_after_the_broker_was_restarted(
    broker, centre, machine, home, tmp_path
):
    kiosk = Speaker()
    kiosk.happened(StaffCalled(station="kiosk"))
    await machine.say(topics.FACTS, kiosk.payload())
    await machine.hear(topics.CURSOR, Cursor, lambda c: c.seq == 1)
    await broker.stop()
    await broker.start()
    await connected(centre)
    async with on_wire(broker, tmp_path, "tinh", "kiosk-1") as again:
        await again.hear(topics.CURSOR, Cursor, lambda c: c.seq == 1)
        kiosk.happened(GateAlarm(gate="g", uid="E004", item="B1", direction="out"))
        await again.say(topics.FACTS, kiosk.payload())
        await again.hear(topics.CURSOR, Cursor, lambda c: c.seq == 2)


async def test_the_board_shows_health_and_presence(machine, centre):
    await machine.say(topics.STATE, State(online=True, epoch="e1"))
    await machine.say(topics.HEALTH, Health(at=NOW, version="1", boot="b", waiting=7))
    async with asyncio.timeout(5):
        while True:
            board = await get(centre, "/api/board")
            row = next(d for d in board["devices"] if d["device"] == "kiosk-1")
            if row["waiting"] == 7:
                break
    assert row["online"]


async def test_a_gateway_restarts_where_it_was(home, broker, tmp_path):
    kiosk = Speaker()
    for n in range(5):
        kiosk.happened(StaffCalled(station="kiosk"), NOW + n)
    for upto in (2, 5):
        async with (
            gateway(config_of(home, broker), lambda: NOW + HOUR) as server,
            on_wire(broker, tmp_path, "tinh", "kiosk-1") as machine,
        ):
            await connected(server.address.rstrip("/"))
            await machine.say(topics.FACTS, kiosk.payload(1, upto))
            await machine.hear(topics.CURSOR, Cursor, lambda c, n=upto: c.seq == n)
    ledger = open_ledger(home)
    assert ledger.store.value("SELECT count(*) FROM facts") == 5
    ledger.close()


async def test_a_drop_and_its_return_reach_the_library_system_beside_the_gateway(
    home, broker, tmp_path
):
    theirs = Ils(lambda: NOW, {"B1": Copy("Truyện Kiều", "tinh", holds=["tinh"])}, branch="tinh")
    server, drop = SimulatedServer(theirs), Speaker()
    drop.happened(Return(item="B1", place="drop", bin="2"), NOW + HOUR)
    async with server.running():
        sip2 = Sip2Options(host="127.0.0.1", port=server.port, tls=False, post=True, sort="checkin",
                           sort_seconds=10.0, bins={"HOLD": "2"})  # fmt: skip
        async with (
            gateway(replace(config_of(home, broker), sip2=sip2), lambda: NOW + HOUR) as console,
            on_wire(broker, tmp_path, "tinh", "kiosk-1") as machine,
        ):
            await connected(console.address.rstrip("/"))
            asked = Ask(id="q1", what="take_back", items=["B1"], armed=True)
            await machine.say(topics.ASK, asked)
            answer = await machine.hear(topics.ANSWER, Answer, lambda a: a.id == "q1")
            assert (answer.bins, answer.items[0].held) == ({"B1": "2"}, True)
            await machine.say(topics.FACTS, drop.payload())
            async with asyncio.timeout(20):
                while not await told(home):  # noqa: ASYNC110 - another thread's work
                    await asyncio.sleep(0.05)
    assert theirs.done == [("09", "B1")]


async def told(home: Home) -> bool:
    def look() -> bool:
        ledger = open_ledger(home)
        try:
            return counts(ledger) == {"done": 1}
        finally:
            ledger.close()

    return await asyncio.to_thread(look)


async def test_a_console_port_that_is_taken_is_said_plainly(home, broker, centre):
    taken = int(centre.rpartition(":")[2])
    config = replace(config_of(home, broker), console=ConsoleOptions(port=taken))
    with pytest.raises(Exception, match=r"\[console\] cannot listen on 127.0.0.1"):
        async with gateway(config):
            pass
