"""Effects about classes: who may open one, opening and closing it, whose picture was touched.

A class list is shown only between an unlocking and its end, and every unlocking is a fact. What a
child does refers to it, since a picture proves nothing by itself.
"""

import logging
from dataclasses import replace
from typing import Any

from edge.circulation.model import SchoolClass
from edge.desk import Visitor
from edge.journal import JournalError
from edge.wire.facts import ClassClosed, ClassOpened
from kiosk import lesson
from kiosk.engine.room import Doer, Room
from kiosk.session import Effect, Event, State
from kiosk.texts import minute
from kiosk.visit import Visit

log = logging.getLogger(__name__)


def check_teacher(room: Room, texts: list[str]) -> None:
    """Ask whether this card opens a class, or belongs to who may end the one that is open."""
    visit = room.visit
    if not visit.checking:
        visit.checking, visit.notice = True, None
        room.spawn(_teacher(room, visit, texts), "class card")


async def _teacher(room: Room, visit: Visit, texts: list[str]) -> None:
    visitor = await room.services.desk.reader(texts)
    visit.checking = False
    if visit is not room.visit or visit.state not in (State.CLASS_CARD, State.CLASS):
        return
    staff = _is_staff(room, visitor)
    groups = _openable(room, visitor, staff=staff)
    if not groups or (room.lesson and room.lesson.group.id not in {one.id for one in groups}):
        _say_not_teacher(room)
    elif room.lesson is None and not staff and not _provable(room):
        room.say("look", "class.offline")
    else:
        visit.visitor, visit.cards, visit.groups = visitor, texts, groups
        visit.opener, visit.proven = "staff" if staff else "card", False
        room.hear("ok")
        room.handle(Event.TEACHER_KNOWN)


def _is_staff(room: Room, visitor: Visitor) -> bool:
    reader, hatch = visitor.reader, room.hatch
    return bool(reader and hatch and reader.group == hatch.group and not visitor.refusal)


def _openable(room: Room, visitor: Visitor, *, staff: bool) -> list[SchoolClass]:
    if visitor.reader is None or visitor.refusal:
        return []
    ref, groups = visitor.reader.reader, room.services.replica.policy.classes
    return [one for one in groups if staff or ref in one.teachers]


def _provable(room: Room) -> bool:
    """Whether a teacher can open a class now: a PIN is proven by the centre alone."""
    policy = room.services.replica.policy
    free = policy.class_pin == "never" or policy.pin_offline == "skip"
    return free or room.services.desk.online


def _say_not_teacher(room: Room) -> None:
    if room.lesson is not None:
        say_class(room, None)
    else:
        room.say("stop", "class.not_teacher")


def say_class(room: Room, _: Any) -> None:
    """Say whom the kiosk serves now."""
    if room.lesson is not None:
        until = minute(room.lesson.until, room.services.replica.policy.zone)
        room.say("look", "class.serves", title=room.lesson.group.title, until=until)


def open_class(room: Room, about: Any) -> None:
    """Open a class of those that this card may open."""
    visit = room.visit
    group = next((one for one in visit.groups if one.id == about), None)
    if group is None or visit.visitor is None or visit.checking:
        return
    now = room.services.clock.now_ms()
    fresh = lesson.begin(group, now, room.mono(), visit.visitor.card)
    visit.checking = True
    room.spawn(_open(room, visit, fresh), "class")


def longer(room: Room, _: Any) -> None:
    """Give the class more time."""
    visit = room.visit
    if room.lesson is None or visit.visitor is None or visit.checking:
        return
    now = room.services.clock.now_ms()
    more = lesson.prolonged(room.lesson, now, room.mono())
    visit.checking = True
    room.spawn(_open(room, visit, replace(more, by=visit.visitor.card)), "class")


async def _open(room: Room, visit: Visit, fresh: lesson.Lesson) -> None:
    """Journal the unlocking, then show the class."""
    fact = ClassOpened(
        station=room.work.station,
        name=fresh.group.id,
        by=fresh.by,
        until=fresh.until,
        reason="staff" if visit.opener == "staff" else "pin" if visit.proven else "card",
    )
    try:
        [event] = await room.services.journal.append(fact)
    except JournalError:
        room.say("look", "class.not_opened")
        raise
    finally:
        visit.checking = False
    if visit is room.visit:
        room.set_lesson(replace(fresh, about=event.id))
        room.hear("done")
        room.handle(Event.CLASS_OPENED)


def close_class(room: Room, _: Any) -> None:
    """End the class by a card."""
    by = room.visit.visitor.card if room.visit.visitor else ""
    _end(room, ClassClosed(station=room.work.station, name="", reason="card", by=by))


def end_in_time(room: Room) -> None:
    """End the class whose lesson is over; a child who is at work is not interrupted."""
    over = room.lesson is not None and room.mono() >= room.lesson.ends
    if over and room.visit.state in RESTING:
        _end(room, ClassClosed(station=room.work.station, name="", reason="time"))


RESTING = frozenset({State.CLASS, State.CLASS_MENU, State.OUT_OF_SERVICE, State.STAFF_CARD})


def _end(room: Room, fact: ClassClosed) -> None:
    if room.lesson is None:
        return
    name = room.lesson.group.id
    room.set_lesson(None)
    told = ClassClosed(station=fact.station, name=name, reason=fact.reason, by=fact.by)
    room.spawn(room.services.journal.append(told), "class")
    room.handle(Event.CLASS_OVER)


def check_pupil(room: Room, about: Any) -> None:
    """Ask who the picture belongs to; one picture at a time."""
    visit = room.visit
    pupil = room.lesson.pupil(str(about or "")) if room.lesson else None
    if pupil is None or visit.checking:
        return
    visit.checking, visit.notice = True, None
    name = room.services.desk.given_name(pupil.card, pupil.name)
    room.spawn(_pupil(room, visit, pupil.card, name), "pupil")


async def _pupil(room: Room, visit: Visit, ref: str, name: str) -> None:
    visitor = await room.services.desk.member(ref)
    visit.checking = False
    if visit is not room.visit or visit.state is not State.CLASS or room.lesson is None:
        return
    if visitor.reader is None or visitor.refusal:  # others look on: no reason is given
        room.counters.refused_cards += 1
        room.handle(Event.READER_REFUSED)
        room.say("look", "class.pupil_refused")
        return
    visit.visitor = Visitor(visitor.card, visitor.reader, online=visitor.online, name=name)
    visit.tapped, visit.about = True, room.lesson.about
    room.hear("ok")
    room.handle(Event.READER_KNOWN)


EFFECTS: dict[Effect, Doer] = {
    Effect.CHECK_TEACHER: check_teacher,
    Effect.OPEN_CLASS: open_class,
    Effect.CLOSE_CLASS: close_class,
    Effect.LONGER: longer,
    Effect.CHECK_PUPIL: check_pupil,
    Effect.SAY_CLASS: say_class,
}
