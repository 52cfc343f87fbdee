"""Effects about the account: fetch it, renew."""

from typing import Any

from kiosk.engine.room import Doer, Room
from kiosk.session import Effect, Event
from kiosk.visit import Visit


def load(room: Room, _: Any) -> None:
    """Fetch the account."""
    room.spawn(_account(room, room.visit), "account")


async def _account(room: Room, visit: Visit) -> None:
    visit.checking = True
    await room.work.account(visit)
    visit.checking = False
    if visit is room.visit:
        if visit.visitor is not None and not visit.visitor.online:
            room.say("calm", "acc.partial")
        room.show()


def renew(room: Room, about: Any) -> None:
    """Ask to renew one loan, or all."""
    room.spawn(_renew(room, room.visit, str(about or "")), "renew")


async def _renew(room: Room, visit: Visit, item: str) -> None:
    try:
        await room.work.renew(visit, item, room.hear)
    finally:
        if visit is room.visit:
            room.handle(Event.RENEWED)


EFFECTS: dict[Effect, Doer] = {Effect.LOAD_ACCOUNT: load, Effect.RENEW: renew}
