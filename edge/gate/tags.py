"""What becomes of each tag that a gate sees: counted, waited for, alarmed once, forgotten. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from edge.gate.beams import Direction


class Stage(StrEnum):
    """How far a tag has come in the gate's judgement."""

    COUNTING = "counting"
    WAITING = "waiting"
    ALARMED = "alarmed"
    ENTERED = "entered"
    EXCUSED = "excused"
    GONE = "gone"


class Step(StrEnum):
    """What happens to a tag.

    ``SURE``: seen often enough; ``LEAVES``/``ENTERS``: its way is known (a gate that alarms both
    ways says ``LEAVES`` at once); ``WAITED``: its way stays unknown; ``ABSENT``: not seen any more.
    """

    SURE = "sure"
    EXCUSED = "excused"
    LEAVES = "leaves"
    ENTERS = "enters"
    WAITED = "waited"
    ABSENT = "absent"


TABLE: dict[Stage, dict[Step, Stage]] = {
    Stage.COUNTING: {
        Step.SURE: Stage.WAITING, Step.EXCUSED: Stage.EXCUSED, Step.ABSENT: Stage.GONE,
    },
    Stage.WAITING: {
        Step.LEAVES: Stage.ALARMED, Step.WAITED: Stage.ALARMED, Step.ENTERS: Stage.ENTERED,
    },
    Stage.ALARMED: {Step.ABSENT: Stage.GONE},
    Stage.ENTERED: {Step.LEAVES: Stage.ALARMED, Step.ABSENT: Stage.GONE},
    Stage.EXCUSED: {Step.ABSENT: Stage.GONE},
    Stage.GONE: {},
}  # fmt: skip
"""Where each step leads; a step that is not named changes nothing."""


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for the manual."""
    rows = [f"    {a} --> {b}: {e}" for a, row in TABLE.items() for e, b in row.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> counting", *rows, "    gone --> [*]"])


@dataclass(frozen=True, slots=True)
class Sight:
    """What the first sight of a tag told (see :class:`edge.wire.facts.GateSaw`), and all reads."""

    part: str = ""
    afi: int | None = None
    rssi: int | None = None
    format: str = ""
    owner: str = ""
    since: int = 0
    reads: int = 1


NOTHING = Sight(reads=0)


@dataclass(frozen=True, slots=True)
class Ring:
    """Lamp and buzzer, now."""

    uid: str
    item: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """Journal the alarm: its direction is known, or will not be."""

    uid: str
    item: str | None
    direction: Direction
    sight: Sight = field(default=NOTHING, compare=False)


@dataclass(frozen=True, slots=True)
class LetPass:
    """Journal that an armed tag was let through, and why."""

    uid: str
    item: str | None
    reason: str
    sight: Sight = field(default=NOTHING, compare=False)


Effect = Ring | Record | LetPass


@dataclass(frozen=True, slots=True)
class Rule:
    """How a gate judges. Times in ms; ``sightings`` within ``window_ms`` make sure."""

    sightings: int = 1
    window_ms: int = 1000
    absence_ms: int = 5000
    direction_ms: int = 700
    alarm_on: Literal["any", "out"] = "any"


@dataclass(slots=True)
class _Tag:
    uid: str
    item: str | None
    first: int
    last: int
    stage: Stage = Stage.COUNTING
    times: list[int] = field(default_factory=list)
    sure_at: int = 0
    recorded: bool = False
    sight: Sight = NOTHING
    reads: int = 0
    needed: int = 1


class Tags:
    """The armed tags in and near the gate; times are of a clock that never goes back."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._tags: dict[str, _Tag] = {}

    def __contains__(self, uid: str) -> bool:
        """Whether the tag is known already, so that it needs no judging again."""
        return uid in self._tags

    @property
    def present(self) -> int:
        """How many armed tags are here."""
        return len(self._tags)

    def seen(
        self,
        uid: str,
        now: int,
        direction: Direction,
        *,
        item: str | None = None,
        excuse: str = "",
        sight: Sight = NOTHING,
        careful: int = 1,
    ) -> list[Effect]:
        """Take a sighting of an armed tag.

        What its first ``sight`` says counts: ``excuse`` is why it may pass, ``careful`` how many times the usual sightings are asked of it.
        """
        tag = self._tags.get(uid)
        if tag is None:
            tag = self._tags[uid] = _Tag(uid, item, first=now, last=now, sight=sight)
            tag.needed = self.rule.sightings * careful
        tag.last, tag.reads = now, tag.reads + 1
        tag.times = [t for t in tag.times if now - t < self.rule.window_ms] + [now]
        if excuse and self._step(tag, Step.EXCUSED):
            return [LetPass(uid, tag.item, excuse, _sum(tag))]
        if len(tag.times) >= tag.needed and self._step(tag, Step.SURE):
            tag.sure_at = now
        return list(self._judge(tag, now, direction))

    def tick(self, now: int, direction: Direction) -> list[Effect]:
        """Let time pass."""
        effects: list[Effect] = []
        for tag in list(self._tags.values()):
            effects += self._judge(tag, now, direction)
            if now - tag.last >= self.rule.absence_ms:
                effects += self._close(tag)
                self._step(tag, Step.ABSENT)
            if tag.stage is Stage.GONE:
                del self._tags[tag.uid]
        return effects

    def flush(self) -> list[Effect]:
        """Give out what still waits for a direction: the gate stops."""
        return [effect for tag in self._tags.values() for effect in self._close(tag)]

    def _judge(self, tag: _Tag, now: int, direction: Direction) -> Iterator[Effect]:
        waited = now - tag.sure_at >= self.rule.direction_ms
        if self.rule.alarm_on == "any" or direction == "out":
            rang = self._step(tag, Step.LEAVES)
        elif direction == "in":
            rang = False
            if self._step(tag, Step.ENTERS):
                yield LetPass(tag.uid, tag.item, "entering", _sum(tag))
        else:
            rang = waited and tag.stage is Stage.WAITING and self._step(tag, Step.WAITED)
        if rang:
            tag.sure_at = now
            yield Ring(tag.uid, tag.item)
        if tag.stage is Stage.ALARMED and (direction or (waited and not rang)):
            yield from self._close(tag, direction)

    def _close(self, tag: _Tag, direction: Direction = "") -> Iterator[Effect]:
        if tag.stage is Stage.ALARMED and not tag.recorded:
            tag.recorded = True
            yield Record(tag.uid, tag.item, direction, _sum(tag))

    def _step(self, tag: _Tag, step: Step) -> bool:
        """Take a step; return whether it led anywhere."""
        goes_to = TABLE[tag.stage].get(step)
        if goes_to is None:
            return False
        tag.stage = goes_to
        return True


def _sum(tag: _Tag) -> Sight:
    return replace(tag.sight, reads=tag.reads)
