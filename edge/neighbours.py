"""The stations of one site tell each other what happened, through the broker, without the centre.

Each device publishes its own facts that concern the others (``site/facts``), and, retained, how far
they go (``site/place``). Whoever sees that something is missing asks for it (``site/want``), and the
device itself sends it again from its journal: nobody speaks for anybody else. Facts keep their ids;
what comes twice counts once. A device that is alone at its site says nothing but its place.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec

from edge.clock import Clock
from edge.config import AgentOptions
from edge.journal import Journal
from edge.replica import Replica
from edge.tagmarks import TagMarks
from edge.threads import in_thread
from edge.wire import topics
from edge.wire.errors import WireError
from edge.wire.events import Event, decode_event
from edge.wire.facts import (
    Fact,
    GateLetPass,
    GateMuted,
    Loan,
    Repaired,
    Return,
    Secured,
    TagStillArmed,
)
from edge.wire.messages import Message, Place, Share, Want, decode

log = logging.getLogger(__name__)
SHARED: tuple[type[Fact], ...] = (
    Loan, Return, TagStillArmed, Secured, Repaired, GateLetPass, GateMuted,
)  # fmt: skip
"""The facts that concern the neighbours."""
KINDS = [str(kind.__struct_config__.tag) for kind in SHARED]
TOPICS = (topics.SITE_FACTS, topics.SITE_PLACE, topics.SITE_WANT)
GATHER = 0.1
"""Facts are gathered for so long (s) before they leave together."""
TOGETHER = 200
"""Facts in one message."""
PAGES = 250
"""Messages that one wish is answered with; whoever misses more asks again."""
PAGE_PAUSE = 0.02
ASK_AGAIN = 5.0
"""Pause (s) before a neighbour that did not answer is asked again."""
PLACE_EVERY = 2.0
"""What the ledger settled is told at most so often (s)."""
MOST = 1 << 53
AHEAD_MS = 3_600_000
"""A neighbour whose clock is further ahead than this is not believed."""


class Say(Protocol):
    """Publishes a message under this device's own name."""

    def __call__(
        self, topic: topics.Topic, message: Message, *, retain: bool = False
    ) -> Awaitable[None]:
        """Hand it to the connection; raises what a lost connection raises."""


