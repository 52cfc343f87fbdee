"""One visit at the kiosk: who stands there, what was said, what was done. Forgotten as a whole."""

from dataclasses import dataclass, field
from typing import Literal

from edge.circulation.model import LoanView, SchoolClass
from edge.desk import Visitor
from edge.wire.proofs import Proof
from kiosk.session import State
from kiosk.shelf import Deed, Shelf

S = State
RETURNING = frozenset({S.PLACING_RETURNS, S.RETURNING, S.RETURNED})
MAY_RETURN = RETURNING | {S.IDLE, S.BOOKS_SEEN, S.CARD_WANTED, S.CLASS}
"""States in which a set that lacks a part still counts: it may be given back."""
ASKING = frozenset({S.CARD_WANTED, S.CARD_FOR_ACCOUNT, S.CARD_FOR_RENEWAL})
PROVING = frozenset({S.PIN_TO_BORROW, S.PIN_FOR_ACCOUNT, S.PIN_FOR_RENEWAL, S.PIN_FOR_CLASS})
LENDING = frozenset({S.PLACING, S.COUNTING, S.LENDING, S.LENT})

Tone = Literal["calm", "look", "stop", "good"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence above the shelf, until ``until`` (monotonic ms) or the next screen."""

    tone: Tone
    key: str
    until: int
    values: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Loaned:
    """A line of the account. ``state`` is empty, ``renewed`` or ``refused``."""

    view: LoanView
    author: str = ""
    state: str = ""
    say: str = ""
    reason: str = ""


@dataclass(slots=True)
class Visit:
    """What the engine knows of the visit that is going on.

    ``typed``: digits of the keypad that was not used yet. ``typing``: they are a card number.
    ``by_hand``: the card's number was typed. ``proven``: the PIN was right.
    ``groups``: the classes that the card of a teacher or of staff (``opener``) opens. ``tapped``: the
    reader touched a picture in a class that the event ``about`` opened.
    ``proof``: what a scanned receipt proves.
    """

    number: int
    id: str
    state: State = S.IDLE
    lang: str = "vi"
    look: set[str] = field(default_factory=set)
    shelf: Shelf = field(default_factory=Shelf)
    visitor: Visitor | None = None
    cards: list[str] = field(default_factory=list)
    loans: list[Loaned] = field(default_factory=list)
    notice: Notice | None = None
    checking: bool = False
    printed: bool = False
    mailed: bool = False
    staff_called: bool = False
    staff: str = ""
    total: int = 0
    told_still: bool = False
    told_tags: set[str] = field(default_factory=set)
    typed: str = field(default="", repr=False)
    typing: bool = False
    by_hand: bool = False
    proven: bool = False
    groups: list[SchoolClass] = field(default_factory=list)
    opener: Literal["", "card", "staff"] = ""
    tapped: bool = False
    about: str = ""
    proof: Proof | None = None

    @property
    def known(self) -> bool:
        """Whether the reader has shown a card that is known."""
        return self.visitor is not None and self.visitor.reader is not None

    @property
    def goal(self) -> str:
        """What is being done, in a word for the page: ``return``, ``borrow`` or nothing."""
        return "return" if self.state in RETURNING else "borrow" if self.state in LENDING else ""

    def enter(self, state: State) -> None:
        """Go to a state: what was said on the last screen is over."""
        if state is self.state:
            return
        again = {self.state, state} == {S.COUNTING, S.PLACING}  # asked about this stack already
        self.told_still = self.told_still and again
        self.state = state
        self.notice = None
        self.typed, self.typing = "", False
        if state in RETURNING:
            self.shelf.goal = Deed.RETURNED
        elif state in LENDING:
            self.shelf.goal = Deed.LENT
