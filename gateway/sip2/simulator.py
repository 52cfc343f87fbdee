"""A small library system that speaks SIP2, for tests and for trying things out. Pure.

It does what the systems that were looked at do: a repeated checkout renews, a second check-in is not
ok, an unknown item has no title, and a hold decides where an item goes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.sip2.message import Message
from gateway.sip2.words import HOLD_ELSEWHERE, HOLD_HERE, SEND, Writer, read_time

DAYS_MS = 14 * 86_400_000


@dataclass(slots=True)
class Copy:
    """An item. ``bin``: its sort bin when nothing else decides. ``holds``: branches where readers wait."""

    title: str
    branch: str = ""
    bin: str = "1"
    reader: str = ""
    due: int = 0
    since: int = 0
    renewals: int = 0
    holds: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Patron:
    """A reader."""

    name: str
    blocked: bool = False


@dataclass(slots=True)
class Ils:
    """The library system. ``done`` lists what it booked: (message, item), in order.

    ``forces``: it honours *no block*. ``sorts``: it names a sort bin (CL) and alert types (CV).
    """

    now: Callable[[], int]
    items: dict[str, Copy] = field(default_factory=dict)
    readers: dict[str, Patron] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    branch: str = "CPL"
    zone: str = "Asia/Ho_Chi_Minh"
    forces: bool = True
    sorts: bool = True
    renewals: int = 2
    done: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, asked: Message) -> Message | None:
        """Return the answer to a message; None for one it does not know (it then asks again)."""
        known: dict[str, Callable[[Message], Message]] = {
            "93": self._login, "99": self._status, "17": self._item, "09": self._checkin,
            "11": self._checkout, "29": self._renew, "63": self._reader,
        }  # fmt: skip
        do = known.get(asked.code)
        return do(asked) if do is not None else None

    def _stamp(self) -> str:
        return Writer(zone=self.zone).stamp(self.now())

    def _login(self, asked: Message) -> Message:
        right = self.accounts.get(asked["CN"]) == asked["CO"] if self.accounts else True
        return Message("94", {"ok": str(int(right))})

    def _status(self, _: Message) -> Message:
        fixed = {"online": "Y", "checkin": "Y", "checkout": "Y", "renewal": "Y",
                 "status_update": "N", "offline": "Y" if self.forces else "N", "timeout": "100",
                 "retries": "005", "date": self._stamp(), "version": "2.00"}  # fmt: skip
        supported = "NYYNYYYYNNYNNNYN"
        return Message("98", fixed, (("AO", self.branch), ("BX", supported), ("AM", "Thư viện")))

    def _item(self, asked: Message) -> Message:
        name = asked["AB"]
        one = self.items.get(name)
        fixed = {"status": "01", "security": "02", "fee_type": "01", "date": self._stamp()}
        if one is None:
            return Message("18", {**fixed, "security": "01"}, (("AB", name), ("AJ", "")))
        fixed["status"] = "04" if one.reader else "03"
        due = (("AH", Writer(zone=self.zone).stamp(one.due)),) if one.reader else ()
        waits = (("CF", str(len(one.holds))),) if one.holds else ()
        fields = (("AB", name), ("AJ", one.title), ("AQ", one.branch), ("BG", one.branch))
        return Message("18", fixed, (*fields, *due, *waits))

    def _checkin(self, asked: Message) -> Message:
        name, here = asked["AB"], asked["AP"] or self.branch
        one = self.items.get(name)
        fixed = {"resensitize": "Y", "magnetic": "N", "date": self._stamp()}
        head = (("AO", self.branch), ("AB", name))
        if one is None:
            lost = (("CV", "99"), ("AF", "Item not checked out"))
            return Message("10", {**fixed, "ok": "0", "alert": "Y"}, (*head, *lost))
        self.done.append(("09", name))
        out, one.reader, one.due = one.reader, "", 0
        goes = self._goes(one, here)
        said = () if out else (("AF", "Item not checked out"),)
        fixed |= {"ok": str(int(bool(out))), "alert": "Y" if goes[1:] or not out else "N"}
        return Message("10", fixed, (*head, ("AQ", one.branch), ("AJ", one.title), *goes, *said))

    def _goes(self, one: Copy, here: str) -> tuple[tuple[str, str], ...]:
        if not self.sorts:
            return ()
        if here in one.holds:
            return ("CL", "HOLD"), ("CV", HOLD_HERE)
        if one.holds:
            return ("CL", "TRANSIT"), ("CV", HOLD_ELSEWHERE), ("CT", one.holds[0])
        if one.branch and one.branch != here:
            return ("CL", "TRANSIT"), ("CV", SEND), ("CT", one.branch)
        return (("CL", one.bin),)

    def _checkout(self, asked: Message) -> Message:
        name, reader = asked["AB"], asked["AA"]
        one, forced = self.items.get(name), asked["no_block"] == "Y" and self.forces
        why = self._refusal(one, reader, forced)
        if one is None or why:
            return self._lent("12", asked, one, why or "Invalid item")
        one.renewals = one.renewals + 1 if one.reader == reader else 0
        self.done.append(("11", name))
        promised = read_time(asked["nb_due"], self.zone) if forced else None
        one.reader, one.since = reader, self.now()
        one.due = promised or max(one.due, self.now()) + DAYS_MS
        return self._lent("12", asked, one)

    def _refusal(self, one: Copy | None, reader: str, forced: bool) -> str:
        person = self.readers.get(reader)
        if person is None:
            return "Invalid patron"
        if one is not None and one.reader not in ("", reader) and not forced:
            return "Item checked out to another patron"
        return "Patron Blocked" if person.blocked and not forced else ""

    def _renew(self, asked: Message) -> Message:
        one = self.items.get(asked["AB"])
        if one is None or one.reader != asked["AA"]:
            return self._lent("30", asked, one, "Item not checked out to this patron")
        if one.renewals >= self.renewals:
            return self._lent("30", asked, one, "Renewals not allowed.")
        self.done.append(("29", asked["AB"]))
        one.renewals, one.due = one.renewals + 1, max(one.due, self.now()) + DAYS_MS
        return self._lent("30", asked, one)

    def _lent(self, code: str, asked: Message, one: Copy | None, why: str = "") -> Message:
        fixed = {"ok": str(int(not why)), "renewal_ok": "N", "magnetic": "U" if why else "N",
                 "desensitize": "N" if why else "Y", "date": self._stamp()}  # fmt: skip
        due = Writer(zone=self.zone).stamp(one.due) if one is not None and not why else ""
        fields = (("AO", self.branch), ("AA", asked["AA"]), ("AB", asked["AB"]),
                  ("AJ", one.title if one is not None else ""), ("AH", due))  # fmt: skip
        return Message(code, fixed, (*fields, *((("AF", why),) if why else ())))

    def _reader(self, asked: Message) -> Message:
        name = asked["AA"]
        person = self.readers.get(name)
        has = sorted(key for key, one in self.items.items() if one.reader == name and name)
        blocked = person is None or person.blocked
        fixed = {"patron_status": ("YYYY" if blocked else "").ljust(14), "language": "000",
                 "date": self._stamp(), "charged": f"{len(has):04}"}  # fmt: skip
        fixed |= dict.fromkeys(("holds", "overdue", "fines", "recalls", "unavailable"), "0000")
        listed = tuple(("AU", one) for one in has) if asked["summary"][2:3] == "Y" else ()
        fields = (("AO", self.branch), ("AA", name), ("AE", person.name if person else ""))
        return Message("64", fixed, (*fields, ("BL", "N" if person is None else "Y"), *listed))
