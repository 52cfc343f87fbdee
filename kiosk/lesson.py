"""A class that the kiosk is open for: until when, who opened it, and what its screens show."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from edge.circulation.model import Pupil, SchoolClass
from kiosk.texts import minute

MINUTE_MS = 60_000
LONGER_MS = 15 * MINUTE_MS
LONGEST_MS = 12 * 60 * MINUTE_MS
"""A lesson ends after so long, however often it is prolonged."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """``until`` in ms of the clock, ``ends`` and ``latest`` in monotonic ms; ``about``: the event id.

    ``lent`` and ``returned`` count what the class did.
    """

    group: SchoolClass
    until: int
    ends: int
    latest: int
    by: str
    about: str
    lent: int = 0
    returned: int = 0

    def counted(self, lent: int, returned: int) -> "Lesson":
        """Return the lesson after one more child."""
        return replace(self, lent=self.lent + lent, returned=self.returned + returned)

    def pupil(self, number: str) -> Pupil | None:
        """Return the child of a picture, as the page counts them."""
        if not number.isascii() or not number.isdigit() or len(number) > 4:
            return None
        place = int(number)
        return self.group.pupils[place] if place < len(self.group.pupils) else None


def begin(group: SchoolClass, now: int, mono: int, by: str) -> Lesson:
    """Return a lesson that begins now; it counts from the event that is not yet in the journal."""
    length = group.minutes * MINUTE_MS
    return Lesson(group, now + length, mono + length, mono + LONGEST_MS, by, "")


def prolonged(lesson: Lesson, now: int, mono: int) -> Lesson:
    """Return the lesson with a quarter of an hour more, up to its longest."""
    ends = min(lesson.ends + LONGER_MS, lesson.latest)
    return replace(lesson, ends=ends, until=now + ends - mono)


Namer = Callable[[str, str], str]
"""Gives the name of a child from reference and sealed name, or nothing."""


def shown(lesson: Lesson, zone: str, name: Namer | None) -> dict[str, Any]:
    """Return a lesson for the page; with the children only where there is a ``name``."""
    data: dict[str, Any] = {"title": lesson.group.title, "until": minute(lesson.until, zone)}
    if name is None:
        return data | {"lent": lesson.lent, "returned": lesson.returned}
    return data | {
        "pupils": [
            {"n": n, "picture": one.picture, "name": name(one.card, one.name)}
            for n, one in enumerate(lesson.group.pupils)
        ]
    }


def choices(groups: list[SchoolClass], now: int, zone: str) -> list[dict[str, Any]]:
    """Return the classes that may be opened, for the page."""
    return [
        {
            "id": one.id,
            "title": one.title,
            "n": len(one.pupils),
            "until": minute(now + one.minutes * MINUTE_MS, zone),
        }
        for one in groups
    ]
