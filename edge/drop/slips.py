"""Slips for staff and the receipt of a book drop, as lines for the printer. No reader is named."""

from collections.abc import Sequence
from datetime import UTC, datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from drivers.ports import Line
from edge.texts import Texts

WIDTH = 32
"""Characters of a line in normal size on 58 mm paper."""


def hold_slip(texts: Texts, title: str, item: str, now_ms: int, zone: str) -> list[Line]:
    """Return the slip that goes into an item for which somebody waits."""
    return _slip(texts.say("slip.hold"), texts.say("slip.hold_do"), title, item, now_ms, zone)


def transit_slip(
    texts: Texts, title: str, item: str, branch: str, now_ms: int, zone: str
) -> list[Line]:
    """Return the slip that goes into an item of another branch."""
    head = texts.say("slip.transit")
    return _slip(head, texts.say("slip.transit_to", branch=branch), title, item, now_ms, zone)


def receipt(
    texts: Texts, library: str, titles: Sequence[str], now_ms: int, zone: str
) -> list[Line]:
    """Return the receipt of what came in."""
    out = [
        Line(library, bold=True, centred=True),
        Line(texts.say("slip.receipt"), size=2, bold=True, centred=True),
        Line(when(now_ms, zone), centred=True),
        Line(),
    ]
    for number, title in enumerate(titles, 1):
        out += _folded(f"{number}. {title}")
    return [*out, Line(), *_folded(texts.say("slip.thanks"), centred=True)]


def when(now_ms: int, zone: str) -> str:
    """Return day and minute as written in Vietnam: 05/09/2026 14:07."""
    return (
        datetime.fromtimestamp(now_ms / 1000, UTC)
        .astimezone(ZoneInfo(zone))
        .strftime("%d/%m/%Y %H:%M")
    )


def _slip(head: str, order: str, title: str, item: str, now_ms: int, zone: str) -> list[Line]:
    return [
        Line(head, size=2, bold=True, centred=True),
        Line(),
        *_folded(order, bold=True),
        Line(),
        *_folded(title),
        Line(item),
        Line(when(now_ms, zone)),
    ]


def _folded(text: str, *, bold: bool = False, centred: bool = False) -> list[Line]:
    return [Line(part, bold=bold, centred=centred) for part in wrap(text, WIDTH)]
