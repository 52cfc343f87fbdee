"""Effects about cards: whose it is, another reader's card, a book taken for a card."""

import logging
from typing import Any

from edge.desk import Visitor
from edge.wire.facts import TagTrouble
from kiosk.engine.room import TYPED, Doer, Room
from kiosk.session import Effect, Event, State
from kiosk.texts import day, money
from kiosk.visit import Visit
from kiosk.work import REFUSALS

log = logging.getLogger(__name__)


def check(room: Room, texts: list[str], *, by_hand: bool = False) -> None:
    """Ask whose card this is; one card at a time. ``by_hand``: its number was typed."""
    visit = room.visit
    if visit.checking:
        return
    visit.checking, visit.notice, visit.by_hand = True, None, by_hand
    room.spawn(_who(room, visit, texts), "card")


async def _who(room: Room, visit: Visit, texts: list[str]) -> None:
    visitor = await room.services.desk.reader(texts)
    visit.checking = False
    if visit is not room.visit:
        return
    refused = visitor.refusal if visit.state is State.CARD_WANTED else ""
    if visitor.reader is None or refused:
        room.counters.refused_cards += 1
        if visit.by_hand:
            room.tries.wrong(TYPED)
        room.handle(Event.READER_REFUSED)
        _say_refusal(room, visitor)
        return
    visit.visitor, visit.cards, visit.proven = visitor, texts, False
    room.hear("ok")
    room.handle(Event.READER_KNOWN)


def _say_refusal(room: Room, visitor: Visitor) -> None:
    if visitor.refusal == "expired" and visitor.reader is not None:
        zone = room.services.replica.policy.zone
        room.say("stop", "id.expired", date=day(visitor.reader.expires, zone))
    elif visitor.refusal == "fees" and visitor.reader is not None:
        room.say("stop", "id.fees", amount=money(visitor.reader.fees))
    else:
        room.say("stop", REFUSALS.get(visitor.refusal, "id.unknown"))


def compare(room: Room, texts: list[str]) -> None:
    """Another reader's card in the middle of a visit is named, and changes nothing."""
    visitor = room.visit.visitor
    refs = {room.services.desk.card_ref(text) for text in texts}
    if visitor is not None and visitor.card not in refs:
        log.info("kiosk: another reader's card during a visit")
        room.say("look", "id.other_card")


def say_book(room: Room, about: Any) -> None:
    """Say that this is a book, and tell staff of a book with a card's chip."""
    room.say("stop", "id.book_as_card")
    if isinstance(about, str) and about:
        fact = TagTrouble(reason="book_as_card", uid="", item=about, station=room.work.station)
        room.spawn(room.services.journal.append(fact), "tag trouble")


EFFECTS: dict[Effect, Doer] = {
    Effect.CHECK_CARD: check,
    Effect.COMPARE_CARD: compare,
    Effect.SAY_BOOK_CODE: say_book,
}
