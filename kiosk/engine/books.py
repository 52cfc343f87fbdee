"""Effects about books on the pad: a scanned one joins, lend, take back, heal."""

from collections.abc import Awaitable, Callable
from typing import Any

from edge.items import PadItem
from kiosk.engine import expected
from kiosk.engine.room import Doer, Room
from kiosk.session import WORKING, Effect, Event, State
from kiosk.shelf import Row, RowState
from kiosk.visit import RETURNING, Visit

LAIN_MS = 1500
"""What lies on the pad for so long is not just being put down; then its security bit is put right."""


def add(room: Room, pad: PadItem) -> None:
    """Add a book by its barcode; a tag that needs it is a tag that staff must look at."""
    room.report_troubles()
    if room.visit.shelf.add(pad):
        room.changed_ms = room.mono()
        room.visit.told_still = False
        room.hear("tick")


def say_separate(room: Room, _: Any) -> None:
    """Say how a missing book is found: which ones to spread, or its barcode."""
    names = [row.pad.title or row.pad.item or "" for row in room.visit.shelf.shaky()]
    pair = len(names) == 2 and all(names)
    if lacks := expected.missing(room):
        key = "bor.expect_spread" if pair else "bor.expect"
        room.say(
            "look", key, title=lacks[0], a=names[0] if pair else "", b=names[-1] if pair else ""
        )
    elif pair:
        room.say("look", "bor.spread_two", a=names[0], b=names[1])
    else:
        room.say("look", "bor.missing_one")


def say_set(room: Room) -> None:
    """Name what is missing of a set of which a part lies here, before anybody counts."""
    lacks = expected.missing_of_sets(room)
    if lacks and room.visit.notice is None:
        room.say("look", "bor.set_lacks", title=lacks[0], n=len(lacks))


def lend(room: Room, _: Any) -> None:
    """Lend what waits."""
    room.spawn(_at_work(room, room.visit, room.work.lend), "lend")


def take_back(room: Room, _: Any) -> None:
    """Take back what waits."""
    room.spawn(_at_work(room, room.visit, room.work.take_back), "take back")


def renew_here(room: Room, _: Any) -> None:
    """Ask to renew the reader's own loans that were laid down."""
    room.spawn(_at_work(room, room.visit, room.work.renew_here), "renew here")


async def _at_work(room: Room, visit: Visit, do: Callable[..., Awaitable[None]]) -> None:
    """Do the work on the pad; nobody else looks at it meanwhile."""

    def changed(sound: str) -> None:
        if visit is room.visit:
            room.hear(sound)
            room.show()

    try:
        async with room.pad:
            await do(visit, changed)
    finally:
        if visit is room.visit:
            room.hear("done" if visit.shelf.done else "error")
            room.handle(Event.WORK_DONE)
            if visit.state is State.RETURNED:
                say_set(room)


def meet_again(room: Room, items: list[PadItem]) -> None:
    """Put security bits right that are wrong: of what was put back, and of what merely lies there."""
    lain = room.mono() - room.changed_ms >= LAIN_MS and room.visit.state not in WORKING
    for pad in items:
        row = room.visit.shelf.rows.get(pad.item or "")
        if row is None or row.key in room.healing or not row.on_pad:
            continue
        if row.deed is not None and row.state in (RowState.ARMED, RowState.PUT_BACK):
            room.healing.add(row.key)
            room.spawn(_heal(room, room.visit, pad, row.due), "heal")
        elif lain and row.deed is None and not _spoken_for(room, row) and room.work.wants(pad):
            room.healing.add(row.key)
            room.spawn(_mend(room, pad), "mend")


def _spoken_for(room: Room, row: Row) -> bool:
    """Whether the thing is coming back now, or the reader who stands here has it on loan."""
    visitor = room.visit.visitor
    lent = visitor is not None and any(loan.item == row.key for loan in visitor.loans)
    return lent or (room.visit.state in RETURNING and row.waits)


async def _mend(room: Room, pad: PadItem) -> None:
    """Put a bit right without a word; nobody here asked for anything."""
    try:
        async with room.pad:
            if await room.work.mend(pad):
                room.counters.mended += 1
    finally:
        room.healing.discard(pad.item or "")


async def _heal(room: Room, visit: Visit, pad: PadItem, due: int) -> None:
    key = pad.item or ""
    try:
        async with room.pad:
            silent = await room.work.heal(visit, pad)
    finally:
        room.healing.discard(key)
    if silent:
        visit.shelf.put(key, RowState.LENT, "row.secured", due)
        room.hear("ok")
        room.show()


EFFECTS: dict[Effect, Doer] = {
    Effect.ADD_BY_CODE: add,
    Effect.SAY_SEPARATE: say_separate,
    Effect.SAY_UNABLE: lambda room, _: room.say("calm", "unable.pad"),
    Effect.LEND: lend,
    Effect.TAKE_BACK: take_back,
    Effect.RENEW_HERE: renew_here,
}
