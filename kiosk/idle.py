"""What the idle screen shows beside its question: hours, events and new books of the centre, rest."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from edge.circulation.model import Policy
from edge.circulation.rules import is_closed
from edge.replica import Replica
from kiosk.texts import say

Rest = Literal["", "dim", "night"]
MOST_EVENTS, MOST_BOOKS = 3, 6
AHEAD_DAYS = 14
NIGHT_AFTER_S = 60
"""After closing a touch wakes the screen for so long."""


@dataclass(frozen=True, slots=True)
class Around:
    """Where and when: the policy with the board of the centre, the copy, now (ms), still since (s)."""

    policy: Policy
    replica: Replica
    now: int
    still_s: int
    dim_s: int


def board(around: Around, lang: str) -> dict[str, Any]:
    """Return the pages of the idle screen; what the centre sent last counts, however old it is."""
    return {"events": _events(around, lang), "books": _books(around), "note": _note(around, lang)}


def rest(around: Around) -> Rest:
    """Say whether the screen is bright, dim after a while without anybody, or dark after hours."""
    if around.still_s >= NIGHT_AFTER_S and not _open_now(around.policy, _local(around)):
        return "night"
    return "dim" if 0 < around.dim_s <= around.still_s else ""


def opens_again(around: Around, lang: str) -> str:
    """Return when the doors open next, in words; empty when no open day is near."""
    now, policy = _local(around), around.policy
    for ahead in range(AHEAD_DAYS):
        day = now.date() + timedelta(days=ahead)
        at = datetime.combine(day, _time(policy.opens), now.tzinfo)
        if at > now and not is_closed(policy, day):
            weekday = say(lang, "idle.weekdays").split(",")[day.weekday()]
            return say(
                lang, "idle.opens_again", weekday=weekday, date=_short(day), time=policy.opens
            )
    return ""


def _events(around: Around, lang: str) -> list[dict[str, str]]:
    today = _local(around).date().isoformat()
    coming = sorted(
        (e for e in around.policy.board.events if e.date >= today), key=lambda e: e.date
    )
    return [
        {
            "when": " ".join(part for part in (_short(date.fromisoformat(e.date)), e.time) if part),
            "title": e.title if lang == "vi" or not e.title_en else e.title_en,
            "place": e.place,
        }
        for e in coming[:MOST_EVENTS]
    ]


def _books(around: Around) -> list[dict[str, str]]:
    views = (around.replica.item(item) for item in around.policy.board.books)
    found = [view for view in views if view is not None]
    return [
        {"item": one.item, "title": one.title, "author": one.author} for one in found[:MOST_BOOKS]
    ]


def _note(around: Around, lang: str) -> str:
    note = around.policy.board.note
    return note if lang == "vi" else around.policy.board.note_en or note


def _open_now(policy: Policy, now: datetime) -> bool:
    """Whether the doors are open; half an hour on both sides belongs to it."""
    margin = timedelta(minutes=30)
    opens = datetime.combine(now.date(), _time(policy.opens), now.tzinfo) - margin
    closes = datetime.combine(now.date(), _time(policy.closes), now.tzinfo) + margin
    return not is_closed(policy, now.date()) and opens <= now <= closes


def _local(around: Around) -> datetime:
    return datetime.fromtimestamp(around.now / 1000, ZoneInfo(around.policy.zone))


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _short(day: date) -> str:
    return day.strftime("%d/%m")
