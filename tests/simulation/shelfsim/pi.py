"""A device: its card, its clock, and the agent's parts put together as :mod:`edge.agent` does."""

import asyncio
import contextlib
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.agent import note_again, tell_time
from edge.bundles.inbox import FILE
from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions
from edge.desk import Desk
from edge.device import Device, DeviceAwayError
from edge.items import PadItem, PadWatch
from edge.journal import Journal, JournalError
from edge.recorder import Recorder
from edge.replica import Replica
from edge.station import Services
from edge.tagwork import TagWork
from edge.uplink import Uplink
from edge.uplink.pace import Pace
from edge.wire.facts import Booted, Fact, RenewalWish
from edge.wire.messages import Health
from edge.wrongbits import FRESH_MS
from shelfsim.disk import LOW, Card
from shelfsim.pad import Antenna, driver
from shelfsim.stations import Doors, stations
from shelfsim.sticks import inbox
from shelfsim.timeline import Life

if TYPE_CHECKING:
    from shelfsim.world import Book, World

BOOT_SECONDS = (0.5, 8.0)
IMAGE_DATE = 1_791_000_000.0
"""Where a clock without battery stands: a day in October 2026, when the card was written."""


class Pi:
    """One device of a site. A clone shares its name and its antenna with nobody."""

    def __init__(self, world: "World", site: str, device: str, card: Card) -> None:
        self.world, self.site, self.device, self.card = world, site, device, card
        self.antenna, self.doors = Antenna(), Doors()
        self.stations: dict[str, Any] = {}
        self.life: Life | None = None
        self.skew = 0.0
        self.ntp = True
        self.boots = 0
        self.died_at = world.loop.now()
        self.ids: set[str] = set()
        self.doomed: set[str] = set()
        self.retired = False
        self.dice = random.Random(f"{world.seed} {device} {card.folder.name}")
        self.recorder: Recorder | None = None

    # -- power

    @property
    def up(self) -> bool:
        """Whether its process runs and has all its parts."""
        return self.life is not None and not self.life.over and self.recorder is not None

    def boot(self) -> None:
        """Switch on."""
        if self.retired or (self.life is not None and not self.life.over):
            return
        self.boots += 1
        self.recorder = None
        self.card.start()
        self.world.note(f"{self.card.folder.name} boots")
        self.life = Life(self.card.folder.name, self._died)
        self.world.watch(self.life.start(self.world.loop, self._run()), self.life)

    def kill(self, *, power: bool) -> None:
        """End the process between two steps; with the power goes what was not synced."""
        if self.life is None or self.life.over:
            return
        self.life.end()
        self._died(self.life, power=power)

    def _died(self, life: Life, *, power: bool | None = None) -> None:
        if power is None:  # its fuse is out
            self.world.counts["crashes between two awaits"] += 1
        power = self.dice.random() < 0.5 if power is None else power
        self.died_at = self.world.loop.now()
        self.world.note(f"{self.card.folder.name} {'loses power' if power else 'is killed'}")
        self.recorder = None
        self.world.chaos.died(life)
        if power:
            self.card.cut(self.dice)
            if not self.ntp:
                self.skew = IMAGE_DATE - self.world.loop.now()
        self.world.after_death(self)
        self.world.loop.call_later(self.dice.uniform(*BOOT_SECONDS), self.boot)

    # -- the agent

    async def _run(self) -> None:
        world, path = self.world, self.card.path
        boot = f"boot-{self.card.folder.name}-{self.boots}"
        self.clock = Clock(self._wall, world.loop.mono, boot, lambda: self.ntp)
        self.journal = journal = Journal.open(
            path / "journal.db", self.device, self.clock,
            connect=self.card.connect, low_mb=16, writer=self.card.writer,
        )  # fmt: skip
        journal._room.free = self.card.room  # type: ignore[method-assign]
        world.learn(self)
        self.replica = replica = Replica.open(
            path / "replica.db", self.clock.now_ms, connect=self.card.connect
        )
        journal.versions = lambda: (replica.policy.version, replica.version)
        note_again(journal, replica)
        journal.listen(lambda event: world.committed(self, event))
        journal.listen(replica.note)
        self._assemble(path)
        await self._tell(Booted(version="sim", clean=journal.was_clean))
        async with asyncio.TaskGroup() as group:
            for one in (*self.services.devices.values(), *self.stations.values()):
                group.create_task(one.run(), name=type(one).__name__)
            group.create_task(self.uplink.run(), name="uplink")
            group.create_task(self._tend(), name="tend")
            group.create_task(tell_time(journal, self.clock), name="time")
            if (path / FILE).exists():
                group.create_task(inbox(self).take(), name="inbox")
            self.recorder = Recorder(journal)
            await self.recorder.run()

    def _assemble(self, path: Path) -> None:
        allowed: dict[str, int] = {}
        agent = AgentOptions(site=self.site, device=self.device, data=path, site_key=path)
        options = UplinkOptions(host="broker", tls=False, retry_max=4.0, health_seconds=60.0)
        self.uplink = Uplink(
            options, agent, self.journal, self.replica, self.clock,
            health=self._health, allowed=allowed, version="sim",
        )  # fmt: skip
        metered = random.Random(f"metered {self.world.seed} {self.device}").random() < 0.5
        self.uplink._sender.pace = Pace(thrifty=metered)
        self.desk = Desk(self.world.key(self.site), self.replica, self.clock, self.uplink)
        self.pad: Device[Any] = Device("pad", driver(self.antenna), None, self.journal, grace=20.0)
        self.services = Services(
            agent, self.clock, self.journal, self.replica, self.desk,
            {"pad": self.pad, **self.doors.devices(self)}, allowed,
        )  # fmt: skip
        self.watch = PadWatch(self.pad, self.replica)
        self.work = TagWork(self.services, self.pad, self.watch, arm_silent=True)
        self.busy, self.nobody = asyncio.Lock(), contextlib.AsyncExitStack()
        self.stations = stations(self, self.services)

    def _wall(self) -> float:
        return self.world.loop.now() + (0.0 if self.ntp else self.skew)

    def _health(self) -> Health:
        backlog = self.journal.backlog()
        return Health(
            at=self.clock.now_ms(), version="sim", boot=self.clock.boot, waiting=backlog.count,
            oldest=backlog.oldest_ms, epoch=self.journal.epoch, acked=backlog.acked,
            replica=self.replica.version,
        )  # fmt: skip

    async def _tell(self, *facts: Fact) -> None:
        with contextlib.suppress(JournalError):
            await self.journal.append(*facts)

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(self.dice.uniform(60, 240))
            with contextlib.suppress(JournalError):
                await self.journal.tend(30)

    # -- what people do with it

    def serve(self, visit: Any) -> "asyncio.Task[None] | None":
        """Let somebody use the device; the visit dies with the process."""
        return self.life.start(self.world.loop, visit) if self.up and self.life else None

    async def borrow(self, card: str, books: "list[Book]", *, tear: bool) -> None:
        """A reader lays books on the pad, shows a card, and takes what was lent."""
        async with self.busy, self._laid(books):
            seen = await self._look()
            visitor = await self.desk.reader([card])
            if visitor.reader is None and visitor.refusal:
                return
            good = [one for one in seen if one.item and not one.trouble]
            verdicts = await self.desk.lend(visitor.card, [one.item or "" for one in good])
            if tear and good:
                self.antenna.field.tear_after(good[0].uid, self.dice.randrange(2))
            for one, verdict in zip(good, verdicts, strict=True):
                if verdict.ok:
                    await self._lend(one, visitor.card, verdict, online=verdicts.online)
                elif verdict.reason == "already_yours":
                    reader = visitor.reader.reader if visitor.reader else ""
                    await self.work.heal(one, reader, visitor.card)
                    if self.dice.random() < 0.5:
                        await self._tell(RenewalWish(item=one.item or "", card=visitor.card))

    async def _lend(self, one: PadItem, card: str, verdict: Any, *, online: bool) -> None:
        try:
            lent = await self.work.lend(one, card, verdict, "s", online=online)
        except JournalError:
            return
        self.world.shown(self, lent.event_id)
        self.world.leaves(one.item or "", card)

    async def give_back(self, books: "list[Book]", place: Any, *, tear: bool) -> None:
        """Books come back at the kiosk, or through the drop."""
        async with self.busy, self._laid(books):
            if tear:
                self.antenna.field.tear_after(books[0].tag.uid, self.dice.randrange(2))
            for one in await self._look():
                if not one.item or one.trouble:
                    continue
                try:
                    back = await self.work.take_back(one, place, "s")
                except JournalError:
                    continue
                if back.event_id is not None:
                    self.world.shown(self, back.event_id)
                    self.world.comes(one.item, self.site)

    async def mend(self, books: "list[Book]") -> None:
        """Staff lay books on a pad: a kiosk finishes what is open by itself, else it is asked for."""
        life, hopes = self.life, {book for book in books if self._must_arm(book)}
        async with self.busy, self._laid(books):
            if "kiosk" not in self.stations:
                await self._heal()
            for _ in range(16 if "kiosk" in self.stations else 1):
                await asyncio.sleep(0.5)
                hopes = {book for book in hopes if self._must_arm(book)}
            if (
                hopes and "kiosk" not in self.stations
            ):  # the line may have been away when they were met
                await self._heal()
                hopes = {book for book in hopes if self._must_arm(book)}
        for book in hopes if self.life is life else ():
            self.world.breach(f"{book.item} lay on the pad of {self.device} and stayed silent")

    async def _heal(self) -> None:
        self.watch.forget()
        for one in await self._look():
            await self.work.heal(one)

    def _must_arm(self, book: "Book") -> bool:
        """Tell whether a book is silent, and everything is there to know that it should not be."""
        uid, view = book.tag.uid.hex().upper(), self.replica.item(book.item)
        return (
            self.up
            and self.pad.up
            and not self.antenna.unplugged
            and self.card.fits > LOW
            and book.item in self.world.spoiled
            and book.tag.afi != self.replica.policy.afi_in
            and view is not None
            and view.branch == self.site
            and self.replica.loan(book.item) is None
            and self.replica.age_ms < FRESH_MS
            and self.desk.linked
            and self.ntp
            and uid not in self.services.heal
            and self.services.allowed.get(uid, 0) <= self.clock.now_ms()
        )

    def burn(self, fuse: int | None) -> None:
        """Let the process die after so many more steps."""
        if fuse is not None and self.life is not None:
            self.life.fuse = fuse

    def gate_works(self) -> bool:
        """Tell whether what passes the gate now is noticed, and can be recorded."""
        gate = self.services.devices["gate"] if self.up and "gate" in self.stations else None
        return gate is not None and gate.up and self.card.fits > LOW

    @contextlib.asynccontextmanager
    async def _laid(self, books: "list[Book]") -> Any:
        for book in books:
            self.antenna.field.put(book.tag)
        try:
            yield
        finally:
            for book in books:
                self.antenna.field.take(book.tag.uid)

    async def _look(self) -> list[PadItem]:
        for _ in range(5):
            try:
                return await self.watch.look()
            except DeviceAwayError:
                await asyncio.sleep(1.0)
        return []
