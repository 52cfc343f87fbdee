"""The gate station: asks the RFID reader, follows the beams, rings, and tells the journal.

The judgement is in the tables of :mod:`edge.gate.tags` and :mod:`edge.gate.beams`; here they meet
the devices. A reader that is away does not stop the counting, a board that is away does not stop
the alarms from being recorded.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal

from drivers.errors import DriverError, GateDataLostError, OptionError
from drivers.ports import (
    Board,
    GateReader,
    LineChange,
    PeopleCount,
    PeopleCounter,
    Relays,
    Sighting,
)
from edge.device import Device, DeviceAwayError
from edge.gate.beams import Passages
from edge.gate.judge import judge
from edge.gate.options import GateOptions
from edge.gate.people import People
from edge.gate.tags import Effect, LetPass, Record, Ring, Tags
from edge.recorder import Recorder
from edge.station import Services, StationEntry
from edge.wire.facts import GateAlarm, GateLetPass

log = logging.getLogger(__name__)
TICK = 0.1
ASLEEP_AFTER_MS = 10_000
SLOWEST_POLL = 0.1
PAUSE_AFTER_ERROR = 1.0
DATA_LOST_MS = 60_000
"""Data loss is a trouble until the reader's buffer has kept up for so long."""
_BEAMS: dict[str, Literal["a", "b"]] = {"beam_a": "a", "beam_b": "b"}


