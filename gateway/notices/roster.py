"""Who is told of what, and when: the file ``[notices] roster`` names, read and checked whole."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from edge.wire.tables import ConfigError, read_table, read_toml

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Person:
    """A row ``[[duty]]`` of the roster."""

    name: str = field(metadata={"help": "who"})
    way: str = field(metadata={"help": "mail, webhook, outbox, or a service's name"})
    to: str = field(metadata={"help": "address, https address, or phone number"})
    sites: list[str] = field(default_factory=list, metadata={"help": "sites; empty: all"})
    codes: list[str] = field(default_factory=list, metadata={"help": "codes; empty: all to do"})
    days: list[str] = field(default_factory=lambda: list(DAYS), metadata={"help": "mon … sun"})
    since: str = field(default="00:00", metadata={"help": "on duty from this hour"})
    until: str = field(default="24:00", metadata={"help": "on duty until this hour"})
    quiet: bool = field(default=False, metadata={"help": "also in the quiet hours"})
    language: Literal["vi", "en"] = field(default="vi", metadata={"help": "of the message"})

    def __post_init__(self) -> None:
        """Refuse days and hours that are none."""
        unknown = set(self.days) - set(DAYS)
        if unknown:
            raise ValueError(f"days: {min(unknown)!r} is none of {', '.join(DAYS)}")
        _minute(self.since)
        _minute(self.until)
        if self.way == "webhook" and not self.to.startswith(("https://", "http://127.0.0.1")):
            raise ValueError("to: a webhook needs an https address")

    def on_duty(self, at: datetime) -> bool:
        """Return whether a moment (local time) is within this row; it may go over midnight."""
        since, until, now = _minute(self.since), _minute(self.until), at.hour * 60 + at.minute
        if since < until:
            return DAYS[at.weekday()] in self.days and since <= now < until
        early = now < until
        day = (at.weekday() - 1) % 7 if early else at.weekday()
        return DAYS[day] in self.days and (early or now >= since)


@dataclass(frozen=True, slots=True)
class Roster:
    """The whole file: who is on duty, and the hours in which only some are woken."""

    people: tuple[Person, ...]
    quiet_since: str = "21:00"
    quiet_until: str = "07:00"

    def told(self, code: str, site: str, now: int, zone: str) -> list[Person]:
        """Return who is told of an entry at a moment."""
        at = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
        quiet = self.quiet(at)
        return [
            one
            for one in self.people
            if (not one.sites or site in one.sites)
            and (not one.codes or code in one.codes)
            and one.on_duty(at)
            and (one.quiet or not quiet)
        ]

    def quiet(self, at: datetime) -> bool:
        """Return whether a moment is in the quiet hours."""
        since, until = _minute(self.quiet_since), _minute(self.quiet_until)
        now = at.hour * 60 + at.minute
        return since <= now < until if since < until else now >= since or now < until


def read_roster(path: Path) -> Roster:
    """Return the roster of a file; raise ConfigError naming the row and what is wrong with it."""
    tables = read_toml(path)
    rows: Any = tables.pop("duty", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{path}: write one [[duty]] for each person")
    people = tuple(read_table(Person, row, f"{path} [[duty]] {n}") for n, row in enumerate(rows, 1))
    hours = {key: tables.pop(key) for key in ("quiet_since", "quiet_until") if key in tables}
    if tables:
        raise ConfigError(f"{path}: unknown: {', '.join(tables)}")
    try:
        for text in hours.values():
            _minute(text)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    return Roster(people, **hours)


def _minute(text: Any) -> int:
    hour, _, minute = str(text).partition(":")
    if not (hour.isdigit() and minute.isdigit() and len(minute) == 2):
        raise ValueError(f"{text!r} is no hour such as 07:30")
    found = int(hour) * 60 + int(minute)
    if found > MINUTES or int(minute) > 59:
        raise ValueError(f"{text!r} is no hour such as 07:30")
    return found
