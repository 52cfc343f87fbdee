"""Effects about staff at the machine: whose card, and what they do there. Everything done is a fact."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from drivers.errors import DriverError
from drivers.ports import Line
from edge.station import NotPossibleError
from edge.uplink import astray
from edge.wire.facts import BoxReceived, StaffActed
from kiosk import receipt
from kiosk.engine.room import Doer, Room
from kiosk.hatch import Hatch
from kiosk.session import NOBODY, Effect, Event, State
from kiosk.texts import say
from kiosk.visit import Visit

log = logging.getLogger(__name__)
_PRINTER = {"out": "printer (no paper)", "away": "printer (open, or off)"}


def check(room: Room, texts: list[str]) -> None:
    """Ask whether this is a staff card; one card at a time."""
    visit = room.visit
    if not visit.checking:
        visit.checking, visit.notice = True, None
        room.spawn(_who(room, visit, texts), "staff card")


async def _who(room: Room, visit: Visit, texts: list[str]) -> None:
    visitor = await room.services.desk.reader(texts)
    visit.checking = False
    if visit is not room.visit or visit.state is not State.STAFF_CARD:
        return
    reader, hatch = visitor.reader, room.hatch
    if hatch is None or reader is None or reader.group != hatch.group or visitor.refusal:
        log.warning("kiosk: a card that is no staff card was shown at the staff corner")
        room.say("stop", "staff.not_staff")
        return
    visit.staff = visitor.card
    room.hear("ok")
    room.spawn(_record(room, visit, "opened"), "staff")
    room.handle(Event.STAFF_KNOWN)


def act(room: Room, about: Any) -> None:
    """Do what was pressed; a word that is not in the table does nothing."""
    do = ACTS.get(str(about or ""))
    if do is not None and room.hatch is not None and not room.visit.checking:
        room.visit.checking = True
        room.spawn(_act(room, room.visit, str(about), do, room.hatch), "staff")


Act = Callable[[Room, Hatch, Visit], Awaitable[str]]


async def _act(room: Room, visit: Visit, name: str, do: Act, hatch: Hatch) -> None:
    try:
        await _record(room, visit, name)
        said = await do(room, hatch, visit)
    finally:
        visit.checking = False
    if visit is room.visit:
        room.say("good" if "done_" in said else "look", said)


async def _record(room: Room, visit: Visit, name: str) -> None:
    """Journal who did what, before it is done."""
    fact = StaffActed(station=room.work.station, name=name, by=visit.staff)
    await room.services.journal.append(fact)


async def _reprint(room: Room, _: Hatch, visit: Visit) -> str:
    """Print this visit's receipt again; a visit that is forgotten has none."""
    if not visit.shelf.done:
        return "staff.no_receipt"
    why = await room.printing.print_lines(receipt.lines(room.receipt(visit)))
    return f"rec.{why}" if why else "staff.done_print"


async def _test(room: Room, *_: object) -> str:
    """Ask every device; print a line."""
    room.hear("done")
    await room.printing.look()
    if room.printing.word in ("ok", "low"):
        await room.printing.print_lines([Line(room.library, bold=True), Line("Shelfwire: OK")])
    return "staff.some_away" if _silent(room) else "staff.done_test"


def _silent(room: Room) -> list[str]:
    """Return the devices that do not answer, or cannot do their work."""
    away = [name for name, device in sorted(room.services.devices.items()) if not device.up]
    return away + [
        _PRINTER[word] for word in (room.printing.word,) if word in _PRINTER and not away
    ]


async def _close(_room: Room, hatch: Hatch, _: Visit) -> str:
    await hatch.close(True)
    return "staff.done_close"


async def _open(_room: Room, hatch: Hatch, _: Visit) -> str:
    await hatch.close(False)
    return "staff.done_open"


async def _resolve(room: Room, *_: object) -> str:
    """Say that the call was answered and the jam is out; what still stands stays on the list."""
    room.visit.staff_called = False
    await astray.settle(room.services.journal)
    await room.printing.look()
    return "staff.done_resolve"


async def _restart(_room: Room, hatch: Hatch, _: Visit) -> str:
    hatch.restart()
    return "staff.done_restart"


ACTS: dict[str, Act] = {
    "reprint": _reprint, "test": _test, "close": _close,
    "open": _open, "resolve": _resolve, "restart": _restart,
}  # fmt: skip


async def from_afar(room: Room, name: str) -> None:
    """Do for the centre what staff do at the machine: ``test``, ``resolve``, ``reprint``.

    Raises NotPossibleError where that cannot be done now, DriverError when a device does not answer.
    """
    if room.hatch is None or (name == "test" and room.visit.state not in NOBODY):
        raise NotPossibleError("Somebody is at the kiosk: try again when the visit is over.")
    said = await ACTS[name](room, room.hatch, room.visit)
    room.show()
    if said == "staff.some_away":
        raise DriverError(f"No answer from: {', '.join(_silent(room))}.")
    if "done_" not in said:
        raise NotPossibleError(say("en", said))


def receive_box(room: Room, about: Any) -> None:
    """Record that a box of rotating stock arrived; the centre knows what is in it."""
    if not room.visit.checking:
        room.visit.checking = True
        room.spawn(_receive(room, room.visit, str(about)), "box")


async def _receive(room: Room, visit: Visit, box: str) -> None:
    acted = StaffActed(station=room.work.station, name="box", by=visit.staff)
    try:
        await room.services.journal.append(acted, BoxReceived(name=box))
    finally:
        visit.checking = False
    room.hear("done")
    if visit is room.visit:
        room.say("good", "staff.done_box", box=box)


EFFECTS: dict[Effect, Doer] = {
    Effect.CHECK_STAFF: check,
    Effect.STAFF_DOES: act,
    Effect.RECEIVE_BOX: receive_box,
}
