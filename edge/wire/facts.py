"""Facts: what physically happened, as typed values. The union :data:`Fact` is the whole list.

A *card reference* or *reader reference* is the hex of a keyed hash (see :func:`card_ref`), never a
card number. Item identifiers are what the tag or barcode says (the primary item identifier).
Times are milliseconds since 1970-01-01T00:00Z.
"""

import hashlib
import hmac
import unicodedata
from typing import Literal

import msgspec


class Base(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=False, tag_field="k"):
    """What all facts share."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a thing was identified and what its security bit said before and after.

    ``afi_before``/``afi_after`` are AFI bytes; None: not read. ``reads`` counts the inventories
    that saw the tag. ``by`` is ``tag``, ``barcode`` or ``hand``.
    """

    by: Literal["tag", "barcode", "hand"] = "tag"
    uid: str | None = None
    format: str | None = None
    reads: int = 0
    afi_before: int | None = None
    afi_after: int | None = None


class Loan(Base, tag="loan", frozen=True, kw_only=True, omit_defaults=True):
    """An item left with a reader. ``due`` is the promised due date; ``online``: the centre agreed.

    ``by``: how the reader was known: by a card, or by touching a picture in a ``class`` that somebody
    had opened. Then ``about`` is the event id of that ``class_opened``, and nothing else proves who
    it was.
    """

    item: str
    card: str
    due: int
    online: bool = False
    session: str = ""
    evidence: Evidence = Evidence()
    by: Literal["card", "class"] = "card"
    about: str = ""


class Return(Base, tag="return", frozen=True, kw_only=True, omit_defaults=True):
    """An item came back (kiosk or drop). The security bit was armed and verified before."""

    item: str
    place: Literal["kiosk", "drop", "desk"] = "kiosk"
    bin: str = ""
    owner: str | None = None
    session: str = ""
    evidence: Evidence = Evidence()


class RenewalWish(Base, tag="renewal_wish", frozen=True, kw_only=True, omit_defaults=True):
    """A reader asked to keep an item longer. A request, not a fact of the world: may be refused."""

    item: str
    card: str
    session: str = ""


class ReceiptWish(Base, tag="receipt_wish", frozen=True, kw_only=True, omit_defaults=True):
    """A reader asked for the receipt of a visit by e-mail; only the centre knows the address."""

    card: str
    session: str


class Secured(Base, tag="secured", frozen=True, kw_only=True, omit_defaults=True):
    """The security bit of a lent or returned item was written and read back."""

    item: str
    uid: str
    afi: int
    about: str
    """The event id of the loan or return it belongs to."""


class TagStillArmed(Base, tag="tag_still_armed", frozen=True, kw_only=True, omit_defaults=True):
    """A loan stands, but its tag could not be disarmed: gates let it pass until ``until``."""

    item: str
    uid: str
    about: str
    until: int


class Repaired(Base, tag="repaired", frozen=True, kw_only=True, omit_defaults=True):
    """A wrong security bit was put right later; ``afi`` is the value read back."""

    item: str
    uid: str
    afi: int


class GateSaw(Base, frozen=True, kw_only=True, omit_defaults=True):
    """What a gate's RFID reader told of a tag. ``item`` is None when the tag gave no number.

    ``part`` is the antenna that saw it first, as the reader counts them (empty: not known), ``rssi``
    how strongly (dBm, or the reader's own scale; None: not told), ``reads`` how often it was seen.
    ``afi``: the byte as read (None: not told). ``format`` and ``owner`` are what its content says.
    ``since``: it was on loan from then on (ms), as the gate knew; 0: not that the gate knew.
    """

    gate: str
    uid: str
    item: str | None = None
    part: str = ""
    afi: int | None = None
    reads: int = 0
    rssi: int | None = None
    format: str = ""
    owner: str = ""
    since: int = 0


class GateAlarm(GateSaw, tag="gate_alarm", frozen=True, kw_only=True, omit_defaults=True):
    """A gate alarmed. ``direction``: in, out or '' (not known)."""

    direction: Literal["in", "out", ""] = ""


class GateLetPass(GateSaw, tag="gate_let_pass", frozen=True, kw_only=True, omit_defaults=True):
    """A gate saw an armed tag and let it pass, with the reason (``allowed``, ``muted``, …)."""

    reason: str = ""


class GateHint(GateSaw, tag="gate_hint", frozen=True, kw_only=True, omit_defaults=True):
    """Something that staff may want to know of a tag that passed; the gate stayed quiet.

    ``reason``: ``not_lent`` (disarmed, yet not on loan), ``missing`` (an item that is looked for).
    """

    direction: Literal["in", "out", ""] = ""
    reason: str = ""


class GateMuted(Base, tag="gate_muted", frozen=True, kw_only=True, omit_defaults=True):
    """A gate was made quiet until a time (ms; 0: it rings again), ``by`` whom and why."""

    gate: str
    until: int = 0
    by: str = ""
    why: str = ""


class GateDay(Base, tag="gate_day", frozen=True, kw_only=True, omit_defaults=True):
    """A gate's day at closing: all who came in and went out since it opened (``since``).

    When everybody has gone both should be the same; their difference is the counter's error.
    """

    gate: str
    entered: int = 0
    left: int = 0
    since: int = 0


class GateCount(Base, tag="gate_count", frozen=True, kw_only=True, omit_defaults=True):
    """People who passed a gate since the last such fact."""

    gate: str
    entered: int = 0
    left: int = 0
    since: int = 0


