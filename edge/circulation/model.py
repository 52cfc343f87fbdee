"""What the lending rules look at: readers, items, loans, the policy, and what they decide.

Times are milliseconds since 1970 UTC; days are counted in the policy's time zone.
"""

from typing import Literal

import msgspec


class ItemView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An item (a copy) as a device needs to know it.

    ``flags``: ``reference`` (not for loan), ``restricted``, ``lost``, ``withdrawn``, ``missing``.
    ``held``: it is kept for a reader who waits, whose reference is ``held_for`` (may be empty).
    ``uid`` is the tag's UID (hex upper case) when known. ``together``: numbers of the other items of
    a set that is lent as one (a kit, a class set).
    """

    item: str
    title: str
    author: str = ""
    kind: str = "book"
    branch: str = ""
    flags: list[str] = []
    held: bool = False
    held_for: str = ""
    uid: str = ""
    together: list[str] = []


class ReaderView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reader as a device may know one: references and status, no name, no number.

    ``card`` is the reference of one card, ``reader`` of the person (several cards may share it).
    ``expires``: end of membership (ms, 0 = never). ``loans``: open loans now. ``fees``: what is owed
    (dong), only where the policy has a ``fee_limit``; in a copy without what open loans add.
    """

    card: str
    reader: str
    group: str = "adult"
    expires: int = 0
    blocked: bool = False
    loans: int = 0
    fees: int = 0


class LoanView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An open loan. ``reader`` is a reader reference; ``renewals`` counts those already had.

    ``doubt``: it may be over, since nobody can tell whether a return came before or after it.
    """

    item: str
    reader: str
    due: int
    since: int = 0
    renewals: int = 0
    title: str = ""
    doubt: bool = False


class GroupRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader group may do. ``days`` is the loan period; ``limit`` open loans at most."""

    limit: int = 5
    days: int = 14
    renewals: int = 2


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event of the library: ``date`` is ``YYYY-MM-DD``, ``time`` free text such as ``09:00``."""

    title: str
    date: str
    time: str = ""
    place: str = ""
    title_en: str = ""


class Board(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What idle kiosks show: events, new books (numbers of items), one note for everybody."""

    events: list[Event] = []
    books: list[str] = []
    note: str = ""
    note_en: str = ""


ANIMALS = (
    "cat", "dog", "rabbit", "bear", "elephant", "frog",
    "chick", "fish", "panda", "buffalo", "turtle", "owl",
)  # fmt: skip
COLOURS = 6
"""A picture of a child is an animal and the number of a colour: ``cat-3``."""


class Pupil(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A child of a class: the reference to lend under, a picture (``cat-3``), the name sealed.

    ``name`` (:mod:`edge.wire.names`) is the given name, empty where nobody agreed to show it.
    """

    card: str
    picture: str
    name: str = ""


class SchoolClass(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A class that may use the kiosks of one site together. ``minutes`` is how long a lesson is.

    ``teachers`` are references of the readers who may open it, besides staff.
    """

    id: str
    title: str
    minutes: int = 45
    teachers: list[str] = []
    pupils: list[Pupil] = []


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A branch's lending policy. ``offline_*`` are rule R10; hours in ``HH:MM`` local time.

    ``offline_limit``: loans of a card in one outage; half of it when the local copy is older than
    ``offline_days``, none after ``offline_stop_days``. ``offline_never_kinds`` are only lent with the
    centre. ``offline_trust``: also cards that nobody could check (village and school libraries).

    ``closed``: weekdays (0 = Monday) and dates (``YYYY-MM-DD``) on which nothing falls due.
    ``hold_days``: how long a hold is kept for its reader. ``held_returns``: where a book goes that
    somebody waits for: a ``slot`` beside the kiosk, or to ``staff``. ``fee_per_day`` (dong, 0: none)
    for every day of opening that a loan is late, ``fee_most`` (0: no end) for one loan. Who owes
    ``fee_limit`` or more (0: no limit) borrows nothing until it is paid. ``board`` is
    what idle kiosks show.

    ``pin_for``: what a PIN is asked for at kiosks. Only the centre can prove one: without it what
    needs a PIN is refused, or with ``pin_offline = "skip"`` goes on without. ``pin_tries`` wrong
    ones in a row lock the PIN for ``pin_lock_minutes``. ``typed_card``: whether a card number may
    be typed by hand.

    ``papers_at``: sites whose kiosks take identity papers as cards (``*``: all; none unless named).

    ``class_pin``: whether a teacher types a PIN to open a class (staff never do). ``classes`` are
    those of the site that the policy travels to; the centre fills them in from its own tables, as
    ``receipt_centres``, its keys (hex) that certify who signs receipts, and ``receipts_stopped``, the
    devices' keys (hex) of which nothing is believed that was signed since (ms).
    """

    version: int = 1
    zone: str = "Asia/Ho_Chi_Minh"
    groups: dict[str, GroupRule] = msgspec.field(default_factory=lambda: {"adult": GroupRule()})
    never_lend_kinds: list[str] = []
    closed_weekdays: list[int] = []
    closed_dates: list[str] = []
    opens: str = "07:30"
    closes: str = "17:00"
    offline_limit: int = 3
    offline_days: int = 7
    offline_stop_days: int = 30
    offline_never_kinds: list[str] = []
    offline_trust: bool = False
    credit_to: str = "drop_time"
    afi_in: int = 0x07
    afi_out: int = 0xC2
    owners: list[str] = []
    max_stack: int = 8
    hold_days: int = 7
    held_returns: Literal["slot", "staff"] = "slot"
    pin_for: Literal["nothing", "account", "all"] = "nothing"
    pin_offline: Literal["refuse", "skip"] = "refuse"
    pin_tries: int = 5
    pin_lock_minutes: int = 15
    typed_card: Literal["never", "with_pin", "always"] = "with_pin"
    fee_per_day: int = 0
    fee_most: int = 0
    fee_limit: int = 0
    board: Board = Board()
    papers_at: list[str] = []
    class_pin: Literal["ask", "never"] = "ask"
    classes: list[SchoolClass] = []
    receipt_centres: list[str] = []
    receipts_stopped: dict[str, int] = {}


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the rules say to one item. ``reason`` is empty when ``ok``, else one of REASONS.

    ``due`` (ms) is the due date promised when ``ok``; ``renews``: it is already this reader's loan;
    ``hold``: the reader waited for it.
    """

    item: str
    ok: bool
    reason: str = ""
    due: int = 0
    renews: bool = False
    hold: bool = False


REASONS = {
    "unknown_item": "the item is not in the catalogue",
    "unknown_card": "the card is not known",
    "card_unverified": "the card cannot be checked while offline",
    "expired": "membership has ended",
    "blocked": "the reader may not borrow",
    "fees": "the reader owes too much",
    "limit": "the reader has as many loans as allowed",
    "offline_limit": "no more loans for this card while offline",
    "offline_stale": "the local copy is too old to lend from",
    "not_for_loan": "reference or restricted item",
    "held": "reserved for somebody else",
    "already_yours": "the reader has this item already",
    "on_loan": "on loan to somebody else",
    "foreign": "the item belongs to another library",
    "renewals": "no more renewals",
    "needs_network": "only possible with the centre",
}
"""Why a verdict is no, in words for logs and staff; the screen has its own sentences."""
