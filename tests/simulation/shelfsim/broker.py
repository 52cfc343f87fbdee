"""A broker that keeps no promise: it loses, repeats, reorders, forgets, and says yes to all of it.

What it hears on a connection that is cut goes nowhere, and both sides find out later. A publish that
the access list denies is thrown away in silence, as MQTT does with QoS 0.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiomqtt

from edge.uplink.link import LinkLostError
from edge.wire import topics
from gateway.broker import HEARD, Broker
from shelfsim.timeline import LIFE, VirtualLoop

GATEWAY = "gateway"


@dataclass(slots=True)
class Weather:
    """How bad the wires are. ``slow``: seconds a message takes at most."""

    loss: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    slow: float = 0.1


@dataclass(eq=False)
class Session:
    """A connection as the broker sees it."""

    name: str
    will: tuple[str, bytes] | None
    life: Any
    filters: list[str] = field(default_factory=list)
    inbox: "asyncio.Queue[tuple[str, bytes] | None]" = field(default_factory=asyncio.Queue)
    closed: bool = False
    last_up: float = 0.0
    last_down: float = 0.0


class Chaos:
    """The broker and all wires to it."""

    def __init__(self, loop: VirtualLoop, seed: int, counts: Counter[str]) -> None:
        self.loop, self.dice, self.counts = loop, random.Random(f"wires {seed}"), counts
        self.weather = Weather()
        self.cut: set[str] = set()
        self.denied: set[tuple[str, str]] = set()
        self.down = False
        self.sessions: dict[str, Session] = {}
        self.retained: dict[str, bytes] = {}
        self._same = 0

    # -- what fails

    def restart(self, *, amnesia: bool) -> None:
        """Cut everybody off; what was on its way through is gone, and retained messages may be."""
        for session in list(self.sessions.values()):
            self.close(session, quiet=True)
        self._same += 1
        if amnesia:
            self.counts["retained messages forgotten"] += len(self.retained)
            self.retained.clear()

    def part(self, name: str) -> None:
        """Cut the wire of one side; it may take minutes until anybody notices."""
        self.cut.add(name)
        session = self.sessions.get(name)
        if session is not None:
            self.loop.call_later(self.dice.uniform(0, 40), self._notice, session)

    def _notice(self, session: Session) -> None:
        if session.name in self.cut:
            self.close(session)

    def died(self, life: Any) -> None:
        """A process is gone: the operating system, or the keepalive, ends its connections."""
        for session in list(self.sessions.values()):
            if session.life is life:
                self.loop.call_later(self.dice.choice((0.0, 0.1, 30.0)), self.close, session)

    def close(self, session: Session, *, quiet: bool = False) -> None:
        """End a connection without a goodbye."""
        if session.closed:
            return
        session.closed = True
        session.inbox.put_nowait(None)
        if self.sessions.get(session.name) is session:
            del self.sessions[session.name]
        if session.will is not None and not quiet:
            self._spread(*session.will, retain=True)

    # -- what works

    async def open(self, name: str, will: tuple[str, bytes] | None) -> Session | None:
        """Connect; None: no way. The same name again takes the older connection's place."""
        await asyncio.sleep(self.dice.uniform(0.01, 0.2))
        if self.down or name in self.cut:
            await asyncio.sleep(self.dice.uniform(0.0, 3.0))
            return None
        old = self.sessions.get(name)
        if old is not None:
            self.close(old)
        session = self.sessions[name] = Session(name, will, LIFE.get())
        return session

    def leave(self, session: Session) -> None:
        """Say goodbye."""
        session.will = None
        self.close(session)

    def subscribe(self, session: Session, filters: list[str]) -> list[str]:
        """Subscribe, retained messages follow; return what is refused."""
        session.filters += filters
        for topic, data in list(self.retained.items()):
            if any(_matches(one, topic) for one in filters):
                self._send_down(session, topic, data)
        return []

    def publish(self, session: Session, topic: str, data: bytes, *, retain: bool) -> None:
        """Take a message and say that all is well."""
        if session.name in self.cut:
            self.counts["messages into a cut wire"] += 1
            return
        if (session.name, _last(topic)) in self.denied:
            self.counts["messages denied"] += 1
            return
        _allowed(session.name, topic)
        for when in self._ways(session, "last_up"):
            self.loop.call_at(when, self._arrive, self._same, topic, data, retain)

    def _arrive(self, same: int, topic: str, data: bytes, retain: bool) -> None:
        if self.down or same != self._same:  # the sender was told that all is well
            self.counts["messages forgotten by the broker"] += 1
            return
        self._spread(topic, data, retain=retain)

    def _spread(self, topic: str, data: bytes, *, retain: bool) -> None:
        if retain:
            self.retained[topic] = data
        for session in list(self.sessions.values()):
            if any(_matches(one, topic) for one in session.filters):
                self._send_down(session, topic, data)

    def _send_down(self, session: Session, topic: str, data: bytes) -> None:
        for when in self._ways(session, "last_down"):
            self.loop.call_at(when, self._deliver, session, topic, data)

    def _deliver(self, session: Session, topic: str, data: bytes) -> None:
        if not session.closed and session.name not in self.cut:
            session.inbox.put_nowait((topic, data))

    def _ways(self, session: Session, last: str) -> list[float]:
        """Return when a message arrives: not at all, once, or twice; in order, mostly."""
        dice, weather, now = self.dice, self.weather, self.loop.time()
        self.counts["messages"] += 1
        if dice.random() < weather.loss:
            self.counts["messages lost"] += 1
            return []
        when = max(getattr(session, last), now + dice.uniform(0.005, weather.slow))
        if dice.random() < weather.late:
            self.counts["messages out of order"] += 1
            return [when + dice.expovariate(0.3)]
        setattr(session, last, when)
        again = [when + dice.expovariate(0.1)] if dice.random() < weather.twice else []
        self.counts["messages doubled"] += len(again)
        return [when, *again]


