"""What rows of the table are made of: conditions, arrows, and the arrows that many states share."""

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.session.events import Effect, Event
from kiosk.session.states import State


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions may look at: the reader is known, books wait, things were done and so on.

    ``known``: and may borrow without a PIN, or has proven it. ``pin_first``: a PIN is asked for
    before anything; ``pin_private``: before the account is shown. ``typing``: a card number.

    ``in_class``: the kiosk is open for a class; ``tapped``: the reader is known by a picture alone.
    ``pin_class``: a PIN is asked for before a class is opened. ``staff``: staff stand here.
    """

    known: bool = False
    waiting: int = 0
    still: bool = False
    done: int = 0
    able: bool = True
    pin_first: bool = False
    pin_private: bool = False
    typing: bool = False
    in_class: bool = False
    tapped: bool = False
    pin_class: bool = False
    staff: bool = False


def books_wait(facts: Facts) -> bool:
    """Books lie on the pad that nothing was done with."""
    return facts.waiting > 0


def stack_ready(facts: Facts) -> bool:
    """The books that wait have all been read and lie still."""
    return facts.waiting > 0 and facts.still


def known(facts: Facts) -> bool:
    """The reader has shown a card that may borrow."""
    return facts.known


def pin_first(facts: Facts) -> bool:
    """Nothing can be borrowed before the PIN is proven."""
    return facts.pin_first


def pin_private(facts: Facts) -> bool:
    """The account is not shown before the PIN is proven."""
    return facts.pin_private


def typing(facts: Facts) -> bool:
    """A card number is being typed."""
    return facts.typing


def in_class(facts: Facts) -> bool:
    """Return whether the kiosk is open for a class: who is done leaves it to the next child."""
    return facts.in_class


def tapped(facts: Facts) -> bool:
    """Return whether nothing but a touched picture says who this is: no account is shown."""
    return facts.tapped


def pin_class(facts: Facts) -> bool:
    """Return whether the class is only opened after a PIN."""
    return facts.pin_class


def staff_here(facts: Facts) -> bool:
    """Return whether a staff card was shown in this visit."""
    return facts.staff


def something_done(facts: Facts) -> bool:
    """Something belongs on a receipt."""
    return facts.done > 0


def unable(facts: Facts) -> bool:
    """The pad or the journal cannot work."""
    return not facts.able


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the table: where to, what to do, and when it is taken (None: always)."""

    to: State
    effects: tuple[Effect, ...] = ()
    when: Callable[[Facts], bool] | None = None


S, E, X = State, Event, Effect
Row = dict[Event, tuple[Step, ...]]


def go(to: State, *effects: Effect) -> tuple[Step, ...]:
    """Return the one arrow that always goes there."""
    return (Step(to, effects),)


HOME = (
    Step(S.OUT_OF_SERVICE, (X.FORGET,), unable),
    Step(S.CLASS, (X.FORGET,), in_class),
    Step(S.IDLE, (X.FORGET,)),
)
LEAVE = (
    Step(S.CLASS, (X.FORGET,), in_class),
    Step(S.RECEIPT, (), something_done),
    Step(S.BYE),
)
PAD_AWAY = (
    Step(S.OUT_OF_SERVICE, (X.FORGET,), in_class),
    Step(S.RECEIPT, (X.SAY_UNABLE,), something_done),
    Step(S.OUT_OF_SERVICE, (X.FORGET,)),
)
TAKE_BACK_NOW = (Step(S.RETURNING, (X.TAKE_BACK,), stack_ready), Step(S.PLACING_RETURNS))
LEND_ROUND = (Step(S.COUNTING, (), stack_ready), Step(S.PLACING))

ANYWHERE = ("MORE_TIME", "LANGUAGE", "LARGE_TEXT", "CONTRAST", "LOW_REACH", "VOICE", "KIDS")
BUTTONS: Row = {E[name]: (Step(S.IDLE, (X[name],)),) for name in ANYWHERE}
BUTTONS[E.HELP] = (Step(S.IDLE, (X.CALL_STAFF,)),)
"""What works on every screen and leads nowhere else."""

SHOW_ACCOUNT = (
    Step(S.PLACING, (), tapped),
    Step(S.PIN_FOR_ACCOUNT, (), pin_private),
    Step(S.ACCOUNT, (X.LOAD_ACCOUNT,)),
)
SHOW_RENEWAL = (
    Step(S.PLACING, (), tapped),
    Step(S.PIN_FOR_RENEWAL, (), pin_private),
    Step(S.RENEWAL, (X.LOAD_ACCOUNT,)),
)

_ASKING: Row = {
    E.CARD: go(S.CARD_WANTED, X.CHECK_CARD),
    E.BOOK_CODE: go(S.CARD_WANTED, X.SAY_BOOK_CODE),
    E.BOOK_AS_CARD: go(S.CARD_WANTED, X.SAY_BOOK_CODE),
    E.TYPE_CARD: go(S.CARD_WANTED, X.START_TYPING),
    E.DIGIT: go(S.CARD_WANTED, X.TYPE),
    E.RUB_OUT: go(S.CARD_WANTED, X.RUB_OUT),
    E.ENTER: go(S.CARD_WANTED, X.CHECK_TYPED),
    E.RETURN: TAKE_BACK_NOW,
    E.BACK: (Step(S.BOOKS_SEEN, (), books_wait), *HOME),
    E.FINISH: HOME,
    E.TIME_UP: HOME,
    E.UNABLE: PAD_AWAY,
}

_AT_WORK_WITH_READER: Row = {
    E.CARD: go(S.PLACING, X.COMPARE_CARD),
    E.BOOK_AS_CARD: go(S.PLACING, X.SAY_BOOK_CODE),
    E.SHOW_ACCOUNT: SHOW_ACCOUNT,
    E.RENEW: SHOW_RENEWAL,
    E.RETURN: TAKE_BACK_NOW,
    E.FINISH: LEAVE,
    E.TIME_UP: HOME,
    E.UNABLE: PAD_AWAY,
}


_KEYPAD = (E.TYPE_CARD, E.DIGIT, E.RUB_OUT, E.ENTER)


def at(state: State, *rows: Row) -> Row:
    """Return rows joined for one state; arrows that say 'stay' are turned to it."""
    joined: Row = {E.RECEIPT_CODE: go(state, X.SAY_RECEIPT)}
    for row in rows:
        joined |= row
    return joined | {event: (Step(state, steps[0].effects),) for event, steps in BUTTONS.items()}


def staying(state: State, row: Row, *events: Event) -> Row:
    """Return the row with the arrows of these events turned to a state."""
    return row | {event: go(state, *row[event][0].effects) for event in events}


def asking(state: State, *found: Step) -> Row:
    """Return the row of a state that asks for a card and goes on when the reader is known."""
    stay = staying(state, _ASKING, E.CARD, E.BOOK_CODE, E.BOOK_AS_CARD, *_KEYPAD)
    back = (Step(state, (X.STOP_TYPING,), typing), *_ASKING[E.BACK])
    return at(state, stay, {E.READER_KNOWN: found, E.READER_REFUSED: go(state), E.BACK: back})


def with_reader(state: State, row: Row) -> Row:
    """Return a row of the flow joined with what a known reader may do everywhere."""
    return at(state, staying(state, _AT_WORK_WITH_READER, E.CARD, E.BOOK_AS_CARD), row)
