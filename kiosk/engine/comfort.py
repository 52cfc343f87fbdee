"""Effects about the person: more time, the language, the look, a call for staff."""

from collections.abc import Callable
from typing import Any

from edge.wire.facts import StaffCalled
from kiosk.engine.room import Doer, Room
from kiosk.session import Effect
from kiosk.texts import languages

X = Effect


def language(room: Room, _: Any) -> None:
    """Go on in the next language."""
    known = languages()
    room.visit.lang = known[(known.index(room.visit.lang) + 1) % len(known)]


def call_staff(room: Room, _: Any) -> None:
    """Call staff, once a visit."""
    if room.visit.staff_called:
        return
    room.visit.staff_called = True
    room.hear("attention")
    fact = StaffCalled(station=room.work.station)
    room.spawn(room.services.journal.append(fact), "call staff")


def kids(room: Room, _: Any) -> None:
    """Change to screens for children and back; they are read aloud."""
    looks = room.visit.look ^ {"kids"}
    room.visit.look = looks | {"voice"} if "kids" in looks else (looks - {"voice"}) | room.usual


def _look(name: str) -> Doer:
    def change(room: Room, _: Any) -> None:
        room.visit.look ^= {name}

    return change


LOOKS: tuple[Effect, ...] = (X.LARGE_TEXT, X.CONTRAST, X.LOW_REACH, X.VOICE)
EFFECTS: dict[Effect, Callable[[Room, Any], None]] = {
    X.MORE_TIME: lambda room, _: room.timer.restart(),
    X.LANGUAGE: language,
    X.CALL_STAFF: call_staff,
    X.KIDS: kids,
    **{effect: _look(effect.name.lower()) for effect in LOOKS},
}