class SimLink:
    """What the uplink has in its hands: :class:`edge.uplink.link.Link` over the model."""

    def __init__(self, chaos: Chaos, session: Session) -> None:
        self._chaos, self._session = chaos, session

    async def publish(self, topic: str, data: bytes, *, retain: bool = False) -> None:
        await asyncio.sleep(0)
        if self._session.closed:
            raise LinkLostError("closed")
        self._chaos.publish(self._session, topic, data, retain=retain)

    async def subscribe(self, wanted: list[str]) -> list[str]:
        await asyncio.sleep(self._chaos.dice.uniform(0.01, 0.1))
        if self._session.closed:
            raise LinkLostError("closed")
        return self._chaos.subscribe(self._session, wanted)

    async def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        while (got := await self._session.inbox.get()) is not None:
            yield got
        raise LinkLostError("closed")


def connecting(chaos: Chaos) -> Any:
    """Return what takes the place of :func:`edge.uplink.link.connect`."""

    @asynccontextmanager
    async def connect(
        _: Any, name: str, will: tuple[str, bytes], *__: Any, **___: Any
    ) -> AsyncIterator[SimLink]:
        session = await chaos.open(name, will)
        if session is None:
            raise LinkLostError("unreachable")
        try:
            yield SimLink(chaos, session)
        finally:
            chaos.leave(session)

    return connect


@dataclass
class _Message:
    topic: str
    payload: bytes


class _Client:
    """What the gateway's broker code has in its hands instead of aiomqtt's client."""

    def __init__(self, chaos: Chaos, session: Session) -> None:
        self._chaos, self._session = chaos, session

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        await asyncio.sleep(0)
        if self._session.closed:
            raise aiomqtt.MqttError("closed")
        self._chaos.publish(self._session, topic, payload, retain=retain)


class CentreLink(Broker):
    """The gateway's own connection code over the model."""

    chaos: Chaos

    async def _session(self) -> None:
        session = await self.chaos.open(GATEWAY, None)
        if session is None:
            raise aiomqtt.MqttError("unreachable")
        try:
            self.chaos.subscribe(session, [row.everywhere() for row in HEARD])
            self._client = _Client(self.chaos, session)  # type: ignore[assignment]
            await self._up()
            while (got := await session.inbox.get()) is not None:
                self._take(*got)
            raise aiomqtt.MqttError("closed")
        finally:
            self.chaos.leave(session)


def _matches(filter_: str, topic: str) -> bool:
    if "+" not in filter_:
        return filter_ == topic
    parts, own = filter_.split("/"), topic.split("/")
    return len(parts) == len(own) and all(p in ("+", o) for p, o in zip(parts, own, strict=True))


def _last(topic: str) -> str:
    return topic.rpartition("/")[2]


def _allowed(name: str, topic: str) -> None:
    """Hold everybody to the topic table: nobody ever tries to speak for somebody else."""
    _, device, row = topics.parse(topic)
    centre = row.publisher is topics.Who.CENTRE
    assert centre == (name == GATEWAY) and (centre or device == name), (name, topic)