class BinChanged(Base, tag="bin_changed", frozen=True, kw_only=True, omit_defaults=True):
    """The level of a bin in percent, or that it was emptied (``emptied``, with items counted)."""

    bin: str
    percent: int = 0
    items: int = 0
    emptied: bool = False


class DropRefused(Base, tag="drop_refused", frozen=True, kw_only=True, omit_defaults=True):
    """The book drop gave something back: ``reason`` is a word such as ``no_tag``, ``several``."""

    reason: str
    uid: str | None = None


class TakenAside(Base, tag="taken_aside", frozen=True, kw_only=True, omit_defaults=True):
    """The book drop took in what a person must look at: it lies in ``bin``, or should.

    ``reason`` is a word as of DropRefused, or ``jammed`` and ``taken_out``: the return is recorded,
    but perhaps the item is not in its bin. ``item`` and ``uid`` when just one tag was read.
    """

    bin: str
    reason: str
    item: str | None = None
    uid: str = ""


class BoxReceived(Base, tag="box_received", frozen=True, kw_only=True, omit_defaults=True):
    """A box of rotating stock arrived here; ``name`` is the number on its label."""

    name: str


class TagTrouble(Base, tag="tag_trouble", frozen=True, kw_only=True, omit_defaults=True):
    """A tag that staff must look at: unreadable, torn write, foreign, card among books, …."""

    reason: str
    uid: str
    item: str | None = None
    station: str = ""


class Trouble(Base, tag="trouble", frozen=True, kw_only=True, omit_defaults=True):
    """A part of a machine needs a hand (``reader_lost``, ``paper_out``, ``disk_full``, …).

    ``part`` is the device's name in the configuration; ``why`` one plain sentence for staff.
    """

    part: str
    reason: str
    why: str = ""


class Well(Base, tag="well", frozen=True, kw_only=True, omit_defaults=True):
    """The trouble of this part with this reason is over."""

    part: str
    reason: str


class StaffCalled(Base, tag="staff_called", frozen=True, kw_only=True, omit_defaults=True):
    """A reader pressed *call staff*."""

    station: str


class StaffActed(Base, tag="staff_acted", frozen=True, kw_only=True, omit_defaults=True):
    """Staff did something at a station: ``name`` is what (``opened``, ``close``, ``reprint``, …).

    ``by`` is the reference of the staff card.
    """

    station: str
    name: str
    by: str = ""


class ClassOpened(Base, tag="class_opened", frozen=True, kw_only=True, omit_defaults=True):
    """A kiosk was opened for a class until a time (ms): its children borrow by touching a picture.

    ``name`` is the class, ``by`` the reference of the card that opened it, ``reason`` how that was
    proven: ``pin``, ``card`` (the policy asks for no more) or ``staff``. Opened again: for longer.
    """

    station: str
    name: str
    by: str
    until: int
    reason: Literal["pin", "card", "staff"]


class ClassClosed(Base, tag="class_closed", frozen=True, kw_only=True, omit_defaults=True):
    """A kiosk serves everybody again: by a ``card`` (``by`` whose), or because the ``time`` was over."""

    station: str
    name: str
    reason: Literal["card", "time"]
    by: str = ""


class Booted(Base, tag="booted", frozen=True, kw_only=True, omit_defaults=True):
    """The agent started; the first fact of every boot."""

    version: str
    stations: list[str] = []
    clean: bool = True
    """False when the last run ended without saying goodbye (power cut, kill)."""


class Ordered(Base, tag="ordered", frozen=True, kw_only=True, omit_defaults=True):
    """What became of a command of the centre; ``order`` is its id, ``name`` what it asked for."""

    order: str
    name: str
    outcome: Literal["received", "done", "failed", "refused", "expired"]
    why: str = ""


Fact = (
    Loan | Return | RenewalWish | Secured | TagStillArmed | Repaired
    | GateAlarm | GateLetPass | GateCount | BinChanged | DropRefused
    | TagTrouble | Trouble | Well | StaffCalled | Booted | Ordered | TakenAside
    | GateHint | GateMuted | GateDay | BoxReceived | StaffActed | ReceiptWish
    | ClassOpened | ClassClosed
)  # fmt: skip
"""Every fact a device can journal."""


PAPER = "paper:"
"""Begins the text of an identity paper's number: no card can be taken for a paper, nor a paper for one."""


def normal_card(text: str) -> str:
    """Return a card number as it is compared: NFC, no spaces, upper case."""
    return "".join(unicodedata.normalize("NFC", text).split()).upper()


def card_ref(site_key: bytes, card: str) -> str:
    """Return the reference of a card at a site: 128 bits of HMAC-SHA256 in hex.

    The key is the site's secret and is kept outside the database, so that a stolen SD card does
    not give the numbers.
    """
    mac = hmac.new(site_key, b"card:" + normal_card(card).encode(), hashlib.sha256)
    return mac.hexdigest()[:32]


def member_ref(site_key: bytes, reader: str) -> str:
    """Return the reference under which a member of a class is lent to who shows no card.

    Nothing that can be scanned or typed has it: only a picture of an open class leads there.
    """
    return hmac.new(site_key, b"member:" + reader.encode(), hashlib.sha256).hexdigest()[:32]


def uid_card(uid: bytes) -> str:
    """Return the card text under which a card that is known by its UID alone is registered."""
    return "UID:" + uid.hex().upper()
