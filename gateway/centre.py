"""The work of the centre: takes in, answers, feeds, and lets staff know. One loop for each."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.wire import topics
from edge.wire.batch import Batch, decode_batch, is_newest, refers
from edge.wire.cursors import encode_cursor
from edge.wire.elsewhere import Wanted
from edge.wire.errors import UnresolvedError, WireError
from edge.wire.messages import Allowed, Answer, Ask, Cursor, Have, Health, State, decode, encode
from edge.wire.topics import Topic
from gateway import answers, replica
from gateway.broker import Broker
from gateway.commander import Commander
from gateway.config import BrokerOptions
from gateway.feed import Feed
from gateway.ils import LibrarySystem
from gateway.inbox import Inbox, Said
from gateway.known import place_in_full, resolve
from gateway.ledger import gates, status
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

log = logging.getLogger(__name__)

STRANGERS = 500
"""So many who may not speak are named in the log."""
FEED_SECONDS = 1.0
"""Changes by hand (imports, staff) reach the sites within this time."""
BACKLOG, BACKLOG_SECONDS, FEED_LATEST = 200, 0.4, 5.0
"""While batches of so many facts come, the sites' replicas wait, for a little: facts go first."""
STILL_SECONDS = 60.0
AHEAD, TOGETHER = 8, 2000
"""Batches that are read while the ledger is at work; with so few facts they share a commit."""
LEARN_MS = 60_000
"""What staff said of alarms is looked at again after so long."""
TRIM_SECONDS = 6 * 3600.0
GARBLED_MS = 10_000
"""A device that cannot be understood is noted so often."""
ASK_MS = 5000
"""A question that waited longer than this is not worth an answer."""


