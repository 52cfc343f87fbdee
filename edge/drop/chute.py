"""The chute of a book drop as a table: what it does, and what each event makes of it. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What the chute is doing."""

    READY = "ready"
    LOOKING = "looking"
    LETTING_IN = "letting_in"
    REFUSING = "refusing"
    JAMMED = "jammed"
    FULL = "full"
    DOOR_OPEN = "door_open"
    AWAY = "away"
    STUCK = "stuck"
    CLOSED = "closed"


class Event(StrEnum):
    """What happens at the drop.

    ``ITEM_IN``/``ITEM_OUT``: something is in the chute, or no more; ``REFUSED``: not exactly one
    good item; ``TIMED_OUT``: the shutter was open and the item is still there; ``SHUTTER_STUCK``:
    the shutter stands open although nobody opened it, so that anything would fall through;
    ``OUT_OF_SERVICE``: staff closed the drop, here or from afar.
    """

    ITEM_IN = "item_in"
    ITEM_OUT = "item_out"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    BIN_FULL = "bin_full"
    BIN_FREE = "bin_free"
    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    READER_LOST = "reader_lost"
    READER_BACK = "reader_back"
    SHUTTER_STUCK = "shutter_stuck"
    SHUTTER_FREE = "shutter_free"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"


class Effect(StrEnum):
    """What the station shall do."""

    LIGHT_ON = "light_on"
    LIGHT_OFF = "light_off"
    LOOK = "look"
    OPEN_SHUTTER = "open_shutter"
    CLOSE_SHUTTER = "close_shutter"
    JAM = "jam"
    JAM_OVER = "jam_over"
    SHUTTER_JAM = "shutter_jam"
    SHUTTER_JAM_OVER = "shutter_jam_over"
    REFUSE = "refuse"


_DOOR = {Event.DOOR_OPENED: State.DOOR_OPEN}
_SHUTTER = {Event.SHUTTER_STUCK: State.STUCK}

TABLE: dict[State, dict[Event, State]] = {
    State.READY: {
        Event.ITEM_IN: State.LOOKING, Event.BIN_FULL: State.FULL, Event.READER_LOST: State.AWAY,
        Event.OUT_OF_SERVICE: State.CLOSED,
    } | _DOOR | _SHUTTER,
    State.LOOKING: {
        Event.ACCEPTED: State.LETTING_IN, Event.REFUSED: State.REFUSING,
        Event.ITEM_OUT: State.READY, Event.READER_LOST: State.AWAY,
    } | _DOOR | _SHUTTER,
    State.LETTING_IN: {Event.ITEM_OUT: State.READY, Event.TIMED_OUT: State.JAMMED} | _DOOR,
    State.REFUSING: {Event.ITEM_OUT: State.READY} | _DOOR | _SHUTTER,
    State.JAMMED: {Event.ITEM_OUT: State.READY} | _DOOR,
    State.FULL: {Event.BIN_FREE: State.READY} | _DOOR,
    State.DOOR_OPEN: {Event.DOOR_CLOSED: State.READY},
    State.AWAY: {Event.READER_BACK: State.READY} | _DOOR,
    State.STUCK: {Event.SHUTTER_FREE: State.READY} | _DOOR,
    State.CLOSED: {Event.IN_SERVICE: State.READY} | _DOOR,
}  # fmt: skip
"""Where each event leads; an event that is not named changes nothing."""

_ENTERED: dict[State, tuple[Effect, ...]] = {
    State.READY: (Effect.LIGHT_ON,),
    State.LOOKING: (Effect.LOOK,),
    State.LETTING_IN: (Effect.OPEN_SHUTTER,),
    State.REFUSING: (Effect.LIGHT_OFF,),
    State.JAMMED: (Effect.LIGHT_OFF, Effect.JAM),
    State.FULL: (Effect.LIGHT_OFF,),
    State.DOOR_OPEN: (Effect.LIGHT_OFF,),
    State.AWAY: (Effect.LIGHT_OFF,),
    State.STUCK: (Effect.LIGHT_OFF, Effect.CLOSE_SHUTTER, Effect.SHUTTER_JAM),
    State.CLOSED: (Effect.LIGHT_OFF,),
}
_LEFT: dict[State, tuple[Effect, ...]] = {
    State.LETTING_IN: (Effect.CLOSE_SHUTTER,),
    State.JAMMED: (Effect.JAM_OVER,),
    State.STUCK: (Effect.SHUTTER_JAM_OVER,),
}


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for the manual."""
    rows = [f"    {a} --> {b}: {e}" for a, row in TABLE.items() for e, b in row.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> ready", *rows])


@dataclass(slots=True)
class Chute:
    """The chute and the levels around it. It starts as if everything were well and empty."""

    state: State = State.READY
    item: bool = False
    full: bool = False
    door: bool = False
    reader: bool = True
    shutter: bool = True
    """The shutter is shut when it should be."""
    out: bool = False
    """Staff took the drop out of service."""

    def on(self, event: Event) -> list[Effect]:
        """Take an event; return what to do, in order."""
        self._note(event)
        effects = self._go(event)
        if event is Event.ITEM_IN and self.state in (
            State.FULL,
            State.AWAY,
            State.STUCK,
            State.CLOSED,
        ):
            effects.append(Effect.REFUSE)
        while self.state is State.READY and (pending := self._pending()) is not None:
            effects += self._go(pending)
        return effects

    def _go(self, event: Event) -> list[Effect]:
        goes_to = TABLE[self.state].get(event)
        if goes_to is None:
            return []
        left = _LEFT.get(self.state, ())
        self.state = goes_to
        return [*left, *_ENTERED[goes_to]]

    def _note(self, event: Event) -> None:
        match event:
            case Event.ITEM_IN | Event.ITEM_OUT:
                self.item = event is Event.ITEM_IN
            case Event.BIN_FULL | Event.BIN_FREE:
                self.full = event is Event.BIN_FULL
            case Event.DOOR_OPENED | Event.DOOR_CLOSED:
                self.door = event is Event.DOOR_OPENED
            case Event.READER_LOST | Event.READER_BACK:
                self.reader = event is Event.READER_BACK
            case Event.SHUTTER_STUCK | Event.SHUTTER_FREE:
                self.shutter = event is Event.SHUTTER_FREE
            case Event.OUT_OF_SERVICE | Event.IN_SERVICE:
                self.out = event is Event.OUT_OF_SERVICE
            case Event.ACCEPTED | Event.REFUSED | Event.TIMED_OUT:
                pass

    def _pending(self) -> Event | None:
        """What became so while the chute was busy with something else."""
        if self.door:
            return Event.DOOR_OPENED
        if not self.shutter:
            return Event.SHUTTER_STUCK
        if self.out:
            return Event.OUT_OF_SERVICE
        if not self.reader:
            return Event.READER_LOST
        if self.full:
            return Event.BIN_FULL
        return Event.ITEM_IN if self.item else None