class Neighbours:
    """One device's part in its site's talk. :meth:`run` is a task of one connection."""

    def __init__(
        self,
        agent: AgentOptions,
        journal: Journal,
        replica: Replica,
        clock: Clock,
        marks: TagMarks,
        listeners: Sequence[Callable[[str, Fact], None]] = (),
        *,
        now: Callable[[], float] = lambda: asyncio.get_running_loop().time(),
    ) -> None:
        self._agent, self._journal, self._replica = agent, journal, replica
        self._clock, self._marks, self._now = clock, marks, now
        self._listeners = listeners
        self.heard = replica.heard()
        self.noisy = set[str]()
        """What gives false alarms at this site, as the centre has learned from staff."""
        self._places: dict[str, Place] = {}
        self._asked: dict[str, float] = {}
        self._wishes: dict[str, tuple[str, int]] = {}
        self._resend: int | None = None
        self._news, self._work = asyncio.Event(), asyncio.Event()
        self._todo: deque[Callable[[], None]] = deque()
        self._epoch, self._said, self._newest = "", 0, 0
        self._told: Place | None = None
        self._told_at = 0.0
        self._settled = (journal.acked, replica.version)
        journal.listen(self._journaled)

    @property
    def alone(self) -> bool:
        """Whether no neighbour was ever heard of."""
        return not self.heard and not self._places

    def filters(self) -> list[str]:
        """Return what to subscribe to."""
        return [row.at_site(self._agent.site) for row in TOPICS]

    def take(self, device: str, row: topics.Topic, payload: bytes) -> None:
        """Take what a device of the site said; raise WireError when it cannot be understood."""
        if device == self._agent.device:
            return
        if row is topics.SITE_PLACE:
            self._take_place(device, decode(payload, Place))
        elif row is topics.SITE_FACTS:
            self._take_share(device, decode(payload, Share))
        elif row is topics.SITE_WANT:
            self._take_want(decode(payload, Want))
        self._work.set()

    def settled(self, seq: int, version: int) -> None:
        """The ledger has our facts up to ``seq``; a replica from ``version`` on shows them."""
        self._settled = (seq, version)

    async def tend(self) -> None:
        """Keep what was heard, beside the loop; until cancelled, connected or not."""
        while True:
            self._work.clear()
            await self.flush()
            await self._work.wait()

    async def flush(self) -> None:
        """Keep what was heard so far."""
        self._todo.extend(self._marks.unwritten)
        self._marks.unwritten = []
        while self._todo:
            await in_thread(self._todo.popleft())

    async def run(self, say: Say) -> None:
        """Talk until the connection ends; begins with this device's place."""
        self._told = None
        self._asked.clear()
        while True:
            self._news.clear()
            self._look()
            await self._tell_place(say)
            if self.alone:
                self._said = self._newest
            else:
                await self._tell_facts(say)
                await self._tell_wishes(say)
                await self._answer(say)
            await self._wait()

    # -- what the others say

    def _take_place(self, device: str, place: Place) -> None:
        _check(place.seq, place.settled, place.version)
        if not self._places:
            self._news.set()  # somebody is there
        self._places[device] = place
        epoch, seq = self.heard.get(device, ("", 0))
        if epoch != place.epoch:
            shown = place.version and self._replica.version >= place.version
            seq = min(place.settled, place.seq) if shown else 0
            self.heard[device] = (place.epoch, seq)
            self._todo.append(partial(self._replica.hear, device, place.epoch, [], seq))
        self._settle(device)

    def _take_share(self, device: str, share: Share) -> None:
        _check(share.after, share.upto)
        if len(share.events) > TOGETHER:
            raise WireError(f"Share: more than {TOGETHER} events")
        epoch, seq = self.heard.get(device, ("", 0))
        if epoch != share.epoch:
            return  # its place comes, and what is missing is asked for
        if share.after > seq:
            self._wish(device, epoch, seq)
            return
        if share.upto <= seq:
            return
        events = [event for raw in share.events if (event := _event(bytes(raw), seq, share.upto))]
        for event in events:
            self._believe(event)
            self._marks.note(event.fact)
        self.heard[device] = (epoch, share.upto)
        self._todo.append(partial(self._replica.hear, device, epoch, events, share.upto))
        for event in events:
            for listener in self._listeners:
                listener(device, event.fact)
        self._asked.pop(device, None)
        self._settle(device)

    def _take_want(self, want: Want) -> None:
        _check(want.after)
        if want.device != self._agent.device:
            return
        if want.epoch != self._journal.epoch:
            self._told = None  # it does not know of the new epoch yet
        else:
            self._resend = want.after if self._resend is None else min(want.after, self._resend)
        self._news.set()

    def _settle(self, device: str) -> None:
        """Ask for what is missing; when nothing is, what the ledger settled may go."""
        place = self._places.get(device)
        epoch, seq = self.heard[device]
        if place is None or place.epoch != epoch:
            return
        if seq < place.seq:
            self._wish(device, epoch, seq)
        else:
            self._wishes.pop(device, None)
            what = (device, epoch, place.settled, place.version)
            self._todo.append(partial(self._replica.settle_neighbour, *what))

    def _wish(self, device: str, epoch: str, after: int) -> None:
        self._wishes[device] = (epoch, after)
        self._news.set()

    def _believe(self, event: Event) -> None:
        """Let our facts come after those that we have heard of."""
        if event.at.wall - self._clock.now_ms() < AHEAD_MS or self._clock.state() == "unset":
            self._clock.not_before(event.at.wall)

    # -- what we say

    def _journaled(self, event: Event) -> None:
        self._marks.note(event.fact)
        if self._marks.unwritten:
            self._work.set()
        if isinstance(event.fact, SHARED):
            self._newest = event.seq
            self._news.set()

    def _look(self) -> None:
        """Find our newest fact for the neighbours, in the epoch that is now."""
        if self._epoch != self._journal.epoch:
            if self._epoch:
                self._settled = (0, 0)
            self._epoch = self._journal.epoch
            rows = self._journal.of_kinds(KINDS, 0, -1)
            self._newest = self._said = rows[0][0] if rows else 0

    async def _tell_place(self, say: Say) -> None:
        journal, told = self._journal, self._told
        settled, version = self._settled if self._epoch == journal.epoch else (0, 0)
        place = Place(
            epoch=self._epoch, seq=self._newest, settled=min(settled, self._newest), version=version
        )
        if told is not None and told.epoch == place.epoch:
            same = (told.seq, told.settled) == (place.seq, place.settled)
            if self.alone or same or self._now() - self._told_at < PLACE_EVERY:
                return
        self._told, self._told_at = place, self._now()
        await say(topics.SITE_PLACE, place, retain=True)

    async def _tell_facts(self, say: Say) -> None:
        if self._newest > self._said:
            await asyncio.sleep(GATHER)
        for _ in range(PAGES):
            if self._newest <= self._said or self._epoch != self._journal.epoch:
                break
            self._said = await self._share(say, self._said)

    async def _answer(self, say: Say) -> None:
        """Send again what somebody asked for; the same for all who asked meanwhile."""
        after, self._resend = self._resend, None
        if after is None:
            return
        for _ in range(PAGES):
            if after >= self._newest or self._epoch != self._journal.epoch:
                break
            after = await self._share(say, after)
            await asyncio.sleep(PAGE_PAUSE)

    async def _share(self, say: Say, after: int) -> int:
        """Send one message of facts after a number; return the number it goes up to."""
        rows = self._journal.of_kinds(KINDS, after, TOGETHER)
        if not rows:
            return self._newest
        upto = rows[-1][0]
        events = [msgspec.Raw(body) for _, body in rows]
        await say(
            topics.SITE_FACTS, Share(epoch=self._epoch, after=after, upto=upto, events=events)
        )
        return upto

    async def _tell_wishes(self, say: Say) -> None:
        for device, (epoch, after) in list(self._wishes.items()):
            if self._now() - self._asked.get(device, -ASK_AGAIN) >= ASK_AGAIN:
                self._asked[device] = self._now()
                await say(topics.SITE_WANT, Want(device=device, epoch=epoch, after=after))

    async def _wait(self) -> None:
        """Wait for news; while something is open, look again in a moment."""
        is_open = self._wishes or self._newest > min(self._said, self._settled[0])
        try:
            async with asyncio.timeout(1.0 if is_open and not self.alone else None):
                await self._news.wait()
        except TimeoutError:
            return


def _check(*numbers: int) -> None:
    if not all(0 <= number < MOST for number in numbers):
        raise WireError("a number that cannot be")


def _event(raw: bytes, after: int, upto: int) -> Event | None:
    """Return an event that is news; None of what is known, strange, or not for neighbours."""
    try:
        event = decode_event(raw)
    except WireError as error:
        log.debug("a neighbour's fact is left: %s", error)
        return None
    ours = isinstance(event.fact, SHARED) and after < event.seq <= upto
    return event if ours and 0 < event.at.wall < MOST else None
