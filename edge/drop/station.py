"""The book-drop station: looks into the chute, arms, asks which bin, records, opens the shutter.

What happens when is in the table of :mod:`edge.drop.chute`. An item passes the shutter only after
its return is in the journal, so that a power cut leaves it in the chute. Which bin it falls into is
chosen before the return is recorded, so that the record says where it lies.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.errors import DriverError, OptionError
from drivers.ports import Board, ItemReader
from edge.circulation.sorting import aside
from edge.device import Device, DeviceAwayError
from edge.drop.bins import Bins
from edge.drop.chamber import Chamber
from edge.drop.chute import Chute, Effect, Event, State
from edge.drop.options import DropOptions
from edge.drop.paper import Paper
from edge.drop.sorter import Sorted, Sorter
from edge.items import PadItem, PadWatch
from edge.journal import JournalError
from edge.recorder import Recorder
from edge.station import NotPossibleError, Services, StationEntry
from edge.tagwork import TagWork
from edge.wire.facts import BinChanged, DropRefused, TagTrouble, TakenAside

log = logging.getLogger(__name__)
TICK = 0.25
FALL_SECONDS = 1.5
"""An item that left the chute passes the sensor behind the shutter within this time."""
UNLOCK_SECONDS = 5.0
"""How long a door stays unlocked; the board's own limit holds all the same."""
_REFUSED = {State.FULL: "full", State.STUCK: "shutter_stuck", State.CLOSED: "closed"}


@dataclass(slots=True)
class _Falling:
    """What was recorded and is let in: into which bin, and whether a sensor saw it fall."""

    bin: str
    items: list[PadItem] = field(default_factory=list)
    fell: bool = False
    left: float | None = None
    """When it left the chute, on the loop's clock."""

    @property
    def names(self) -> str:
        """The numbers of the items; ``?`` stands for what has none."""
        return ", ".join(one.item or "?" for one in self.items) or "?"


