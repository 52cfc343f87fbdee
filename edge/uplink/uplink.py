"""The uplink's work: connect, send facts, take what the centre says, begin again after anything."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions
from edge.elsewhere import Lent
from edge.journal import Journal, JournalError
from edge.neighbours import Neighbours
from edge.replica import Replica
from edge.threads import in_thread
from edge.uplink import astray
from edge.uplink.budget import Budget
from edge.uplink.elsewhere import Afar
from edge.uplink.follow import Follow
from edge.uplink.known import InReplica
from edge.uplink.link import Link, LinkLostError, Secrets, connect
from edge.uplink.pace import Keepalive, Pauses, first_wait
from edge.uplink.past import Past
from edge.uplink.sender import Sender
from edge.uplink.telling import tell
from edge.uplink.trust import trust_of
from edge.wire import topics
from edge.wire.batch import decode_event
from edge.wire.commands import Command, Reply
from edge.wire.cursors import decode_cursor
from edge.wire.errors import WireError
from edge.wire.messages import (
    Allowed,
    Answer,
    Ask,
    Cursor,
    Have,
    Health,
    Message,
    State,
    decode,
    encode,
)

__all__ = ["Uplink"]
log = logging.getLogger(__name__)
CURSOR_WAIT = 2.0
"""The retained cursor, or the centre's reply to our state, comes in a round trip or two."""
GOODBYE = 2.0
MQTT_BYTES = 60
"""What a message costs beside topic and payload: MQTT, TLS, TCP and IP."""
TIME_EVERY = 3600.0
CLOCK_AGAIN = 15.0
QUESTIONS = 64
"""Questions that may wait at once; more are answered by silence."""
NOTHING: Mapping[str, int] = MappingProxyType({})
Obey = Callable[[Command], None]


