"""Effects about receipts: print one, check one."""

import logging
from typing import Any

from edge.journal import JournalError
from edge.wire.facts import ReceiptWish
from edge.wire.proofs import NotGenuineError, verify
from kiosk import proof, receipt
from kiosk.engine.room import Doer, Room
from kiosk.session import Effect, Event
from kiosk.visit import Visit

WHY_NOT = {
    "paper_out": "rec.paper_out",
    "printer_away": "rec.printer_away",
    "not_printed": "rec.not_printed",
}
"""What the reader is told when the receipt does not come."""

log = logging.getLogger(__name__)


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


def email(room: Room, _: Any) -> None:
    """Ask the centre to send the receipt to the reader's address, which is known there alone."""
    visitor = room.visit.visitor
    if visitor is not None and visitor.mail and not room.visit.mailed:
        room.spawn(_email(room, room.visit, visitor.card), "e-mail")


async def _email(room: Room, visit: Visit, card: str) -> None:
    visit.mailed = True
    try:
        await room.services.journal.append(ReceiptWish(card=card, session=visit.id))
    except JournalError:
        visit.mailed = False
        if visit is room.visit:
            room.say("look", "rec.not_mailed")
        raise
    if visit is room.visit:
        room.handle(Event.MAILED)


def check_receipt(room: Room, text: str) -> None:
    """Say whether a scanned receipt is genuine, and what it says; no network is asked."""
    room.visit.proof = None
    try:
        policy = room.services.replica.policy
        own = [room.receipt_keys.centre] if room.receipt_keys else []
        centres = proof.centres(policy.receipt_centres, own)
        room.visit.proof = verify(text, *centres, stopped=policy.receipts_stopped)
        room.hear("ok")
    except NotGenuineError as error:
        log.info("kiosk: a scanned receipt is not genuine: %s", error)
        room.hear("error")


EFFECTS: dict[Effect, Doer] = {
    Effect.PRINT: print_it,
    Effect.EMAIL: email,
    Effect.CHECK_RECEIPT: check_receipt,
    Effect.SAY_RECEIPT: lambda room, _: room.say("look", "proof.later"),
}