class Gate:
    """One gate. :meth:`run` works until it is cancelled."""

    def __init__(self, options: GateOptions, services: Services) -> None:
        self._options = options
        self._services = services
        self._clock = services.clock
        self._reader: Device[GateReader] = services.devices[options.reader]
        self._board: Device[Board] | None = (
            services.devices[options.board] if options.board else None
        )
        self._tags = Tags(options.rule())
        self._passages = Passages(options.gap_ms, int(options.blocked_seconds * 1000))
        zone = services.replica.policy.zone
        self._people = People(options.name, zone, self._clock.now_ms())
        self._recorder = Recorder(services.journal)
        self._muted_until = 0
        self._last_life = 0
        self._lost_at: int | None = None

    async def run(self) -> None:
        """Work until cancelled; what was counted and not journaled yet is journaled at the end."""
        async with asyncio.TaskGroup() as group:
            name = self._options.name
            group.create_task(self._recorder.run(), name=f"{name} recorder")
            try:
                async with asyncio.TaskGroup() as work:
                    work.create_task(self._watch_reader(), name=f"{name} reader")
                    work.create_task(self._watch_time(), name=f"{name} time")
                    work.create_task(self._count(), name=f"{name} count")
                    if self._options.people == "reader":
                        work.create_task(self._ask_people(), name=f"{name} people")
                    if self._board is not None:
                        work.create_task(self._watch_board(self._board), name=f"{name} board")
            finally:
                self._record(self._tags.flush())
                self._put_count()

    def numbers(self) -> dict[str, float]:
        """Return people in and out today, the estimate of those inside, and alarms today."""
        return self._people.numbers(self._clock.now_ms())

    def mute(self, until_ms: int) -> None:
        """Keep lamp and buzzer quiet until then; armed tags are recorded as let through."""
        self._muted_until = until_ms

    async def _watch_reader(self) -> None:
        while True:
            try:
                found = await self._reader.call(lambda reader: reader.sightings())
            except DeviceAwayError:
                await self._reader.wait_up()
                continue
            except GateDataLostError as error:
                self._data_lost(error)
                continue
            except DriverError as error:
                log.warning("%s: %s", self._options.name, error)
                await asyncio.sleep(PAUSE_AFTER_ERROR)
                continue
            if found:
                self._last_life = self._clock.mono_ms()
            effects: list[Effect] = []
            for sighting in found:
                effects += self._seen(sighting)
            await self._perform(effects)
            self._data_kept_up()
            await asyncio.sleep(self._pause())

    def _seen(self, sighting: Sighting) -> list[Effect]:
        now, uid = self._clock.mono_ms(), sighting.uid.hex().upper()
        direction = self._passages.direction(now)
        if uid in self._tags:
            return self._tags.seen(uid, now, direction)
        verdict = judge(self._services, sighting)
        if not verdict.armed:
            return []
        muted = "muted" if self._muted_until > self._clock.now_ms() else ""
        excuse = verdict.excuse or muted
        return self._tags.seen(uid, now, direction, item=verdict.item, excuse=excuse)

    async def _perform(self, effects: list[Effect]) -> None:
        """Ring first, write afterwards."""
        if any(isinstance(effect, Ring) for effect in effects):
            await self._ring()
        self._record(effects)

    def _record(self, effects: Iterable[Effect]) -> None:
        gate = self._options.name
        for effect in effects:
            match effect:
                case Record(uid, item, direction):
                    afi = self._services.replica.policy.afi_in
                    fact = GateAlarm(gate=gate, uid=uid, item=item, afi=afi, direction=direction)
                    self._recorder.put(fact)
                case LetPass(uid, item, reason):
                    self._recorder.put(GateLetPass(gate=gate, uid=uid, item=item, reason=reason))
                case Ring():
                    self._people.alarmed(self._clock.now_ms())

    async def _ring(self) -> None:
        await self._ring_relay()
        if self._board is None:
            return
        outputs = {"lamp": self._options.lamp_seconds, "buzzer": self._options.buzzer_seconds}
        for line, seconds in outputs.items():
            try:
                if seconds > 0:
                    await self._board.call(_switching(line, seconds))
            except DriverError as error:
                log.warning("%s: alarm without %s: %s", self._options.name, line, error)

    async def _ring_relay(self) -> None:
        if not self._options.relay:
            return
        try:
            await self._reader.call(self._switch_relay)
        except DriverError as error:
            log.warning("%s: alarm without the reader's relay: %s", self._options.name, error)

    async def _switch_relay(self, reader: GateReader) -> None:
        if isinstance(reader, Relays):
            await reader.set_relay(self._options.relay, True, self._options.lamp_seconds)

    async def _ask_people(self) -> None:
        """Take the difference of the reader's own counter, again and again."""
        last: PeopleCount | None = None
        while True:
            try:
                now = await self._reader.call(_people)
                if last is not None and now is not None:
                    self._people.counted(*_more(last, now), self._clock.now_ms())
                last = now
            except DriverError as error:
                log.debug("%s: people are not counted: %s", self._options.name, error)
            await asyncio.sleep(self._options.people_seconds)

    async def _watch_board(self, board: Device[Board]) -> None:
        while True:
            try:
                await board.wait_up()
                self._take_levels(board.port())
                while True:
                    self._changed(await board.call(lambda port: port.next_change()))
            except DriverError as error:
                log.debug("%s: %s", self._options.name, error)
                await asyncio.sleep(TICK)

    def _take_levels(self, board: Board) -> None:
        for line in (*_BEAMS, "tamper"):
            with contextlib.suppress(KeyError, OptionError):  # a line this gate does not have
                self._changed(LineChange(line, board.active(line)))

    def _changed(self, change: LineChange) -> None:
        now = self._clock.mono_ms()
        self._last_life = now
        if change.line == "tamper":
            self._tampered(change.active)
        elif change.line in _BEAMS:
            direction = self._passages.change(_BEAMS[change.line], change.active, now)
            if self._options.people == "beams":
                self._people.passed(direction, self._clock.now_ms())
            if not self._passages.blocked:
                self._recorder.well(self._options.name, "beam_blocked")

    def _tampered(self, active: bool) -> None:
        if active:
            why = "The cover of the gate is open or was touched. Please look at the gate."
            self._recorder.trouble(self._options.name, "tamper", why)
        else:
            self._recorder.well(self._options.name, "tamper")

    async def _watch_time(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            now = self._clock.mono_ms()
            if self._passages.tick(now):
                why = (
                    "A light beam of the gate is blocked. Take away what stands in it, or clean it."
                )
                self._recorder.trouble(self._options.name, "beam_blocked", why)
            if self._tags.present:
                await self._perform(self._tags.tick(now, self._passages.direction(now)))

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(self._options.count_minutes * 60)
            self._put_count()

    def _put_count(self) -> None:
        count = self._people.take(self._clock.now_ms())
        if count is not None:
            self._recorder.put(count)

    def _pause(self) -> float:
        """Ask less often while nobody is near, if there are beams to say so."""
        quiet = self._clock.mono_ms() - self._last_life > ASLEEP_AFTER_MS
        awake = self._board is None or not self._board.up or self._passages.blocked
        pause = self._options.poll_ms / 1000
        return max(pause, SLOWEST_POLL) if quiet and not awake else pause

    def _data_lost(self, error: GateDataLostError) -> None:
        self._lost_at = self._clock.mono_ms()
        why = f"{error}. {error.hint}"
        self._recorder.trouble(self._options.reader, "gate_data_lost", why)

    def _data_kept_up(self) -> None:
        if self._lost_at is None or self._clock.mono_ms() - self._lost_at < DATA_LOST_MS:
            return
        self._lost_at = None
        self._recorder.well(self._options.reader, "gate_data_lost")


def _switching(line: str, seconds: float) -> Callable[[Board], Awaitable[None]]:
    return lambda board: board.set(line, True, seconds)


async def _people(reader: GateReader) -> PeopleCount | None:
    return await reader.people_count() if isinstance(reader, PeopleCounter) else None


def _more(last: PeopleCount, now: PeopleCount) -> tuple[int, int]:
    """Return who came and went since; a counter below the last count began anew."""
    if now.entered < last.entered or now.left < last.left:
        return now.entered, now.left
    return now.entered - last.entered, now.left - last.left


STATION = StationEntry(
    name="gate",
    options=GateOptions,
    make=Gate,
    help="a security gate: alarms on armed items, counts people",
)
