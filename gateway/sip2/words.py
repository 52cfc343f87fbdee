"""The requests we send, and what their answers mean. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.sip2.message import Message

BLANK = " " * 18
CHARGED = frozenset({"04", "05", "07"})
"""Circulation status of an item that is on loan: charged, no recall possible, recalled."""
HOLD_SHELF = "08"
HOLD_HERE, HOLD_ELSEWHERE, SEND = "01", "02", "04"
"""Alert types (CV): a reader waits here, at another branch; the item goes to another branch."""
NO_MORE_WORDS = 200
_SIP = re.compile(r"(\d{8})(?:    |0000|   ([ZQ]))?(\d{6})\Z")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes requests for one library system. ``zone`` is where its times are told in."""

    institution: str = ""
    terminal: str = ""
    zone: str = "Asia/Ho_Chi_Minh"
    utc: bool = False

    def stamp(self, ms: int) -> str:
        """Return a time (ms since 1970) in 18 characters."""
        if self.utc:
            return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y%m%d   Z%H%M%S")
        return datetime.fromtimestamp(ms // 1000, ZoneInfo(self.zone)).strftime("%Y%m%d    %H%M%S")

    def login(self, user: str, password: str, location: str = "") -> Message:
        """93: let us in."""
        place = (("CP", location),) if location else ()
        fixed = {"uid_algorithm": "0", "pwd_algorithm": "0"}
        return Message("93", fixed, (("CN", user), ("CO", password), *place))

    def status(self) -> Message:
        """99: are you there, and what can you do."""
        return Message("99", {"status": "0", "width": "080", "version": "2.00"})

    def item(self, item: str, now: int) -> Message:
        """17: what of this item. It changes nothing."""
        return Message("17", {"date": self.stamp(now)}, self._about(AB=item))

    def charged(self, reader: str, now: int) -> Message:
        """63: what has this reader on loan. It changes nothing."""
        fixed = {"language": "000", "date": self.stamp(now), "summary": "  Y".ljust(10)}
        return Message("63", fixed, self._about(AA=reader, BP="1", BQ="9999"))

    def reader(self, reader: str, now: int) -> Message:
        """63 without a list: what of this reader. It changes nothing."""
        fixed = {"language": "000", "date": self.stamp(now), "summary": " " * 10}
        return Message("63", fixed, self._about(AA=reader))

    def checkin(self, item: str, place: str, at: int, now: int, *, no_block: bool) -> Message:
        """09: this item came back at ``at``. ``place`` (AP) is the branch where it lies."""
        fixed = {"no_block": _yes(no_block), "date": self.stamp(now), "return_date": self.stamp(at)}
        return Message("09", fixed, (("AP", place), *self._about(AB=item), ("BI", "N")))

    def checkout(
        self, reader: str, item: str, at: int, due: int | None, *, no_block: bool
    ) -> Message:
        """11: this reader took this item at ``at``, and was promised ``due``. No renewal of it."""
        fixed = {"renewal_policy": "N", "no_block": _yes(no_block), "date": self.stamp(at),
                 "nb_due": self.stamp(due) if due is not None else BLANK}  # fmt: skip
        about = self._about(AA=reader, AB=item)
        return Message("11", fixed, (*about, ("BO", "N"), ("BI", "N")))

    def renew(self, reader: str, item: str, at: int, due: int | None, *, no_block: bool) -> Message:
        """29: this reader keeps this item longer."""
        fixed = {"third_party": "N", "no_block": _yes(no_block), "date": self.stamp(at),
                 "nb_due": self.stamp(due) if due is not None else BLANK}  # fmt: skip
        return Message("29", fixed, (*self._about(AA=reader, AB=item), ("BO", "N")))

    def _about(self, **fields: str) -> tuple[tuple[str, str], ...]:
        return (("AO", self.institution), *fields.items(), ("AC", self.terminal))


@dataclass(frozen=True, slots=True)
class Sorting:
    """What the library system says of an item that comes back, as a drop needs it.

    ``bin`` (CL), ``branch`` (its code of where the item shall go) may be empty.
    """

    bin: str = ""
    held: bool = False
    branch: str = ""


def of_item(answer: Message) -> Sorting:
    """Return what an answer to 17 says of where an item goes."""
    waiting = answer["CF"].strip()
    held = answer["status"] == HOLD_SHELF or (waiting.isdigit() and int(waiting) > 0)
    return Sorting(answer["CL"], held, answer["CT"] or answer["AQ"])


def of_checkin(answer: Message) -> Sorting:
    """Return what an answer to 09 says of where an item goes.

    A hold at another branch is no hold here: the item is sent there.
    """
    alert, goal = answer["CV"], answer["CT"]
    return Sorting(answer["CL"], alert == HOLD_HERE, goal or answer["AQ"])


def known(answer: Message) -> bool:
    """Return whether an answer to 17 is of an item that the library system has."""
    return not (answer["status"] == "01" and not answer["AJ"])


def why(answer: Message) -> str:
    """Return the library system's own words of an answer, for staff."""
    said = [one.strip() for one in (*answer.every("AF"), *answer.every("AG")) if one.strip()]
    return " ".join(dict.fromkeys(said))[:NO_MORE_WORDS]


def has_item(answer: Message, item: str) -> bool:
    """Return whether an answer to 63 lists an item (a number, or a number and its title)."""
    return any(listed.split(" ")[0] == item for listed in answer.every("AU"))


def read_time(text: str, zone: str) -> int | None:
    """Return a time (ms since 1970) as library systems write it; None for free text."""
    text = text.strip()
    found = _SIP.match(text)
    try:
        if found:
            at = datetime.strptime(found[1] + found[3], "%Y%m%d%H%M%S")  # noqa: DTZ007 - below
            place = UTC if found[2] == "Z" else ZoneInfo(zone)
            return int(at.replace(tzinfo=place).timestamp() * 1000)
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)


def _yes(true: bool) -> str:
    return "Y" if true else "N"
