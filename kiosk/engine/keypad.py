"""Effects of the keypad: digits typed, a PIN checked, a card number typed by hand.

What is typed lives in the visit only; the page is told how many digits there are. It is wiped as
soon as it was used, and nothing of it is ever logged.
"""

from typing import Any

from edge.desk import PinWord
from kiosk.engine import cards
from kiosk.engine.room import TYPED, Doer, Room, may_type
from kiosk.session import Effect, Event
from kiosk.visit import PROVING, Visit

MOST = 16
"""Digits that can be typed."""


def type_digit(room: Room, about: Any) -> None:
    """Take one digit."""
    visit, text = room.visit, str(about or "")
    if not (visit.typing or visit.state in PROVING) or len(visit.typed) >= MOST:
        return
    if len(text) == 1 and text.isascii() and text.isdigit():
        visit.typed += text
        visit.notice = None


def rub_out(room: Room, _: Any) -> None:
    """Take the last digit back."""
    room.visit.typed = room.visit.typed[:-1]


def check_pin(room: Room, _: Any) -> None:
    """Ask the centre whether the PIN is right; one try at a time, not while one must wait."""
    visit, visitor = room.visit, room.visit.visitor
    pin, visit.typed = visit.typed, ""
    if visit.checking or not pin or visitor is None or room.tries.wait(visitor.card):
        return
    visit.checking, visit.notice = True, None
    room.spawn(_prove(room, visit, visitor.card, pin), "pin")


async def _prove(room: Room, visit: Visit, card: str, pin: str) -> None:
    word, seconds = await room.services.desk.check_pin(card, pin)
    visit.checking = False
    if word == "wrong":
        room.tries.wrong(card)
    elif word == "right":
        room.tries.right(card)
    if visit is not room.visit:
        return
    if word == "right":
        visit.proven = True
        room.hear("ok")
        room.handle(Event.PIN_RIGHT)
        return
    room.handle(Event.PIN_WRONG)
    room.say("stop", _SAID[word], n=max(1, -(-seconds // 60)))


_SAID: dict[PinWord, str] = {
    "wrong": "pin.wrong",
    "locked": "pin.locked",
    "unset": "pin.unset",
    "unreachable": "pin.unreachable",
}


def start_typing(room: Room, _: Any) -> None:
    """Show the keypad for a card number, where the policy lets readers type it."""
    if may_type(room):
        room.visit.typing, room.visit.typed = True, ""


def stop_typing(room: Room, _: Any) -> None:
    """Put the keypad away."""
    room.visit.typing, room.visit.typed = False, ""


def check_typed(room: Room, _: Any) -> None:
    """Take the typed number for a card's, with and without the letters that cards begin with."""
    visit = room.visit
    number, visit.typed = visit.typed, ""
    if not visit.typing or not number or visit.checking or room.tries.wait(TYPED):
        return
    texts = [number]
    if room.card_letters:
        texts.insert(0, room.card_letters + number)
    cards.check(room, texts, by_hand=True)


EFFECTS: dict[Effect, Doer] = {
    Effect.TYPE: type_digit,
    Effect.RUB_OUT: rub_out,
    Effect.CHECK_PIN: check_pin,
    Effect.START_TYPING: start_typing,
    Effect.STOP_TYPING: stop_typing,
    Effect.CHECK_TYPED: check_typed,
}