class Drop:
    """One book drop. :meth:`run` works until it is cancelled."""

    def __init__(self, options: DropOptions, services: Services) -> None:
        self._options = options
        self._services = services
        self._reader: Device[ItemReader] = services.devices[options.reader]
        self._board: Device[Board] = services.devices[options.board]
        watch = PadWatch(self._reader, services.replica)
        self._chamber = Chamber(options, watch, self._board)
        self._work = TagWork(services, self._reader, watch)
        self._chute = Chute()
        self._bins = Bins(options.every_bin(), services.agent.data, options.name)
        self._rules = options.rules()
        home = options.branch or services.agent.site
        self._sorter = Sorter(services.desk, self._rules, self._bins.names, home)
        self._paper = Paper(options, services)
        self._recorder = Recorder(services.journal)
        self._reader_up = True
        self._open_since: float | None = None
        self._shutter_stuck = False
        self._falling: _Falling | None = None
        self._events: asyncio.Queue[Event] = asyncio.Queue(100)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            name = self._options.name
            group.create_task(self._recorder.run(), name=f"{name} recorder")
            async with asyncio.TaskGroup() as work:
                work.create_task(self._watch_board(), name=f"{name} board")
                work.create_task(self._watch_reader(), name=f"{name} reader")
                work.create_task(self._watch_shutter(), name=f"{name} shutter")
                work.create_task(self._paper.run(), name=f"{name} paper")
                work.create_task(self._follow(), name=f"{name} chute")

    def numbers(self) -> dict[str, float]:
        """Return how full the bins are, and whether the drop takes items now."""
        ready = self._chute.state in (State.READY, State.LOOKING, State.LETTING_IN)
        bins = {name: self._bins[name] for name in self._bins.names}
        figures = {
            "bin_percent": max(one.percent for one in bins.values()),
            "bin_items": sum(one.items for one in bins.values()),
            "ready": float(ready and self._board.up),
        }
        if len(bins) > 1:
            figures |= {f"bin_percent.{name}": one.percent for name, one in bins.items()}
        return figures

    async def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the centre asks: ``out_of_service``, ``in_service``, ``open_bin``."""
        if name in ("out_of_service", "in_service"):
            await self._events.put(Event(name))
            return {}
        if name == "open_bin":
            return await self._unlock(str(args.get("bin", "")))
        raise NotPossibleError(f"A book drop does not know the command {name}.")

    async def _unlock(self, bin_name: str) -> dict[str, Any]:
        """Unlock the door of a bin for a moment; the only one need not be named."""
        name = bin_name or (self._bins.names[0] if len(self._bins.names) == 1 else "")
        if name not in self._bins.options:
            raise NotPossibleError(
                f"There is no bin {name!r}; it has {', '.join(self._bins.names)}."
            )
        lock = self._bins.options[name].lock
        if not lock:
            raise NotPossibleError(f"Bin {name} has no lock that can be opened from afar.")
        if self._chute.state is State.LETTING_IN:
            raise NotPossibleError("An item is falling; please try again in a moment.")
        await self._board.call(lambda board: board.set(lock, True, UNLOCK_SECONDS))
        return {"bin": name, "seconds": UNLOCK_SECONDS}

    async def _follow(self) -> None:
        """Give every event to the table and do what it asks for; what comes meanwhile waits."""
        while True:
            timed_out = self._chute.state is State.LETTING_IN
            try:
                limit = self._options.shutter_seconds if timed_out else None
                async with asyncio.timeout(limit):  # wait_for may swallow a cancellation (3.11)
                    event = await self._events.get()
            except TimeoutError:
                event = Event.TIMED_OUT
            await self._on(event)

    async def _on(self, event: Event) -> None:
        if event is Event.ITEM_OUT and self._falling is not None:
            self._falling.left = asyncio.get_running_loop().time()
        for effect in self._chute.on(event):
            await self._do(effect)

    async def _do(self, effect: Effect) -> None:
        match effect:
            case Effect.LIGHT_ON | Effect.LIGHT_OFF:
                await self._switch("light", effect is Effect.LIGHT_ON)
            case Effect.OPEN_SHUTTER:
                await self._divert()
                await self._switch("shutter", True, self._options.shutter_seconds)
            case Effect.CLOSE_SHUTTER:
                await self._switch("shutter", False)
            case Effect.LOOK:
                await self._look()
            case Effect.JAM:
                self._recorder.trouble(self._options.name, "jam", self._jam())
            case Effect.JAM_OVER:
                self._recorder.well(self._options.name, "jam")
                self._doubtful("jammed")
            case Effect.SHUTTER_JAM:
                why = "The shutter of the book drop stands open. Please look what keeps it open."
                self._recorder.trouble(self._options.name, "shutter_stuck", why)
            case Effect.SHUTTER_JAM_OVER:
                self._recorder.well(self._options.name, "shutter_stuck")
            case Effect.REFUSE:
                reason = _REFUSED.get(self._chute.state, "reader_away")
                self._recorder.put(DropRefused(reason=reason))

    async def _look(self) -> None:
        """Find out what is in the chute, take it in if it is one good item or may be put aside."""
        items: list[PadItem] = []
        try:
            items, reason = await self._chamber.look()
            self._tell_tag(items, reason)
            if await (self._take_in(items[0]) if not reason else self._put_aside(items, reason)):
                await self._on(Event.ACCEPTED)
                return
        except DeviceAwayError:
            self._reader_up = False
            await self._on(Event.READER_LOST)
            return
        except JournalError as error:
            log.error("%s: a return could not be recorded: %s", self._options.name, error)
            reason = "not_recorded"
        if self._chamber.something:
            uid = items[0].key if len(items) == 1 else None
            self._recorder.put(DropRefused(reason=reason or "removed", uid=uid))
        await self._on(Event.REFUSED)

    def _tell_tag(self, items: list[PadItem], reason: str) -> None:
        """Have staff look at the tag of a single thing that is no good item."""
        if reason and reason not in ("removed", "several", "no_tag"):
            [one] = items
            station = self._options.name
            fact = TagTrouble(reason=reason, uid=one.key, item=one.item, station=station)
            self._recorder.put(fact)

    async def _take_in(self, item: PadItem) -> bool:
        """Arm, choose the bin, record; return whether the item may fall."""
        chosen: list[tuple[str, Sorted]] = []

        async def choose() -> str:
            goes = await self._sorter.sort(item, self._services.replica.policy)
            bin_name = self._bins.taking([goes.bin, *self._otherwise()])
            chosen.append((bin_name, goes))
            return bin_name

        if self._bins.full or not await self._take_back(item, choose=choose):
            return False
        [(bin_name, goes)] = chosen
        self._falls(bin_name, [item])
        title = goes.view.title if goes.view is not None else item.title
        self._paper.came_in(item.item or "", title, goes)
        return True

    async def _put_aside(self, items: list[PadItem], reason: str) -> bool:
        """Take in what is not one good item, if it may be: each good item among it is returned."""
        bin_name = aside(self._rules)
        if reason not in self._options.aside or self._bins[bin_name].full:
            return False
        for item in items:
            if item.item and not item.trouble and not await self._take_back(item, bin_name):
                return False
        one = items[0] if len(items) == 1 else None
        fact = TakenAside(
            bin=bin_name,
            reason=reason,
            item=one.item if one else None,
            uid=one.key if one else "",
        )
        await self._services.journal.append(fact)
        self._falls(bin_name, items)
        return True

    def _otherwise(self) -> list[str]:
        """Return where an item goes whose own bin is full."""
        return [rule.bin for rule in self._rules[-1:]] + [aside(self._rules)]

    async def _take_back(
        self, item: PadItem, bin_name: str = "", choose: Callable[[], Awaitable[str]] | None = None
    ) -> bool:
        done = await self._work.take_back(item, "drop", bin_name=bin_name, choose=choose)
        if done.event_id is None and not done.removed:
            raise DeviceAwayError(f"{self._reader.name}: {self._reader.why}")
        return done.event_id is not None

    def _falls(self, bin_name: str, items: list[PadItem]) -> None:
        if self._falling is not None and self._options.fell:
            self._doubtful("taken_out")
        self._falling = _Falling(bin_name, items)
        self._counted(bin_name, max(1, len(items)))

    def _counted(self, bin_name: str, count: int = 1) -> None:
        self._bins[bin_name].add(count)
        self._tell_level(bin_name)

    async def _divert(self) -> None:
        """Point the diverters at the bin of what falls now; each goes back by itself."""
        wanted = self._falling.bin if self._falling is not None else ""
        for name, one in self._bins.options.items():
            if one.diverter and name != wanted:
                await self._switch(one.diverter, False)
        if wanted and self._bins.options[wanted].diverter:
            seconds = self._options.shutter_seconds + FALL_SECONDS
            await self._switch(self._bins.options[wanted].diverter, True, seconds)

    def _jam(self) -> str:
        """Return what sticks and the bin it belongs in, in no language."""
        falling = self._falling
        return f"{falling.names} -> {falling.bin}" if falling is not None else "?"

    def _doubtful(self, reason: str) -> None:
        """Have a person look for what was recorded and perhaps did not fall into its bin."""
        falling, self._falling = self._falling, None
        if falling is None or falling.fell:
            return
        for item in falling.items:
            fact = TakenAside(bin=falling.bin, reason=reason, item=item.item, uid=item.key)
            self._recorder.put(fact)
        if reason == "taken_out":
            self._counted(falling.bin, -max(1, len(falling.items)))

    def _look_after_falling(self, now: float) -> None:
        """Notice an item that left the chute and never passed the sensor behind the shutter."""
        falling = self._falling
        if falling is None or falling.left is None or now - falling.left < FALL_SECONDS:
            return
        if self._options.fell:
            self._doubtful("taken_out")
        self._falling = None

    def _tell_level(self, bin_name: str) -> None:
        one = self._bins[bin_name]
        if one.news():
            self._recorder.put(BinChanged(bin=bin_name, percent=one.percent, items=one.items))

    async def _switch(self, line: str, active: bool, seconds: float | None = None) -> None:
        try:
            await self._board.call(lambda board: board.set(line, active, seconds))
        except DeviceAwayError:
            return  # told once by the device itself
        except DriverError as error:
            log.warning("%s: %s could not be switched: %s", self._options.name, line, error)

    async def _watch_board(self) -> None:
        more = ("shutter_open", self._options.tamper, self._options.fell, "flap")
        while True:
            try:
                await self._board.wait_up()
                await self._switch("light", self._chute.state is State.READY)
                for line in (*sorted(self._bins.lines), *more):
                    with contextlib.suppress(KeyError, OptionError):  # a line it does not have
                        await self._changed(line, self._board.port().active(line))
                while True:
                    change = await self._board.call(lambda board: board.next_change())
                    await self._changed(change.line, change.active)
            except DriverError as error:
                log.debug("%s: %s", self._options.name, error)
                await asyncio.sleep(TICK)

    async def _changed(self, line: str, active: bool) -> None:
        if line == "flap":
            await self._events.put(Event.ITEM_IN if active else Event.ITEM_OUT)
        elif line == "shutter_open":
            self._open_since = asyncio.get_running_loop().time() if active else None
        elif line and line == self._options.tamper:
            self._tampered(active)
        elif line and line == self._options.fell:
            if active and self._falling is not None:
                self._falling.fell = True
        elif line in self._bins.lines:
            await self._bin_changed(line, active)

    async def _bin_changed(self, line: str, active: bool) -> None:
        """A sensor or a door of the bins changed: tell levels, what was emptied, and the chute."""
        full, door = self._bins.full, self._bins.door
        for name in self._bins.note(line, active):
            self._tell_level(name)
        for name, count in self._bins.emptied().items():
            self._recorder.put(BinChanged(bin=name, items=count, emptied=True))
        if self._bins.full != full:
            await self._events.put(Event.BIN_FULL if self._bins.full else Event.BIN_FREE)
        if self._bins.door != door:
            event = Event.DOOR_OPENED if self._bins.door else Event.DOOR_CLOSED
            await self._events.put(event)

    def _tampered(self, active: bool) -> None:
        if active:
            why = "The case of the book drop is open or was touched. Please look at it."
            self._recorder.trouble(self._options.name, "tamper", why)
        else:
            self._recorder.well(self._options.name, "tamper")

    async def _watch_shutter(self) -> None:
        """Tell the chute when the shutter stands open although nobody opened it."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK)
            self._look_after_falling(loop.time())
            if self._chute.state is State.LETTING_IN and self._open_since is not None:
                self._open_since = loop.time()
            since = self._open_since
            stuck = since is not None and loop.time() - since >= self._options.shut_seconds
            if stuck != self._shutter_stuck:
                self._shutter_stuck = stuck
                await self._events.put(Event.SHUTTER_STUCK if stuck else Event.SHUTTER_FREE)

    async def _watch_reader(self) -> None:
        while True:
            if self._reader.up != self._reader_up:
                self._reader_up = self._reader.up
                event = Event.READER_BACK if self._reader_up else Event.READER_LOST
                await self._events.put(event)
            await asyncio.sleep(TICK)


STATION = StationEntry(
    name="drop",
    options=DropOptions,
    make=Drop,
    help="a book drop: one item at a time, armed and recorded before it falls",
)
