import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from drivers.testing.waiting import until
from edge.circulation.model import ItemView
from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions
from edge.desk import Desk
from edge.journal import Journal
from edge.replica import Replica
from edge.uplink import LinkLostError, Uplink, uplink
from edge.uplink.link import connect
from edge.uplink.testing import Link, through
from edge.wire import topics
from edge.wire.batch import Batch, Event, decode_batch, refers
from edge.wire.commands import Command, Reply
from edge.wire.facts import Loan, StaffCalled
from edge.wire.messages import (
    Allowed,
    Answer,
    Ask,
    Cursor,
    Have,
    Health,
    Part,
    PartHealth,
    State,
    decode,
    encode,
)

SITE, DEVICE = "tinh", "tinh-kiosk"
NOW = 1_795_000_000_000
LOAN = Loan(item="38000000000018", card="c" * 32, due=NOW)


class Ledger:
    """The centre's side of the wire: applies by the cursor rule and keeps what it heard."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cursors: dict[str, int] = {}
        self.events: list[Event] = []
        self.heard: list[tuple[str, bytes]] = []
        self.batches: list[Batch] = []
        self.deaf = False
        self.answer: Callable[[Ask], Answer | None] = lambda ask: Answer(id=ask.id, now=NOW)
        self.client: aiomqtt.Client | None = None
        self.listening = False

    async def say(self, topic: topics.Topic, message: Any) -> None:
        assert self.client is not None
        device = topics.SHARED if topic.shared else DEVICE
        await self.client.publish(topic.of(SITE, device), encode(message), retain=topic.retained)

    async def run(self) -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client("127.0.0.1", self.port) as self.client:
                    await self.client.subscribe("shelfwire/1/#", qos=0)
                    self.listening = True
                    async for message in self.client.messages:
                        assert isinstance(message.payload, bytes)
                        await self.take(str(message.topic), message.payload)
            await asyncio.sleep(0.05)

    async def take(self, topic: str, payload: bytes) -> None:
        _, _, row = topics.parse(topic)
        self.heard.append((row.path, payload))
        if self.deaf:
            return
        if row is topics.FACTS:
            batch = decode_batch(payload)
            self.batches.append(batch)
            cursor = self.cursors.setdefault(batch.epoch, 0)
            for event in batch.events:
                assert isinstance(event, Event)
                if event.seq == cursor + 1:
                    cursor += 1
                    self.events.append(event)
            self.cursors[batch.epoch] = cursor
            await self.say(topics.CURSOR, Cursor(epoch=batch.epoch, seq=cursor))
        elif row is topics.STATE:
            epoch = decode(payload, State).epoch
            cursor = Cursor(epoch=epoch, seq=self.cursors.get(epoch, 0))
            await self.say(topics.CURSOR, cursor)
        elif row is topics.ASK:
            answer = self.answer(decode(payload, Ask))
            if answer is not None:
                await self.say(topics.ANSWER, answer)

    def said(self, path: str) -> list[bytes]:
        return [payload for heard, payload in self.heard if heard == path]


class Agent:
    """What an uplink works with, without the rest of an agent."""

    def __init__(self, folder: Path, clock: Clock, port: int, **options: Any) -> None:
        self.journal = Journal.open(folder / "journal.db", DEVICE, clock)
        self.replica = Replica.open(folder / "replica.db", clock.now_ms)
        self.allowed: dict[str, int] = {}
        self.parts: dict[str, PartHealth] = {}
        self.clock = clock
        self.obeyed: list[Command] = []
        options = {"retry_max": 0.2, "boot_spread": 0.0, **options}
        settings = UplinkOptions(host="127.0.0.1", port=port, tls=False, **options)
        self.uplink = Uplink(
            settings,
            AgentOptions(site=SITE, device=DEVICE, data=folder, site_key=folder / "site.key"),
            self.journal,
            self.replica,
            clock,
            health=lambda: Health(at=NOW, version="1", boot="b", parts=dict(self.parts)),
            allowed=self.allowed,
            obey=self.obeyed.append,
        )

    async def close(self) -> None:
        await self.journal.close()
        self.replica.close()


@asynccontextmanager
async def running(*works: Any) -> AsyncIterator[None]:
    tasks = []
    for work in works:
        tasks.append(asyncio.create_task(work.run()))
        if isinstance(work, Ledger):
            await until(lambda ledger=work: ledger.listening)  # type: ignore[misc]
    try:
        yield
    finally:
        pending = set(tasks)
        while pending:  # the library may swallow being cancelled in the test's own client
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=1)
        for task in tasks:
            assert task.cancelled(), task.exception()


@pytest.fixture
async def agent(tmp_path: Path, clock: Clock, broker: Any) -> AsyncIterator[Agent]:
    agent = Agent(tmp_path, clock, broker.port)
    yield agent
    await agent.close()


@pytest.fixture
def ledger(broker: Any) -> Ledger:
    return Ledger(broker.port)


async def test_facts_reach_the_ledger_in_order_and_are_acknowledged(
    agent: Agent, ledger: Ledger
) -> None:
    await agent.journal.append(*[LOAN] * 3)
    async with running(ledger, agent.uplink):
        await until(lambda: agent.journal.backlog().count == 0)
        events = await agent.journal.append(StaffCalled(station="kiosk"))
        await until(lambda: agent.journal.backlog().count == 0)
    assert [event.seq for event in ledger.events] == [1, 2, 3, 4]
    assert ledger.events[-1] == events[0]


async def test_facts_of_a_moment_leave_together(agent: Agent, ledger: Ledger) -> None:
    async with running(ledger, agent.uplink):
        await until(lambda: agent.uplink.connected)
        await until(lambda: ledger.said("up/health"))
        for _ in range(10):
            await agent.journal.append(LOAN)
        await until(lambda: agent.journal.backlog().count == 0)
    assert len(ledger.batches) <= 2


async def test_a_backlog_goes_in_large_batches(agent: Agent, ledger: Ledger) -> None:
    for _ in range(12):
        await agent.journal.append(*[LOAN] * 100)
    async with running(ledger, agent.uplink):
        await until(lambda: agent.journal.backlog().count == 0)
    assert len(ledger.events) == 1200
    assert len(ledger.batches) <= 15


async def test_a_broker_that_is_killed_loses_and_doubles_nothing(
    agent: Agent, ledger: Ledger, broker: Any
) -> None:
    async with running(ledger, agent.uplink):
        for n in range(60):
            await agent.journal.append(LOAN)
            if n in (20, 40):
                broker.kill()
                await until(lambda: not agent.uplink.connected)
                broker.start()
        await until(lambda: agent.journal.backlog().count == 0)
    assert [event.seq for event in ledger.events] == list(range(1, 61))


async def test_an_outage_is_logged_once_each_way_and_each_reason_once(
    agent: Agent, ledger: Ledger, broker: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge.uplink")
    async with running(ledger, agent.uplink):
        await until(lambda: agent.uplink.connected)
        broker.kill()
        await until(lambda: not agent.uplink.connected)
        broker.start()
        await until(lambda: agent.uplink.connected)
    words = [record.getMessage() for record in caplog.records if record.name.startswith("edge.")]
    *lost, back = words
    assert back == "uplink is back"
    assert {one.partition(": ")[0] for one in lost} == {"uplink to 127.0.0.1 is unavailable"}
    assert len(lost) == len(set(lost)) <= 3


async def test_a_silent_ledger_gets_everything_when_it_listens_again(
    agent: Agent, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "CURSOR_WAIT", 0.05)
    ledger.deaf = True
    await agent.journal.append(*[LOAN] * 300)
    async with running(ledger, agent.uplink):
        await until(lambda: ledger.said("up/facts"))
        ledger.deaf = False
        await until(lambda: agent.journal.backlog().count == 0)
    assert [event.seq for event in ledger.events] == list(range(1, 301))


async def test_a_device_learns_its_place_before_it_sends(
    agent: Agent, ledger: Ledger, tmp_path: Path, clock: Clock, broker: Any
) -> None:
    events = await agent.journal.append(*[LOAN] * 5)
    await agent.journal.sending(5)
    async with running(ledger):
        await until(lambda: ledger.listening)
        ledger.cursors[agent.journal.epoch] = 4
        ledger.events += events[:4]
        await ledger.say(topics.CURSOR, Cursor(epoch=agent.journal.epoch, seq=4))
        async with running(agent.uplink):
            await until(lambda: agent.journal.backlog().count == 0)
    assert [batch.first for batch in ledger.batches] == [5]


async def test_an_older_image_of_the_storage_goes_on_under_a_new_epoch(
    agent: Agent, ledger: Ledger
) -> None:
    epoch = agent.journal.epoch
    await agent.journal.append(*[LOAN] * 2)
    async with running(ledger):
        await until(lambda: ledger.listening)
        ledger.cursors[epoch] = 7
        await ledger.say(topics.CURSOR, Cursor(epoch=epoch, seq=7))
        async with running(agent.uplink):
            await until(lambda: agent.journal.epoch != epoch)
            await until(lambda: ledger.cursors.get(agent.journal.epoch) == 3)  # and staff are told
    assert ledger.cursors[epoch] == 7
    assert {batch.epoch for batch in ledger.batches} == {agent.journal.epoch}


async def test_a_ledger_that_went_back_is_given_what_it_lost(agent: Agent, ledger: Ledger) -> None:
    await agent.journal.append(*[LOAN] * 5)
    async with running(ledger, agent.uplink):
        await until(lambda: agent.journal.backlog().count == 0)
        del ledger.events[2:]
        ledger.cursors[agent.journal.epoch] = 2
        await ledger.say(topics.CURSOR, Cursor(epoch=agent.journal.epoch, seq=2))
        await until(lambda: len(ledger.events) == 5)
    assert [event.seq for event in ledger.events] == [1, 2, 3, 4, 5]


async def test_a_question_is_answered_or_not_in_time(
    agent: Agent, ledger: Ledger, hands: Any
) -> None:
    ledger.answer = lambda ask: None if ask.what == "lend" else Answer(id=ask.id, now=NOW + 9000)
    assert await agent.uplink.ask(Ask(id="q0", what="reader"), 0.1) is None
    async with running(ledger, agent.uplink):
        await until(lambda: agent.uplink.connected)
        await until(lambda: agent.uplink.heard_ms)
        answer = await agent.uplink.ask(Ask(id="q1", what="reader"), 2)
        assert answer is not None
        assert answer.id == "q1"
        assert await agent.uplink.ask(Ask(id="q2", what="lend"), 0.05) is None
        assert agent.uplink.connected


async def test_a_clock_without_ntp_learns_the_time_on_connecting(
    tmp_path: Path, broker: Any, ledger: Ledger
) -> None:
    dead = Clock(lambda: 10.0, lambda: 5.0, "boot-2", lambda: False)
    agent = Agent(tmp_path, dead, broker.port)
    async with running(ledger):
        await until(lambda: ledger.listening)
        async with running(agent.uplink):
            await until(lambda: dead.state() == "synced")
    assert dead.now_ms() == NOW
    await agent.close()


async def test_the_desk_is_answered_over_the_wire(agent: Agent, ledger: Ledger) -> None:
    ledger.answer = lambda ask: Answer(id=ask.id, now=NOW, error="unknown_card")
    desk = Desk(b"k" * 32, agent.replica, agent.clock, agent.uplink)
    async with running(ledger, agent.uplink):
        await until(lambda: agent.uplink.connected)
        await until(lambda: ledger.said("up/ask"))
        visitor = await desk.reader(["1234"])
    assert (visitor.refusal, visitor.online) == ("unknown_card", True)
    assert not desk.online
    assert b"1234" not in b"".join(payload for _, payload in ledger.heard)


async def test_the_local_copy_is_asked_for_and_gaps_are_asked_for_again(
    agent: Agent, ledger: Ledger
) -> None:
    item = ItemView(item="b1", title="Số đỏ")
    async with running(ledger, agent.uplink):
        await until(lambda: ledger.said("up/replica"))
        assert decode(ledger.said("up/replica")[0], Have) == Have(version=0)
        for number in (1, 0):
            part = Part(version=3, number=number, count=2, items=[item] if number else [])
            await ledger.say(topics.REPLICA, part)
        await until(lambda: agent.replica.version == 3)
        await ledger.say(topics.CHANGES, Part(version=4, start=3, gone=["items:b1"]))
        await until(lambda: agent.replica.version == 4)
        await ledger.say(topics.CHANGES, Part(version=9, start=8))
        await until(lambda: Have(version=4) in [decode(p, Have) for p in ledger.said("up/replica")])
    assert agent.replica.item("b1") is None


async def test_the_list_of_tags_that_may_pass_follows_the_centre_and_keeps_our_own(
    agent: Agent, ledger: Ledger
) -> None:
    agent.allowed["OURS"] = NOW + 5000
    async with running(ledger, agent.uplink):
        await until(lambda: agent.uplink.connected)
        await until(lambda: ledger.listening)
        await ledger.say(topics.ALLOWED, Allowed(uids={"A": NOW + 5000, "OLD": NOW - 1}))
        await until(lambda: "A" in agent.allowed)
        assert agent.allowed == {"A": NOW + 5000, "OURS": NOW + 5000}
        await ledger.say(topics.ALLOWED, Allowed(uids={}))
        await until(lambda: "A" not in agent.allowed)
    assert agent.allowed == {"OURS": NOW + 5000}


async def test_commands_are_handed_on_and_their_replies_are_sent(
    agent: Agent, ledger: Ledger
) -> None:
    command = Command(body=b"{}", sign=b"s")
    async with running(ledger, agent.uplink):
        await until(lambda: ledger.said("up/health"))
        before = len(ledger.said("up/health"))
        await ledger.say(topics.COMMAND, command)
        await until(lambda: agent.obeyed)
        await agent.uplink.tell_health(None)
        await agent.uplink.fetch_replica(None)
        await agent.uplink.reply(Reply(order="1", lines=["a"]))
        await until(lambda: len(ledger.said("up/health")) > before)
        await until(lambda: len(ledger.said("up/replica")) > 1)
        await until(lambda: ledger.said("up/reply"))
    assert agent.obeyed == [command]
    assert decode(ledger.said("up/reply")[0], Reply).lines == ["a"]


async def test_health_is_said_at_once_when_a_part_changes(agent: Agent, ledger: Ledger) -> None:
    async with running(ledger, agent.uplink):
        await until(lambda: ledger.said("up/health"))
        agent.parts["pad"] = PartHealth(up=False, why="unplugged")
        await until(lambda: len(ledger.said("up/health")) > 1)
    assert decode(ledger.said("up/health")[-1], Health).parts == agent.parts


async def test_a_message_that_is_not_understood_is_logged_and_left(
    agent: Agent, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(ledger, agent.uplink):
        await until(lambda: ledger.listening and agent.uplink.connected)
        assert ledger.client is not None
        await ledger.client.publish(topics.COMMAND.of(SITE, DEVICE), b"{nonsense")
        await until(lambda: "was not understood" in caplog.text)
        await agent.journal.append(LOAN)
        await until(lambda: agent.journal.backlog().count == 0)


async def test_presence_is_retained_and_ends_with_goodbye_or_will(
    agent: Agent, ledger: Ledger
) -> None:
    def states() -> list[bool]:
        return [decode(payload, State).online for payload in ledger.said("state")]

    async with running(ledger):
        await until(lambda: ledger.listening)
        async with running(agent.uplink):
            await until(lambda: states() == [True])
        await until(lambda: states() == [True, False])
        options = UplinkOptions(host="127.0.0.1", port=ledger.port, tls=False)
        will = (topics.STATE.of(SITE, DEVICE), encode(State(online=False)))
        async with connect(options, DEVICE, will) as link:
            link._client._client._sock_close()  # the cable is pulled
        await until(lambda: states() == [True, False, False])


async def test_the_uplink_can_be_stopped_while_nothing_answers(
    tmp_path: Path, clock: Clock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        agent = Agent(tmp_path, clock, mute.getsockname()[1])
        async with asyncio.timeout(5), running(agent.uplink):
            await asyncio.sleep(0.2)
        await agent.close()


async def test_mqtt_3_is_spoken_when_configured(tmp_path: Path, clock: Clock, broker: Any) -> None:
    agent = Agent(tmp_path, clock, broker.port, protocol="3.1.1")
    ledger = Ledger(broker.port)
    await agent.journal.append(LOAN)
    async with running(ledger, agent.uplink):
        await until(lambda: agent.journal.backlog().count == 0)
    await agent.close()


async def test_a_broker_that_is_not_there_is_a_lost_link() -> None:
    options = UplinkOptions(host="127.0.0.1", port=1, tls=False)
    with pytest.raises(LinkLostError, match="does the broker run"):
        async with connect(options, "x", ("a", b"")):
            pass


async def test_over_a_narrow_link_facts_go_first_and_in_few_bytes(
    tmp_path: Path, clock: Clock, broker: Any, ledger: Ledger
) -> None:
    async with through(Link(rate=4000, delay=0.08), broker.port) as port:
        agent = Agent(tmp_path, clock, port)
        await agent.journal.append(*[LOAN] * 150)
        async with running(ledger, agent.uplink):
            await until(lambda: agent.journal.backlog().count == 0)
            await until(lambda: ledger.said("up/health"))
        await agent.close()
    paths = [path for path, _ in ledger.heard]
    assert paths.index("up/health") > paths.index("up/facts")
    assert all(refers(payload) for payload in ledger.said("up/facts"))
    assert sum(map(len, ledger.said("up/facts"))) < 150 * 12
    assert [event.seq for event in ledger.events] == list(range(1, 151))


async def test_a_lossy_link_is_not_flooded_with_repeats(
    tmp_path: Path, clock: Clock, broker: Any, ledger: Ledger
) -> None:
    link = Link(rate=8000, delay=0.05, loss=0.1, resend=0.4)
    async with through(link, broker.port) as port:
        agent = Agent(tmp_path, clock, port)
        await agent.journal.append(*[LOAN] * 500)
        async with running(ledger, agent.uplink):
            await until(lambda: agent.journal.backlog().count == 0)
        await agent.close()
    assert [event.seq for event in ledger.events] == list(range(1, 501))
    assert link.up < 500 * 30


async def test_a_spent_budget_stops_health_and_never_facts(
    tmp_path: Path, clock: Clock, broker: Any, ledger: Ledger
) -> None:
    agent = Agent(tmp_path, clock, broker.port, bytes_a_day=1)
    async with running(ledger, agent.uplink):
        await until(lambda: agent.uplink.connected)
        await agent.journal.append(LOAN)
        await until(lambda: agent.journal.backlog().count == 0)
        agent.parts["pad"] = PartHealth(up=False)
        await asyncio.sleep(1.2)
    assert len(ledger.said("up/health")) <= 1, "that the budget is spent is said once"
    assert not any(b"pad" in health for health in ledger.said("up/health"))
    assert len(ledger.events) == 1
    await agent.close()
