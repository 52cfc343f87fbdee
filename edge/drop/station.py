"""The book-drop station: looks into the chute, arms and records, then opens the shutter.

What happens when is in the table of :mod:`edge.drop.chute`. An item passes the shutter only after
its return is in the journal, so that a power cut leaves it in the chute.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import Any

from drivers.errors import DriverError, OptionError
from drivers.ports import Board, ItemReader
from edge.device import Device, DeviceAwayError
from edge.drop.bin import Bin
from edge.drop.chute import Chute, Effect, Event, State
from edge.items import PadItem, PadWatch
from edge.journal import JournalError
from edge.recorder import Recorder
from edge.station import Services, StationEntry
from edge.tagwork import TagWork
from edge.wire.facts import BinChanged, DropRefused, TagTrouble

log = logging.getLogger(__name__)
TICK = 0.25
LOOK_EVERY = 0.08
_REFUSED = {State.FULL: "full", State.STUCK: "shutter_stuck"}
_LINES: dict[str, tuple[Event, Event]] = {
    "bin_door": (Event.DOOR_OPENED, Event.DOOR_CLOSED),
    "bin_full": (Event.BIN_FULL, Event.BIN_FREE),
    "flap": (Event.ITEM_IN, Event.ITEM_OUT),
}


def _help(text: str, **more: Any) -> dict[str, Any]:
    return {"help": text, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class DropOptions:
    """A book drop: one RFID reader at the chute and one board."""

    reader: str = field(metadata=_help("device: the RFID reader at the chute", device=ItemReader))
    board: str = field(
        metadata=_help(
            "device: inputs flap, bin_half, bin_full, bin_door, shutter_open; outputs shutter, light",
            device=Board,
        )
    )
    name: str = field(default="drop", metadata=_help("the drop's name in troubles and counts"))
    bin: str = field(default="1", metadata=_help("the bin's name on the console"))
    capacity: int = field(default=60, metadata=_help("items that fill the bin, as an estimate"))
    settle_seconds: float = field(
        default=0.3, metadata=_help("how long the same tags must be seen before it counts, s")
    )
    look_seconds: float = field(
        default=2.0, metadata=_help("how long to look for a tag before the item is refused, s")
    )
    shutter_seconds: float = field(
        default=4.0, metadata=_help("how long the shutter stays open for an item to fall, s")
    )
    shut_seconds: float = field(
        default=3.0,
        metadata=_help("if input shutter_open is on for so long unasked, the shutter is stuck, s"),
    )
    tamper: str = field(
        default="", metadata=_help("input that tells of an opened case, such as tamper; or empty")
    )

    def __post_init__(self) -> None:
        """Refuse numbers that make no drop."""
        for option in ("capacity", "look_seconds", "shutter_seconds", "shut_seconds"):
            if getattr(self, option) <= 0:
                raise ValueError(f"{option}: must be more than 0")


class Drop:
    """One book drop. :meth:`run` works until it is cancelled."""

    def __init__(self, options: DropOptions, services: Services) -> None:
        self._options = options
        self._reader: Device[ItemReader] = services.devices[options.reader]
        self._board: Device[Board] = services.devices[options.board]
        self._watch = PadWatch(self._reader, services.replica)
        self._work = TagWork(services, self._reader, self._watch)
        self._chute = Chute()
        self._bin = Bin(options.capacity, services.agent.data / f"bin-{options.name}.json")
        self._bin.load()
        self._recorder = Recorder(services.journal)
        self._reader_up = True
        self._open_since: float | None = None
        self._shutter_stuck = False
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
                work.create_task(self._follow(), name=f"{name} chute")

    def numbers(self) -> dict[str, float]:
        """Return how full the bin is, and whether the drop takes items now."""
        ready = self._chute.state in (State.READY, State.LOOKING, State.LETTING_IN)
        return {
            "bin_percent": self._bin.percent,
            "bin_items": self._bin.items,
            "ready": float(ready and self._board.up),
        }

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
        for effect in self._chute.on(event):
            await self._do(effect)

    async def _do(self, effect: Effect) -> None:
        match effect:
            case Effect.LIGHT_ON | Effect.LIGHT_OFF:
                await self._switch("light", effect is Effect.LIGHT_ON)
            case Effect.OPEN_SHUTTER:
                await self._switch("shutter", True, self._options.shutter_seconds)
            case Effect.CLOSE_SHUTTER:
                await self._switch("shutter", False)
            case Effect.LOOK:
                await self._look()
            case Effect.JAM:
                why = "An item is stuck in the chute of the book drop. Please take it out."
                self._recorder.trouble(self._options.name, "jam", why)
            case Effect.JAM_OVER:
                self._recorder.well(self._options.name, "jam")
            case Effect.SHUTTER_JAM:
                why = "The shutter of the book drop stands open. Please look what keeps it open."
                self._recorder.trouble(self._options.name, "shutter_stuck", why)
            case Effect.SHUTTER_JAM_OVER:
                self._recorder.well(self._options.name, "shutter_stuck")
            case Effect.REFUSE:
                reason = _REFUSED.get(self._chute.state, "reader_away")
                self._recorder.put(DropRefused(reason=reason))
            case Effect.EMPTIED:
                count = self._bin.empty()
                fact = BinChanged(bin=self._options.bin, items=count, emptied=True)
                self._recorder.put(fact)

    async def _look(self) -> None:
        """Find out what is in the chute, take it back if it is one good item."""
        self._watch.forget()
        try:
            item, reason = await self._one_item()
            if item is not None and await self._take_back(item):
                await self._on(Event.ACCEPTED)
                return
        except DeviceAwayError:
            self._reader_up = False
            await self._on(Event.READER_LOST)
            return
        except JournalError as error:
            log.error("%s: a return could not be recorded: %s", self._options.name, error)
            item, reason = None, "not_recorded"
        if self._in_chute():
            reason = reason or "removed"
            self._recorder.put(DropRefused(reason=reason, uid=item.key if item else None))
        await self._on(Event.REFUSED)

    async def _one_item(self) -> tuple[PadItem | None, str]:
        """Return the one item that lies there, or why there is not exactly one good one."""
        loop = asyncio.get_running_loop()
        begun = since = loop.time()
        last: frozenset[bytes] = frozenset()
        while self._in_chute():
            items = await self._watch.look()
            here, now = frozenset(one.uid for one in items), loop.time()
            if here != last:
                last, since = here, now
            if here and now - since >= self._options.settle_seconds:
                return self._pick(items)
            if now - begun >= self._options.look_seconds + (1.0 if here else 0.0):
                return self._pick(items)
            await asyncio.sleep(LOOK_EVERY)
        return None, "removed"

    def _pick(self, items: list[PadItem]) -> tuple[PadItem | None, str]:
        if len(items) != 1:
            return None, "several" if items else "no_tag"
        [item] = items
        if not item.trouble and item.item:
            return item, ""
        reason = item.trouble or "unreadable"
        fact = TagTrouble(reason=reason, uid=item.key, item=item.item, station=self._options.name)
        self._recorder.put(fact)
        return None, reason

    async def _take_back(self, item: PadItem) -> bool:
        done = await self._work.take_back(item, "drop", bin_name=self._options.bin)
        if done.event_id is None:
            if not done.removed:
                raise DeviceAwayError(f"{self._reader.name}: {self._reader.why}")
            return False
        self._bin.add()
        self._tell_level()
        return True

    def _in_chute(self) -> bool:
        """Return whether something is in the chute, as far as the board can say."""
        try:
            return self._board.port().active("flap")
        except DriverError:
            return True

    def _tell_level(self) -> None:
        if self._bin.news():
            fact = BinChanged(
                bin=self._options.bin, percent=self._bin.percent, items=self._bin.items
            )
            self._recorder.put(fact)

    async def _switch(self, line: str, active: bool, seconds: float | None = None) -> None:
        try:
            await self._board.call(lambda board: board.set(line, active, seconds))
        except DeviceAwayError:
            return  # told once by the device itself
        except DriverError as error:
            log.warning("%s: %s could not be switched: %s", self._options.name, line, error)

    async def _watch_board(self) -> None:
        while True:
            try:
                await self._board.wait_up()
                await self._switch("light", self._chute.state is State.READY)
                for line in ("bin_half", "shutter_open", self._options.tamper, *_LINES):
                    with contextlib.suppress(KeyError, OptionError):  # a line it does not have
                        await self._changed(line, self._board.port().active(line))
                while True:
                    change = await self._board.call(lambda board: board.next_change())
                    await self._changed(change.line, change.active)
            except DriverError as error:
                log.debug("%s: %s", self._options.name, error)
                await asyncio.sleep(TICK)

    async def _changed(self, line: str, active: bool) -> None:
        if line == "bin_half":
            self._bin.half = active
        elif line == "bin_full":
            self._bin.full = active
        elif line == "shutter_open":
            self._open_since = asyncio.get_running_loop().time() if active else None
        elif line and line == self._options.tamper:
            self._tampered(active)
        if line in ("bin_half", "bin_full"):
            self._tell_level()
        if line in _LINES:
            await self._events.put(_LINES[line][0 if active else 1])

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
