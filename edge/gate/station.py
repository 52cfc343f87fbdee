"""The gate station: asks the RFID reader, follows the beams, rings, and tells the journal.

The judgement is in the tables of :mod:`edge.gate.tags` and :mod:`edge.gate.beams`; here they meet
the devices. A reader that is away does not stop the counting, a board that is away does not stop
the alarms from being recorded.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

from drivers.errors import DriverError, GateDataLostError, OptionError
from drivers.ports import (
    Board,
    GateReader,
    LineChange,
    PeopleCount,
    PeopleCounter,
    Sighting,
)
from edge.device import Device, DeviceAwayError
from edge.gate.beamcare import BeamCare
from edge.gate.beams import Direction, Passages
from edge.gate.bell import Bell
from edge.gate.hints import Hints
from edge.gate.hours import mode_at, read
from edge.gate.judge import Judgement, judge, still_unlent
from edge.gate.loancopy import LoanCopy
from edge.gate.memory import load, save
from edge.gate.muting import Muting
from edge.gate.options import GateOptions
from edge.gate.people import People
from edge.gate.tags import Effect, LetPass, Record, Ring, Sight, Tags
from edge.gate.troubles import BEAMS, FIRE, TAMPER
from edge.recorder import Recorder
from edge.station import NotPossibleError, Services, StationEntry
from edge.wire.facts import Fact, GateAlarm, GateHint, GateLetPass

if TYPE_CHECKING:
    from edge.gate.screen import GateScreen

log = logging.getLogger(__name__)
TICK = 0.1
ASLEEP_AFTER_MS = 10_000
SLOWEST_POLL = 0.1
PAUSE_AFTER_ERROR = 1.0
DATA_LOST_MS = 60_000
"""Data loss is a trouble until the reader's buffer has kept up for so long."""
CAREFUL = 3
"""Times the usual sightings asked of a tag that staff found to give false alarms."""
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
        self._tags, self._hints = Tags(options.rule()), Hints(options.absence_ms)
        self._passages = Passages(options.gap_ms, int(options.blocked_seconds * 1000))
        self._care = BeamCare()
        self._kept_in = services.agent.data / f"gate-{options.name}.json"
        kept = load(self._kept_in)
        zone, bucket = services.replica.policy.zone, int(options.count_minutes * 60_000)
        self._people = People(options.name, zone, self._clock.now_ms(), kept, bucket)
        self._recorder = Recorder(services.journal)
        self._bell = Bell(options, self._board, self._reader)
        self._muting = Muting(options.name, kept, self._clock.now_ms)
        self._hours = [read(row) for row in options.schedule]
        self._loans = LoanCopy(
            services.replica,
            services.desk.secret("loans"),
            services.agent.data / f"loans-{options.name}.bin",
            services.lent,
        )
        self._screen = _screen(options, services.agent.name)
        self._last_life = 0
        self._lost_at: int | None = None

    async def run(self) -> None:
        """Work until cancelled; what was counted and not journaled yet is journaled at the end."""
        async with asyncio.TaskGroup() as group:
            name = self._options.name
            group.create_task(self._recorder.run(), name=f"{name} recorder")
            self._services.on_heard.append(self._heard)
            try:
                async with asyncio.TaskGroup() as work:
                    work.create_task(self._watch_reader(), name=f"{name} reader")
                    work.create_task(self._watch_time(), name=f"{name} time")
                    work.create_task(self._count(), name=f"{name} count")
                    work.create_task(self._loans.run(), name=f"{name} loans")
                    if self._options.people == "reader":
                        work.create_task(self._ask_people(), name=f"{name} people")
                    if self._screen is not None:
                        work.create_task(self._screen.run(), name=f"{name} screen")
                    if self._board is not None:
                        work.create_task(self._watch_board(self._board), name=f"{name} board")
            finally:
                self._services.on_heard.remove(self._heard)
                self._record(self._tags.flush())
                self._put_count()

    def numbers(self) -> dict[str, float]:
        """Return people in and out today, the estimate of those inside, alarms, and the state."""
        return self._people.numbers(self._clock.now_ms()) | {
            "muted": float(self._muting.on),
            "fire": float(self._bell.fire),
            "loans": len(self._loans),
            "elsewhere": len(self._services.lent or ()),
        }

    def mute(self, until_ms: int, by: str = "", why: str = "") -> None:
        """Keep lamp and buzzer quiet until then (0: no longer); who and why are recorded.

        Armed tags are recorded as let through. It holds over a restart, and never for longer than
        twelve hours.
        """
        self._recorder.put(self._muting.set(until_ms, by, why))
        self._keep()

    async def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Take the centre's ``mute`` (``until`` in ms, ``who``, ``why``)."""
        if name != "mute":
            raise NotPossibleError("A gate can only be muted.")
        self.mute(int(args.get("until", 0)), str(args.get("who", "")), str(args.get("why", "")))
        return {"until": self._muting.until}

    def _heard(self, _device: str, fact: Fact) -> None:
        """A gate of the same name at this site was muted: both are one door."""
        if self._muting.heard(fact):
            self._keep()

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
        options = self._options
        if options.security != "loans" and self._hints.same(uid, sighting.afi):
            self._hints.seen(uid, now, direction)
            return []
        verdict = judge(self._services, self._loans, options.ways(), sighting)
        if not verdict.armed:
            self._hints.seen(
                uid, now, direction, item=verdict.item, hint=verdict.hint, sight=verdict.sight
            )
            return []
        if verdict.hint:
            self._hint(uid, verdict.item, direction, verdict.hint, verdict.sight)
        return self._tags.seen(
            uid, now, direction, item=verdict.item, excuse=verdict.excuse or self._quiet(),
            sight=verdict.sight, careful=self._careful(verdict, verdict.sight.part),
        )  # fmt: skip

    def _mode(self) -> str:
        return mode_at(self._hours, self._clock.now_ms(), self._services.replica.policy.zone)

    def _quiet(self) -> str:
        """Return why nothing rings now, whatever passes."""
        if self._bell.fire:
            return "fire"
        if self._muting.on:
            return "muted"
        return "hours" if self._mode() == "record" else ""

    def _careful(self, verdict: Judgement, part: str) -> int:
        noisy, gate = self._services.noisy, self._options.name
        if not noisy:
            return 1
        hour = self._people.hour(self._clock.now_ms())
        names = {f"uid:{verdict.uid}", f"antenna:{gate}:{part}", f"hour:{gate}:{hour}"}
        return CAREFUL if noisy & names else 1

    async def _perform(self, effects: list[Effect]) -> None:
        """Ring first, write afterwards."""
        if any(isinstance(effect, Ring) for effect in effects):
            await self._bell.ring(sound=self._mode() == "ring")
            if self._screen is not None:
                self._screen.please()
        self._record(effects)

    def _hint(
        self, uid: str, item: str | None, direction: Direction, reason: str, sight: Sight
    ) -> None:
        saw = {"gate": self._options.name, "uid": uid, "item": item, **asdict(sight)}
        self._recorder.put(GateHint(direction=direction, reason=reason, **saw))

    def _record(self, effects: Iterable[Effect]) -> None:
        gate = {"gate": self._options.name}
        for effect in effects:
            match effect:
                case Record(uid, item, direction, sight):
                    saw = {"uid": uid, "item": item, **asdict(sight), **gate}
                    self._recorder.put(GateAlarm(direction=direction, **saw))
                case LetPass(uid, item, reason, sight):
                    saw = {"uid": uid, "item": item, **asdict(sight), **gate}
                    self._recorder.put(GateLetPass(reason=reason, **saw))
                case Ring():
                    self._people.alarmed(self._clock.now_ms())

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
                await self._take_levels(board.port())
                while True:
                    await self._changed(await board.call(lambda port: port.next_change()))
            except DriverError as error:
                log.debug("%s: %s", self._options.name, error)
                await asyncio.sleep(TICK)

    async def _take_levels(self, board: Board) -> None:
        fire = self._bell.fire
        with contextlib.suppress(KeyError, OptionError):  # a line this gate does not have
            fire = board.active("fire")
        await self._changed(LineChange("fire", fire))
        for line in (*_BEAMS, "tamper"):
            with contextlib.suppress(KeyError, OptionError):
                await self._changed(LineChange(line, board.active(line)))

    async def _changed(self, change: LineChange) -> None:
        now = self._clock.mono_ms()
        self._last_life = now
        if change.line == "fire":
            await self._bell.set_fire(change.active)
            if self._screen is not None:
                self._screen.fire(change.active)
            self._tell("fire", FIRE if change.active else "")
        elif change.line == "tamper":
            self._tell("tamper", TAMPER if change.active else "")
        elif change.line in _BEAMS:
            beam = _BEAMS[change.line]
            direction = self._passages.change(beam, change.active, now)
            self._care.change(beam, change.active, now)
            if self._options.people == "beams":
                self._people.passed(direction, self._clock.now_ms())
            if not self._passages.blocked:
                self._recorder.well(self._options.name, "beam_blocked")

    def _tell(self, reason: str, why: str) -> None:
        """Tell a trouble of this gate, or (without a sentence) its end."""
        if why:
            self._recorder.trouble(self._options.name, reason, why)
        else:
            self._recorder.well(self._options.name, reason)

    async def _watch_time(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            now = self._clock.mono_ms()
            if self._passages.tick(now):
                self._tell("beam_blocked", BEAMS["beam_blocked"])
            direction = self._passages.direction(now)
            if self._tags.present:
                await self._perform(self._tags.tick(now, direction))
            for tag in self._hints.tick(now, direction):
                sure = tag.hint != "not_lent" or still_unlent(
                    self._services, self._loans, tag.uid, tag.item
                )
                if sure:
                    sight = replace(tag.sight, reads=tag.reads)
                    self._hint(tag.uid, tag.item, tag.direction, tag.hint, sight)

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(self._options.count_seconds())
            now = self._clock.now_ms()
            if self._people.due(now):
                self._put_count()
            day = self._people.close(now, self._services.replica.policy.closes)
            if day is not None:
                self._recorder.put(day)
                self._keep()
            found = self._care.found(self._clock.mono_ms())
            for reason in ("beam_dirty", "beam_blind"):
                self._tell(reason, BEAMS[reason] if reason in found else "")

    def _put_count(self) -> None:
        count = self._people.take(self._clock.now_ms())
        if count is not None:
            self._recorder.put(count)
        self._keep()

    def _keep(self) -> None:
        save(self._kept_in, self._people.kept)

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


def _screen(options: GateOptions, library: str) -> "GateScreen | None":
    if not options.screen_port:
        return None
    from edge.gate.screen import GateScreen  # only who has a screen needs a web server

    return GateScreen(options.name, library, options.screen_port)


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
