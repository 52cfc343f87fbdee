"""Carries a plan out."""

import asyncio
import contextlib
import random
from collections.abc import Iterable

from gateway.codes import CODES
from gateway.errors import RefusedError
from shelfsim import stations, sticks
from shelfsim.broker import GATEWAY, Weather
from shelfsim.disk import Card
from shelfsim.pi import Pi
from shelfsim.plan import Action
from shelfsim.world import READERS, Book, World

DAY = 86_400.0
WALK = 6.0
"""Seconds that a book needs from one device to another."""


class Conductor:
    """Does what the actions say."""

    def __init__(self, world: World) -> None:
        self.world, self.loop, self.chaos = world, world.loop, world.chaos
        self._images: list[tuple[Pi, object, set[str]]] = []
        self._saved: tuple[object, float] | None = None
        self._visits: set[asyncio.Task[None]] = set()

    async def play(self, actions: Iterable[Action]) -> None:
        """Let everything happen at its time."""
        for action in actions:
            await asyncio.sleep(max(0.0, action.at - self.loop.time()))
            self.world.note(f"#{action.number} {action.kind}")
            self.world.counts[action.kind] += 1
            getattr(self, f"_{action.kind}")(action.rolls())
            self.world.look_at_tags()
            self.world.look_at_acks()

    def heal(self) -> None:
        """Let all faults stop."""
        world = self.world
        world.note("all faults stop")
        self.chaos.weather = Weather()
        self.chaos.cut.clear()
        self.chaos.denied.clear()
        self.chaos.down = False
        for pi in world.pis:
            pi.ntp, pi.antenna.unplugged, pi.doors.gate.unplugged = True, False, False
            pi.card.free()
            if pi.life is not None:
                pi.life.fuse = None
            pi.boot()
        world.gateway.shut(False)
        if world.gateway.life is not None:
            world.gateway.life.fuse = None
        world.gateway.boot()

    # -- visits

    def _borrow(self, dice: random.Random, fuse: int | None = None) -> None:
        pi = self._pi(dice)
        if pi is None or "drop" in pi.stations:
            return
        reader = self.world.card(dice.randint(1, READERS + (dice.random() < 0.1)))
        places = {pi.site, reader} if dice.random() < 0.8 else {b.place for b in self.world.books}
        books = self._books(dice, places)
        tear = dice.random() < 0.15
        if "kiosk" in pi.stations:
            self._visit(pi, books, stations.borrow(pi, reader, books, tear=tear, fuse=fuse))
        else:
            self._visit(pi, books, pi.borrow(reader, books, tear=tear), fuse)

    def _give_back(self, dice: random.Random, fuse: int | None = None) -> None:
        pi = self._pi(dice)
        books = self._books(dice, {b.place for b in self.world.books} - {"tinh", "xa"})
        if pi is None or not books:
            return
        tear = dice.random() < 0.15
        if "drop" in pi.stations:
            self._visit(pi, books, stations.drop(pi, books, tear=tear, fuse=fuse))
        elif "kiosk" in pi.stations:
            self._visit(pi, books, stations.give_back(pi, books, tear=tear, fuse=fuse))
        else:
            self._visit(pi, books, pi.give_back(books, "kiosk", tear=tear), fuse)

    def _borrow_crash(self, dice: random.Random) -> None:
        self._borrow(dice, dice.randint(1, 150))

    def _give_back_crash(self, dice: random.Random) -> None:
        self._give_back(dice, dice.randint(1, 120))

    def _gate(self, dice: random.Random) -> None:
        pi = self._pi(dice)
        books = [book for book in self.world.books if not book.busy]
        if pi is not None and books and "gate" in pi.stations:
            task = self.loop.create_task(stations.pass_gate(pi, dice.choice(books), dice))
            self._visits.add(task)
            task.add_done_callback(lambda task: self._left(task, []))

    def _visit(self, pi: Pi, books: list[Book], visit: object, fuse: int | None = None) -> None:
        task = pi.serve(visit) if books else None
        if task is None:
            visit.close()  # type: ignore[attr-defined]
            return
        for book in books:
            book.busy = True
            book.by = pi
        if fuse is not None and pi.life is not None:
            pi.life.fuse = fuse
        self._visits.add(task)
        task.add_done_callback(lambda task: self._left(task, books))

    def _left(self, task: "asyncio.Task[None]", books: list[Book]) -> None:
        self._visits.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.world.breach(f"a visit ended with {type(error).__name__}: {error}")
        for book in books:
            self.loop.call_later(WALK, setattr, book, "busy", False)

    def _pi(self, dice: random.Random) -> Pi | None:
        up = [pi for pi in self.world.pis if pi.up]
        return dice.choice(up) if up else None

    def _books(self, dice: random.Random, places: set[str]) -> list[Book]:
        free = [b for b in self.world.books if not b.busy and b.place in places]
        return dice.sample(free, min(len(free), dice.randint(1, 3)))

    def _lay(self, dice: random.Random) -> None:
        """Staff lay books on a pad, those of which its device has open work first."""
        pi = self._pi(dice)
        if pi is None:
            return
        open_ = {task.uid for task in pi.journal.open_tasks()}
        free = [book for book in self.world.books if not book.busy]
        free.sort(key=lambda book: book.tag.uid.hex().upper() not in open_)
        books = free[: dice.randint(1, 3)]
        self._visit(pi, books, pi.mend(books))

    def _spoil(self, dice: random.Random) -> None:
        """A book that is not lent is made silent by a strange tool, and then laid on a pad."""
        pi = self._pi(dice)
        books = self._books(dice, {pi.site}) if pi else []
        books = [book for book in books if not self.world.lent(book)][:1]
        for book in books:
            self.world.spoil(book)
        if pi is not None and books:
            self._visit(pi, books, pi.mend(books))

    def _stick(self, dice: random.Random) -> None:
        """Facts on a stick to the centre and its answer back, often because there is no line."""
        pi = self._any(dice)
        if dice.random() < 0.6:
            self._cut([pi.device], dice.uniform(30, 150))
        task = self.loop.create_task(sticks.trip(self.world, pi, dice))
        self._visits.add(task)
        task.add_done_callback(lambda task: self._left(task, []))

    # -- faults at a device

    def _any(self, dice: random.Random) -> Pi:
        return dice.choice([pi for pi in self.world.pis if not pi.retired])

    def _crash(self, dice: random.Random) -> None:
        pi = self._any(dice)
        if pi.life is not None and not pi.life.over:
            pi.life.fuse = dice.randint(0, 400)

    def _power(self, dice: random.Random) -> None:
        self._any(dice).kill(power=True)

    def _clock(self, dice: random.Random) -> None:
        pi = self._any(dice)
        pi.ntp = False
        pi.skew = dice.choice((
            dice.uniform(-300, 300), dice.uniform(-3, 3) * DAY, -self.loop.now(),
            dice.uniform(0, 60) * DAY,
        ))  # fmt: skip
        if dice.random() < 0.5:
            self._later(dice.uniform(10, 120), lambda: setattr(pi, "ntp", True))

    def _full(self, dice: random.Random) -> None:
        card = self._any(dice).card
        card.fill(dice.randint(0, 6))
        self._later(dice.uniform(5, 90), card.free)

    def _unplug(self, dice: random.Random) -> None:
        pi = self._any(dice)
        antenna = dice.choice((pi.antenna, pi.antenna, pi.doors.gate))
        antenna.unplugged = True
        self._later(dice.uniform(1, 60), lambda: setattr(antenna, "unplugged", False))

    def _image(self, dice: random.Random) -> None:
        pi = self._any(dice)
        folder = self.world.folder / f"image-{len(self._images)}"
        self._images.append((pi, pi.card.image(folder), set(pi.ids)))

    def _restore(self, dice: random.Random) -> None:
        if not self._images:
            return
        pi, image, ids = dice.choice(self._images)
        if pi.life is None or pi.retired:
            return
        pi.kill(power=True)
        pi.card.restore(image)  # type: ignore[arg-type]
        self.world.doomed |= pi.ids - ids - self.world.in_ledger()
        pi.ids = set(ids)

    def _clone(self, dice: random.Random) -> None:
        if len(self.world.pis) > 3:
            return
        pi = self._any(dice)
        if pi.life is None:
            return
        twin = Card(self.world.folder / f"{pi.device}-clone")
        twin.restore(pi.card.image(self.world.folder / "clone"))
        twin.times = dict(pi.card.times)
        clone = Pi(self.world, pi.site, pi.device, twin)
        clone.ids = set(pi.ids)
        self.world.pis.append(clone)
        clone.boot()

    # -- faults on the way and at the centre

    def _part(self, dice: random.Random) -> None:
        self._cut([self._any(dice).device], dice.uniform(3, 90))

    def _part_site(self, dice: random.Random) -> None:
        site = dice.choice(("tinh", "xa"))
        self._cut([p.device for p in self.world.pis if p.site == site], dice.uniform(3, 120))

    def _part_centre(self, dice: random.Random) -> None:
        self._cut([GATEWAY], dice.uniform(3, 60))

    def _cut(self, names: Iterable[str], seconds: float) -> None:
        for name in names:
            self.chaos.part(name)
            self._later(seconds, lambda name=name: self.chaos.cut.discard(name))

    def _weather(self, dice: random.Random) -> None:
        self.chaos.weather = Weather(
            loss=dice.choice((0.0, 0.05, 0.2, 0.5)),
            twice=dice.choice((0.0, 0.05, 0.3)),
            late=dice.choice((0.0, 0.05, 0.3)),
            slow=dice.choice((0.05, 0.3, 2.0, 6.0)),
        )

    def _broker(self, dice: random.Random) -> None:
        self.chaos.restart(amnesia=dice.random() < 0.7)
        self.chaos.down = True
        self._later(
            dice.choice((0.0, dice.uniform(0, 20))), lambda: setattr(self.chaos, "down", False)
        )

    def _deny(self, dice: random.Random) -> None:
        topic = dice.choice(("facts", "facts", "state", "ask", "cursor", "replica", "changes"))
        name = GATEWAY if topic in ("cursor", "replica", "changes") else self._any(dice).device
        self.chaos.denied.add((name, topic))
        self._later(dice.uniform(5, 60), lambda: self.chaos.denied.discard((name, topic)))

    def _gateway_crash(self, dice: random.Random) -> None:
        life = self.world.gateway.life
        if life is not None and not life.over:
            life.fuse = dice.randint(0, 200)

    def _centre_full(self, dice: random.Random) -> None:
        self.world.gateway.shut(True)
        self._later(dice.uniform(5, 60), lambda: self.world.gateway.shut(False))

    def _backup(self, dice: random.Random) -> None:
        self._saved = (self.world.gateway.image(), self.loop.leaped)

    def _backup_restore(self, dice: random.Random) -> None:
        if self._saved is None or self.loop.leaped - self._saved[1] > 25 * DAY:
            return
        had = self.world.in_ledger()
        self.world.gateway.restore(self._saved[0])  # type: ignore[arg-type]
        on_cards = {ident for pi in self.world.pis for ident in pi.ids}
        self.world.doomed |= had - self.world.in_ledger() - on_cards  # nobody has them any more

    def _leap(self, dice: random.Random) -> None:
        """Days or weeks go by while the wires of one site, or all, are cut."""
        names = [p.device for p in self.world.pis if dice.random() < 0.7] or ["xa-all"]
        self._cut(names, dice.uniform(20, 90))
        self.world.leaps.append(self.loop.now())
        self.loop.leaped += dice.choice((0.2, 1.0, 4.0, 9.0, 35.0)) * DAY
        self.world.leaps.append(self.loop.now())

    def _staff(self, dice: random.Random) -> None:
        ledger = self.world.gateway.staff
        rows = ledger.store.all("SELECT number, code FROM worklist WHERE closed IS NULL")
        if not rows:
            return
        row = dice.choice(rows)
        actions = [
            a for a in CODES[row["code"]].actions if a in ("accept", "contact", "done", "mended")
        ]
        if actions:
            now = int(self.loop.now() * 1000)
            with contextlib.suppress(RefusedError):
                ledger.resolve(row["number"], dice.choice(actions), "Lan", "", now)

    def _later(self, seconds: float, what: object) -> None:
        self.loop.call_later(seconds, what)