class Centre:
    """Everything but the console. ``writes`` and ``reads`` are the same ledger on two threads."""

    def __init__(
        self,
        writes: LedgerWorker,
        reads: LedgerWorker,
        options: BrokerOptions,
        now: Callable[[], int],
        pulse: Pulse,
        command_key: Ed25519PrivateKey,
        feed: Feed | None = None,
        copies: LedgerWorker | None = None,
        ils: LibrarySystem | None = None,
    ) -> None:
        self._writes, self._reads, self._now, self._pulse = writes, reads, now, pulse
        self._copies, self._copying = feed or Feed(), copies or reads
        self._ils, self._sorting = ils, set[asyncio.Task[None]]()
        self.broker = Broker(options, self._hear, self._connected)
        self._commander = Commander(command_key, writes, reads, self.broker, now, pulse)
        kinds = (
            topics.FACTS, topics.ASK, topics.HEALTH, topics.REPLICA_WANTED,
            topics.ELSEWHERE_WANTED, topics.REPLY,
        )  # fmt: skip
        self._inboxes = {row: Inbox() for row in kinds}
        self._inboxes[topics.STATE] = self._inboxes[topics.HEALTH]
        self._batches: asyncio.Queue[tuple[Said, Batch]] = asyncio.Queue(AHEAD)
        self._fed: dict[str, int] = {}
        self._allowed: dict[str, Allowed] = {}
        self._noisy: dict[str, tuple[int, list[str]]] = {}
        self._strangers: set[tuple[str, str]] = set()
        self._garbled_at: dict[tuple[str, str], int] = {}
        self._still_at = self._expired_at = 0
        self._backlog_at = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        await self._pulse.outlast(self._know_versions)
        try:
            await self._work()
        finally:
            for task in list(self._sorting):
                task.cancel()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.broker.run(), name="broker")
            group.create_task(self._loop(topics.FACTS, self._read), name="reading")
            group.create_task(self._take_in(), name="facts")
            group.create_task(self._loop(topics.ASK, self._ask), name="answers")
            group.create_task(self._loop(topics.HEALTH, self._status), name="status")
            group.create_task(self._loop(topics.REPLICA_WANTED, self._wanted), name="replica")
            elsewhere = self._loop(topics.ELSEWHERE_WANTED, self._elsewhere_wanted)
            group.create_task(elsewhere, name="elsewhere")
            group.create_task(self._loop(topics.REPLY, self._reply), name="replies")
            group.create_task(self._pulse.outlast(self._commander.run), name="commands")
            group.create_task(self._feed(), name="feed")
            group.create_task(self._trim(), name="trim")

    async def alive(self) -> None:
        """Return when both threads of the ledger answered."""
        await self._writes.call(replica.newest)
        await self._reads.call(replica.newest)

    # -- hearing

    def _hear(self, site: str, device: str, row: Topic, payload: bytes) -> None:
        if row in self._inboxes:
            self._inboxes[row].put(Said(site, device, row, payload, self._now()))

    async def _connected(self) -> None:
        for site, device, cursor in await self._reads.call(lambda ledger: ledger.cursors()):
            await self.broker.say(topics.CURSOR, site, encode(cursor), device)
        self._allowed.clear()
        self._still_at = 0
        self._pulse.beat()

    async def _loop(self, row: Topic, work: Callable[[Said], Awaitable[None]]) -> None:
        """Give messages to their work, one after the other; what cannot be understood is noted."""
        while True:
            said = await self._inboxes[row].get()
            if not await self._may_speak(said):
                continue
            try:
                await work(said)
            except WireError as error:
                await self._garbled(said, str(error))
            except sqlite3.OperationalError as error:
                await self._pulse.cannot_write(error)

    async def _may_speak(self, said: Said) -> bool:
        site = await self._reads.call(lambda ledger: ledger.site_of(said.device))
        if site == said.site:
            return True
        who = (said.site, said.device)
        if who not in self._strangers and len(self._strangers) < STRANGERS:
            self._strangers.add(who)
            log.warning("%s/%s is not enrolled (or revoked): nothing it says is taken in", *who)
        return False

    # -- facts

    async def _read(self, said: Said) -> None:
        """Read a batch while the ledger is at work on those before it."""
        try:
            batch = await self._understand(said)
        except UnresolvedError as error:
            await self._ask_in_full(said, error.epoch)
            return
        if batch.device != said.device:
            raise WireError(f"batch: names device {batch.device!r} on the topic of {said.device}")
        await self._batches.put((said, batch))

    async def _understand(self, said: Said) -> Batch:
        if refers(said.payload):
            return await self._reads.call(resolve, said.site, said.device, said.payload)
        return await asyncio.to_thread(decode_batch, said.payload)

    async def _take_in(self) -> None:
        """Give batches to the ledger; those that wait together share a commit, if they are small."""
        while True:
            some = [await self._batches.get()]
            facts = len(some[0][1].events)
            while facts < TOGETHER and not self._batches.empty():
                some.append(self._batches.get_nowait())
                facts += len(some[-1][1].events)
            try:
                await self._apply(some, facts)
            except sqlite3.OperationalError as error:
                await self._pulse.cannot_write(error)

    async def _apply(self, some: list[tuple[Said, Batch]], facts: int) -> None:
        batches = [(said.site, batch, said.heard) for said, batch in some]
        found = await self._writes.call(SqliteLedger.apply_all, batches)
        self._pulse.fill(False)
        for (said, _), applied in zip(some, found, strict=True):
            cursor = Cursor(
                epoch=applied.epoch,
                seq=applied.cursor,
                outcomes=applied.outcomes,
                last=applied.last,
                version=applied.version,
            )
            payload = encode_cursor(
                cursor, small=refers(said.payload), smaller=is_newest(said.payload)
            )
            await self.broker.say(topics.CURSOR, said.site, payload, said.device)
        if any(applied.fresh for applied in found):
            self._pulse.beat()
        if facts >= BACKLOG:
            self._backlog_at = asyncio.get_running_loop().time()

    async def _ask_in_full(self, said: Said, epoch: str) -> None:
        """Have a batch sent again that refers to what is not known here (any more)."""
        log.info("%s/%s refers to what is not here: asked in full", said.site, said.device)
        cursor = await self._reads.call(place_in_full, said.device, epoch)
        await self.broker.say(topics.CURSOR, said.site, encode(cursor), said.device)

    async def _garbled(self, said: Said, why: str) -> None:
        """Note it for staff and the log, now and then: a device may say nothing else."""
        who = (said.device, said.topic.path)
        if said.heard - self._garbled_at.get(who, 0) < GARBLED_MS:
            return
        self._garbled_at[who] = said.heard
        log.warning("%s/%s %s: %s", said.site, said.device, said.topic.path, why)
        try:
            await self._writes.call(
                status.put_garbled, said.site, said.device, said.topic.path, why, said.heard
            )
        except sqlite3.OperationalError as error:
            await self._pulse.cannot_write(error)
        self._pulse.beat()

    # -- questions and presence

    async def _ask(self, said: Said) -> None:
        ask = decode(said.payload, Ask)
        if self._now() - said.heard > ASK_MS:
            return
        if ask.what == "pin":  # its tries are counted
            answer = await self._writes.call(SqliteLedger.check_pin, said.site, ask, self._now())
        else:
            answer = await self._reads.call(answers.answer, said.site, ask, self._now())
        if self._ils is not None and self._ils.sorts and ask.what == "take_back":
            task = asyncio.create_task(self._sort(self._ils, said, ask, answer), name="sort")
            self._sorting.add(task)  # nobody else's question waits for the library system
            task.add_done_callback(self._sorting.discard)
            return
        await self._reply_to(said, answer)

    async def _sort(self, ils: LibrarySystem, said: Said, ask: Ask, answer: Answer) -> None:
        await self._reply_to(said, await ils.sorted(answer, ask, said.site, said.device))

    async def _reply_to(self, said: Said, answer: Answer) -> None:
        now = self._now()
        answer = msgspec.structs.replace(answer, now=now, held=max(0, now - said.heard))
        await self.broker.say(topics.ANSWER, said.site, encode(answer), said.device)

    async def _status(self, said: Said) -> None:
        if said.topic is topics.HEALTH:
            health = decode(said.payload, Health)
            await self._writes.call(status.put_health, said.device, health, said.heard)
            if health.epoch:
                await self._tell_cursor(said, health.epoch, below=health.acked)
        else:
            state = decode(said.payload, State)
            await self._writes.call(status.put_state, said.device, state, said.heard)
            if state.online and state.epoch:
                await self._tell_cursor(said, state.epoch, state.past)
        self._pulse.beat()

    async def _tell_cursor(
        self,
        said: Said,
        epoch: str,
        past: Mapping[str, int] | None = None,
        below: int | None = None,
    ) -> None:
        """Tell a device how far the ledger has its facts (if that is ``below`` what it believes)."""
        cursor = await self._reads.call(lambda ledger: ledger.place(said.device, epoch, past))
        if below is None or cursor.seq < below:
            await self.broker.say(topics.CURSOR, said.site, encode(cursor), said.device)

    async def _reply(self, said: Said) -> None:
        await self._commander.reply(said.device, said.payload)

    # -- replicas and allow-lists

    async def _wanted(self, said: Said) -> None:
        have = decode(said.payload, Have)
        messages = await self._copying.call(self._answer, said.site, have)
        for message in messages:
            await self.broker.say(topics.REPLICA, said.site, message, said.device)

    async def _elsewhere_wanted(self, said: Said) -> None:
        wanted, now, site = decode(said.payload, Wanted), self._now(), said.site
        answer = self._copies.afar.answer
        for message in await self._copying.call(answer, site, said.device, wanted, now):
            await self.broker.say(topics.ELSEWHERE, site, message, said.device)

    async def _feed_elsewhere(self) -> None:
        """Tell gates what was lent and came back in the other branches."""
        newest, now = await self._reads.call(replica.newest), self._now()
        for site, device in self._copies.afar.due(newest, now):
            message = await self._copying.call(self._copies.afar.tell, device, now)
            if message is not None:
                await self.broker.say(topics.ELSEWHERE, site, message, device)

    def _answer(self, ledger: SqliteLedger, site: str, have: Have) -> list[bytes]:
        return self._copies.answer(ledger, site, have, self._now())

    async def _know_versions(self) -> None:
        sites = await self._reads.call(lambda ledger: ledger.sites())
        version = await self._writes.call(replica.begin, self._now())
        self._fed = dict.fromkeys(sites, version)

    async def _feed(self) -> None:
        """Send changes to the sites as they happen.

        At once when there is a connection, and every minute, they hear which version is the newest,
        so that a replica that missed something asks for it, and any other knows its age.
        """
        count = 0
        while True:
            count = await self._pulse.after(count, FEED_SECONDS)
            await self._facts_first()
            await self._expire()
            if self.broker.connected:
                still = self._now() - self._still_at >= STILL_SECONDS * 1000
                self._still_at = self._now() if still else self._still_at
                await self._feed_all(still=still)
                await self._feed_elsewhere()

    async def _expire(self) -> None:
        """End the holds that nobody fetched in time, now and then."""
        if self._now() - self._expired_at < STILL_SECONDS * 1000:
            return
        self._expired_at = self._now()
        try:
            await self._writes.call(SqliteLedger.expire_holds, self._now())
        except sqlite3.OperationalError as error:
            await self._pulse.cannot_write(error)

    async def _facts_first(self) -> None:
        """Wait until no backlog has come in for a moment; not for long, if it does not end."""
        now = asyncio.get_running_loop().time
        began = now()
        while now() - self._backlog_at < BACKLOG_SECONDS and now() - began < FEED_LATEST:  # noqa: ASYNC110
            await asyncio.sleep(BACKLOG_SECONDS / 4)

    async def _feed_all(self, *, still: bool) -> None:
        newest = await self._reads.call(replica.newest)
        for site in await self._reads.call(lambda ledger: ledger.sites()):
            since = self._fed.setdefault(site, newest)
            messages: list[tuple[int, bytes]] = []
            if newest > since:
                messages = await self._copying.call(self._changes, site, since)
            elif still:
                messages = [(newest, self._copies.still(site, newest, self._now()))]
            for version, message in messages:
                await self.broker.say(topics.CHANGES, site, message)
                self._fed[site] = version
            await self._feed_allowed(site)

    def _changes(self, ledger: SqliteLedger, site: str, since: int) -> list[tuple[int, bytes]]:
        return self._copies.changes(ledger, site, since, self._now())

    async def _trim(self) -> None:
        """Keep the list of changes short."""
        while True:
            await asyncio.sleep(TRIM_SECONDS)
            try:
                if gone := await self._writes.call(replica.trim):
                    log.info("%d changes that later ones repeat were let go", gone)
            except sqlite3.OperationalError as error:
                await self._pulse.cannot_write(error)

    async def _feed_allowed(self, site: str) -> None:
        now = self._now()
        uids = await self._reads.call(lambda ledger: ledger.effects.allowed(site, now))
        learned, noisy = self._noisy.get(site, (0, []))
        if now - learned > LEARN_MS:
            noisy = await self._reads.call(gates.noisy, site, now)
            self._noisy[site] = (now, noisy)
        allowed = Allowed(uids=uids, noisy=noisy)
        if self._allowed.get(site) != allowed:
            self._allowed[site] = allowed
            await self.broker.say(topics.ALLOWED, site, encode(allowed))