class Uplink:
    """Keeps the device and the centre in step. :meth:`run` is a task of the agent.

    ``health`` gives the health message. ``allowed`` is filled with what gates shall let pass.
    ``obey`` takes commands; it raises WireError for one that is not to be believed.
    ``site``: the talk with the neighbours. ``lent``: what gates know of loans elsewhere.
    """

    def __init__(
        self,
        options: UplinkOptions,
        agent: AgentOptions,
        journal: Journal,
        replica: Replica,
        clock: Clock,
        *,
        health: Callable[[], Health],
        allowed: dict[str, int],
        obey: Obey | None = None,
        version: str = "",
        site: Neighbours | None = None,
        lent: Lent | None = None,
    ) -> None:
        self.connected = False
        self.heard_ms = 0
        self._options, self._agent = options, agent
        self._journal, self._replica, self._clock = journal, replica, clock
        self._health = health
        self._allowed = allowed
        self._from_centre: set[str] = set()
        self._obey = obey
        self._version = version
        self._site = site
        self._link: Link | None = None
        self._questions: dict[str, asyncio.Future[Answer]] = {}
        self.budget = Budget(options.bytes_a_day, options.bytes_a_month, agent.data / "spent.json")
        thrifty, known = self.budget.metered, InReplica(replica)
        self._sender = Sender(journal, self._publish_batch, thrifty=thrifty, known=known)
        trust = trust_of(options, agent.data)
        self._follow = Follow(
            replica, agent.site, trust, agent.data, self._say_have,
            pressed=lambda: self._sender.pressed,
            spent=lambda: self.budget.used(clock.now_ms()) >= 1.0,
            narrow=lambda: self._sender.pace.narrow,
        )  # fmt: skip
        self._afar = None if lent is None else Afar(
            lent, options, agent.site, trust, clock, partial(self._say, topics.ELSEWHERE_WANTED),
            pressed=lambda: self._sender.pressed, pause=lambda: self.budget.pause(clock.now_ms()),
        )  # fmt: skip
        self._keepalive = Keepalive(options.keepalive)
        self._secrets = Secrets(options)
        self._heard_at = 0.0
        self._since = clock.now_ms()
        self._said: set[str] = set()
        self._placed, self._turn = asyncio.Event(), asyncio.Lock()
        self._past = Past(journal, self._say_state)
        journal.listen(lambda _: self._sender.wake())

    async def ask(self, question: Ask, seconds: float) -> Answer | None:
        """Return the centre's answer, or None when none came in time."""
        if self._link is None or len(self._questions) >= QUESTIONS:
            return None
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._questions[question.id] = future
        asked = self._clock.mono_ms()
        try:
            async with asyncio.timeout(seconds):
                await self._say(topics.ASK, question)
                answer = await future
        except (TimeoutError, LinkLostError):
            return None
        finally:
            self._questions.pop(question.id, None)
        self._clock.learn(answer.now, self._clock.mono_ms() - asked - max(0, answer.held))
        return answer

    async def run(self) -> None:
        """Stay connected until cancelled; then say goodbye."""
        pauses = Pauses(self._options.retry_max)
        await asyncio.sleep(first_wait(self._clock.mono_ms(), self._options.boot_spread))
        while True:
            began, busy = _now(), False
            try:
                await self._connection()
            except* (LinkLostError, JournalError) as group:
                self._lost(error := _first(group))
                busy = isinstance(error, LinkLostError) and error.busy
                self._keepalive.ended(_now() - began, _now() - max(began, self._heard_at))
            await asyncio.sleep(pauses.after(_now() - began, busy=busy))

    async def _connection(self) -> None:
        """Live through one connection; ends with an ExceptionGroup of LinkLostError."""
        state, will = self._topic(topics.STATE), self._state(online=False)
        seconds = self._keepalive.seconds
        async with connect(
            self._options, self._agent.device, (state, encode(will)), seconds, self._secrets
        ) as link:
            try:
                await self._greet(link)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(link), name="uplink listen")
                    group.create_task(self._send_facts(), name="uplink facts")
                    group.create_task(self._tell_health(), name="uplink health")
                    group.create_task(self._follow.run(), name="uplink replica")
                    group.create_task(self._set_clock(), name="uplink clock")
                    group.create_task(self._past.run(), name="uplink past")
                    if self._site is not None:
                        group.create_task(self._site.run(self._say), name="uplink site")
                    if self._afar is not None:
                        group.create_task(self._afar.run(), name="uplink elsewhere")
            except asyncio.CancelledError:
                await self._goodbye(link)
                raise
            finally:
                self._link, self.connected = None, False
                self.budget.keep()
                for future in self._questions.values():
                    future.cancel()

    async def _greet(self, link: Link) -> None:
        """Subscribe first, so that the retained cursor says where we are before facts are sent."""
        agent = self._agent
        own = [topics.CURSOR, topics.ANSWER, topics.REPLICA, topics.COMMAND]
        own += [topics.ELSEWHERE] if self._afar is not None and self._afar.on else []
        wanted = [topic.of(agent.site, agent.device) for topic in own]
        wanted += [topic.of(agent.site) for topic in (topics.CHANGES, topics.ALLOWED)]
        wanted += self._site.filters() if self._site is not None else []
        began = _now()
        refusals = await link.subscribe(wanted)
        round_trip = _now() - began
        for refused in refusals:
            log.warning("the broker does not let this device read %s", refused)
        if self._said:
            log.info("uplink is back")
        self._said.clear()
        self._link, self.connected = link, True
        self._since = self._clock.now_ms()
        self._sender.begin(round_trip)
        self._heard_at = _now()
        self._placed.clear()
        self._past.doubt()
        await self._say_state()

    async def _goodbye(self, link: Link) -> None:
        topic, state = self._topic(topics.STATE), self._state(online=False)
        try:
            async with asyncio.timeout(GOODBYE):
                await link.publish(topic, encode(state), retain=True)
        except (LinkLostError, TimeoutError):
            log.debug("no goodbye: the connection is gone")

    def _lost(self, error: BaseException) -> None:
        """Say each reason once an outage; the one that lasts is seldom the first."""
        if str(error) not in self._said:
            log.warning("uplink to %s is unavailable: %s", self._options.host, error)
        self._said.add(str(error))

    async def _listen(self, link: Link) -> None:
        async for topic, payload in link.messages():
            self.heard_ms, self._heard_at = self._clock.mono_ms(), _now()
            self._spend(topic, payload)
            try:
                _, device, row = topics.parse(topic)
                if row.neighbours and self._site is not None:
                    self._site.take(device, row, payload)
                else:
                    await self._take(row, payload)
            except WireError as error:
                log.warning("message on %s was not understood: %s", topic, error)
        raise LinkLostError("the connection ended")

    async def take_carried(self, row: topics.Topic, payload: bytes) -> None:
        """Take in what the centre said on a stick, with or without a connection."""
        with contextlib.suppress(LinkLostError):
            await self._take(row, payload)

    async def _take(self, row: topics.Topic, payload: bytes) -> None:
        if row is topics.CURSOR:
            async with self._turn:
                await self._cursor(decode_cursor(payload, self._journal.epoch))
        elif row is topics.ANSWER:
            answer = decode(payload, Answer)
            future = self._questions.get(answer.id)
            if future is not None and not future.done():
                future.set_result(answer)
        elif row in (topics.REPLICA, topics.CHANGES):
            await self._follow.take(payload)
        elif row is topics.ELSEWHERE and self._afar is not None:
            await self._afar.take(payload)
        elif row is topics.ALLOWED:
            self._let_pass(decode(payload, Allowed))
        elif row is topics.COMMAND and self._obey is not None:
            self._obey(decode(payload, Command))

    async def _cursor(self, cursor: Cursor) -> None:
        journal = self._journal
        if cursor.plain:
            self._sender.misread()
        if cursor.epoch != journal.epoch:
            return
        if journal.diverged(cursor.epoch, cursor.seq, cursor.last):
            await self._settle(cursor)
            sent = journal.sent
            await self._begin_epoch(None)  # first: a fact of the old epoch could still be sent
            await astray.old_image(journal, cursor, sent)
        elif cursor.seq + 1 < journal.first_kept():
            await astray.ledger_older(journal, cursor)
            await self._begin_epoch(cursor.seq)
        else:
            news = await journal.acknowledge(cursor.epoch, cursor.seq)
            if news or cursor.seq == journal.acked:
                await self._settle(cursor)
            if not news and self._afar is not None:
                self._afar.doubt()
            self._sender.acknowledged(cursor.seq)
            if cursor.seq < journal.acked:
                self._past.doubt()
            if beyond := self._past.missing(cursor):
                await self._begin_epoch(min(cursor.seq, journal.acked), beyond)
        for seq, codes in cursor.outcomes.items():
            log.debug("fact %s: %s", seq, ", ".join(codes))
        self._placed.set()

    async def _settle(self, cursor: Cursor) -> None:
        seq = min(cursor.seq, self._journal.acked)
        await in_thread(lambda: self._replica.settle(seq, cursor.epoch, cursor.version))
        if self._site is not None:
            self._site.settled(seq, cursor.version)

    async def _begin_epoch(self, after: int | None, beyond: Mapping[str, int] = NOTHING) -> None:
        await self._journal.begin_epoch(after, beyond)
        self._sender.begin()
        seq = 0
        while rows := self._journal.waiting(seq):
            for seq, body in rows:
                self._replica.note(decode_event(body), again=True)
        self._past.doubt()
        await self._say_state()

    def _let_pass(self, allowed: Allowed) -> None:
        """Take the centre's list; what it took off its list goes, what this device added stays."""
        for uid in self._from_centre - set(allowed.uids):
            self._allowed.pop(uid, None)
        self._allowed.update(allowed.uids)
        self._from_centre = set(allowed.uids)
        if self._site is not None:
            self._site.noisy.clear()
            self._site.noisy.update(allowed.noisy)
        now = self._clock.now_ms()
        for uid in [uid for uid, until in self._allowed.items() if until <= now]:
            del self._allowed[uid]

    async def tell_health(self, _: object) -> None:
        """Say at once how the device is."""
        with contextlib.suppress(LinkLostError):
            await self._say(topics.HEALTH, self._health())

    async def fetch_replica(self, _: object) -> None:
        """Ask for the whole local copy anew."""
        self._follow.begin_anew()

    async def reply(self, reply: Reply) -> None:
        """Send what a command asked for; lost with the connection: it can be asked for again."""
        with contextlib.suppress(LinkLostError):
            await self._say(topics.REPLY, reply)

    async def _send_facts(self) -> None:
        """Send facts once the centre has said where we are, or says nothing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CURSOR_WAIT):
                await self._placed.wait()
        await self._sender.run()

    async def _tell_health(self) -> None:
        await tell(
            self._health, partial(self._say, topics.HEALTH), self._options.health_seconds,
            pressed=lambda: self._sender.pressed,
            pause=lambda: self.budget.pause(self._clock.now_ms()),
        )  # fmt: skip

    async def _set_clock(self) -> None:
        """Ask the time by asking something; the answer carries it whatever it says."""
        pause = CLOCK_AGAIN
        while True:
            question = Ask(id=f"time-{self._clock.mono_ms()}", what="time", at=self._clock.now_ms())
            answered = await self.ask(question, 10.0) is not None
            await asyncio.sleep(TIME_EVERY if answered else pause)
            pause = min(TIME_EVERY, pause * 2)

    async def _publish_batch(self, payload: bytes) -> None:
        await self._publish(topics.FACTS, payload)

    async def _say(self, topic: topics.Topic, message: Message, *, retain: bool = False) -> None:
        await self._publish(topic, encode(message), retain=retain)

    async def _say_state(self) -> None:
        await self._say(topics.STATE, self._state(online=True), retain=True)

    async def _say_have(self, have: Have) -> None:
        await self._say(topics.REPLICA_WANTED, have)

    async def _publish(self, topic: topics.Topic, payload: bytes, *, retain: bool = False) -> None:
        if self._link is None:
            raise LinkLostError("not connected")
        name = self._topic(topic)
        self._spend(name, payload)
        await self._link.publish(name, payload, retain=retain)

    def _spend(self, topic: str, payload: bytes) -> None:
        self.budget.spend(len(topic) + len(payload) + MQTT_BYTES, self._clock.now_ms())

    def _topic(self, topic: topics.Topic) -> str:
        return topic.of(self._agent.site, self._agent.device)

    def _state(self, *, online: bool) -> State:
        return State(
            online=online,
            epoch=self._journal.epoch,
            boot=self._clock.boot,
            version=self._version,
            since=self._since,
            past=self._journal.past() if online else {},
        )


def _now() -> float:
    return asyncio.get_running_loop().time()


def _first(group: BaseExceptionGroup[LinkLostError | JournalError]) -> BaseException:
    one: BaseException = group
    while isinstance(one, BaseExceptionGroup):
        one = one.exceptions[0]
    return one
