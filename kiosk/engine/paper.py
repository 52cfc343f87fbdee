"""Effects about receipts: print."""

from typing import Any

from kiosk import receipt
from kiosk.engine.room import Doer, Room
from kiosk.session import Effect, Event
from kiosk.visit import Visit

WHY_NOT = {
    "paper_out": "rec.paper_out",
    "printer_away": "rec.printer_away",
    "not_printed": "rec.not_printed",
}
"""What the reader is told when the receipt does not come."""


def print_it(room: Room, _: Any) -> None:
    """Print the receipt."""
    room.spawn(_print(room, room.visit), "print")


async def _print(room: Room, visit: Visit) -> None:
    why = await room.printing.print_lines(receipt.lines(room.receipt(visit)))
    if visit is not room.visit:
        return
    visit.printed = not why
    room.handle(Event.NOT_PRINTED if why else Event.PRINTED)
    if why:
        room.say("look", WHY_NOT[why])


EFFECTS: dict[Effect, Doer] = {Effect.PRINT: print_it}
