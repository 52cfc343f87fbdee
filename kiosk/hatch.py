"""What only staff may see and move at the machine itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from drivers.ports import Driver
from edge.station import Services
from edge.uplink import astray
from edge.version import VERSION
from kiosk.texts import say

MINUTE_MS = 60_000
_STORAGE = {astray.OLD_IMAGE: "staff.old_image", astray.LEDGER_OLDER: "staff.ledger_older"}
_DEVICES = {
    "ItemReader": "staff.is_itemreader",
    "AirItemReader": "staff.is_airitemreader",
    "CardReader": "staff.is_cardreader",
    "Scanner": "staff.is_scanner",
    "Printer": "staff.is_printer",
    "Board": "staff.is_board",
}


@dataclass(frozen=True, slots=True)
class Hatch:
    """``close(True)`` takes the kiosk out of service for good, ``restart`` ends the agent.

    ``group`` is the group of readers whose cards open the staff corner, ``box_prefix`` what every
    label of a box of rotating stock begins with.
    """

    group: str
    closed: Callable[[], bool]
    close: Callable[[bool], Awaitable[None]]
    restart: Callable[[], None]
    box_prefix: str = ""

    def box_of(self, texts: list[str]) -> str:
        """Return the number of a box if a scan is the label of one, else nothing."""
        found = [text for text in texts if self.box_prefix and text.startswith(self.box_prefix)]
        return found[0][:40] if found else ""


def status(services: Services, hatch: Hatch | None, lang: str, *, receipt: bool) -> dict[str, Any]:
    """Return the staff screen: lines with a tone (``good``, ``look``), and what may be pressed."""
    closed = hatch is not None and hatch.closed()
    lines = [_service(lang, closed), _queue(services, lang), _copy(services, lang)]
    lines += [
        _line(say(lang, "staff.storage"), say(lang, _STORAGE[reason]), good=False)
        for reason in astray.open_reasons(services.journal)
    ]
    devices = sorted(services.devices.items())
    lines += [_part(_called(name, one.driver, lang), one.up, lang) for name, one in devices]
    return {"lines": lines, "closed": closed, "receipt": receipt, "version": VERSION}


def _line(name: str, text: str, *, good: bool) -> dict[str, str]:
    return {"name": name, "text": text, "tone": "good" if good else "look"}


def _service(lang: str, closed: bool) -> dict[str, str]:
    text = say(lang, "staff.is_closed" if closed else "staff.is_open")
    return _line(say(lang, "staff.kiosk"), text, good=not closed)


def _queue(services: Services, lang: str) -> dict[str, str]:
    """Tell how many facts wait for the centre, and how long the oldest has."""
    backlog = services.journal.backlog()
    minutes = max(0, services.clock.now_ms() - backlog.oldest_ms) // MINUTE_MS
    key = "staff.queue" if backlog.count else "staff.queue_empty"
    text = say(lang, key, n=backlog.count, minutes=minutes)
    return _line(say(lang, "staff.centre"), text, good=services.desk.online)


def _copy(services: Services, lang: str) -> dict[str, str]:
    minutes = services.replica.age_ms // MINUTE_MS
    known = services.replica.version > 0
    text = say(lang, "staff.copy_age" if known else "staff.copy_none", n=minutes)
    return _line(say(lang, "staff.copy"), text, good=known)


def _called(name: str, driver: Driver, lang: str) -> str:
    """Return a device's kind in words, or its name where there is no word."""
    key = _DEVICES.get(driver.port.__name__)
    return say(lang, key) if key else name


def _part(name: str, up: bool, lang: str) -> dict[str, str]:
    return _line(name, say(lang, "staff.up" if up else "staff.away"), good=up)
