"""A visit at the kiosk as one table: in which state, on which event, under which condition, what next.

No clock, no device, no text is in here. The engine says what happened (an :class:`Event`) and what
is true now (:class:`Facts`); :func:`step` answers with the next state and the effects asked for, as
data. An event that is not in the table means nothing there: the state stays, nothing is done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a visit can be. :data:`SCREENS` says what the reader sees."""

    IDLE = "idle"
    BOOKS_SEEN = "books_seen"
    CARD_WANTED = "card_wanted"
    CARD_FOR_ACCOUNT = "card_for_account"
    CARD_FOR_RENEWAL = "card_for_renewal"
    PLACING = "placing"
    COUNTING = "counting"
    LENDING = "lending"
    LENT = "lent"
    PLACING_RETURNS = "placing_returns"
    RETURNING = "returning"
    RETURNED = "returned"
    ACCOUNT = "account"
    RENEWAL = "renewal"
    RENEWING = "renewing"
    RECEIPT = "receipt"
    PRINTING = "printing"
    RECEIPT_SHOWN = "receipt_shown"
    BYE = "bye"
    OUT_OF_SERVICE = "out_of_service"


class Event(StrEnum):
    """What can happen to a visit."""

    BOOKS = "books"  # the stack on the pad changed and holds books that wait
    STACK_STILL = "stack_still"  # the stack has not changed for a while and is all read
    PAD_CLEAR = "pad_clear"  # the last thing left the pad
    CARD = "card"
    READER_KNOWN = "reader_known"
    READER_REFUSED = "reader_refused"
    BOOK_CODE = "book_code"  # the barcode of a book was scanned
    BOOK_AS_CARD = "book_as_card"  # what lies at the card reader is a book
    WORK_DONE = "work_done"
    RENEWED = "renewed"
    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    TIME_UP = "time_up"
    UNABLE = "unable"  # the pad or the journal cannot work
    ABLE = "able"
    BORROW = "press borrow"
    RETURN = "press return"
    RENEW = "press renew"
    RENEW_ALL = "press renew_all"
    SHOW_ACCOUNT = "press account"
    COUNT_YES = "press count_yes"
    COUNT_NO = "press count_no"
    FINISH = "press finish"
    PRINT = "press print"
    ON_SCREEN = "press on_screen"
    NO_RECEIPT = "press no_receipt"
    MORE_TIME = "press more_time"
    BACK = "press back"
    LANGUAGE = "press language"
    HELP = "press help"
    LARGE_TEXT = "press large_text"
    CONTRAST = "press contrast"
    LOW_REACH = "press low_reach"


PRESSES = {e.removeprefix("press "): e for e in Event if e.startswith("press ")}
"""What a finger may press, as the page says it, and the event it is."""


class Effect(StrEnum):
    """What a step asks the engine to do, in this order."""

    FORGET = "forget the visit"
    CHECK_CARD = "ask who the card belongs to"
    COMPARE_CARD = "notice another reader's card"
    ADD_BY_CODE = "add the scanned book"
    SAY_BOOK_CODE = "say that this is a book"
    SAY_SEPARATE = "say how to find the missing book"
    SAY_UNABLE = "say that the pad is away"
    LEND = "lend the books"
    TAKE_BACK = "take the books back"
    LOAD_ACCOUNT = "fetch the account"
    RENEW = "ask to renew"
    PRINT = "print the receipt"
    MORE_TIME = "start the time again"
    LANGUAGE = "change the language"
    CALL_STAFF = "call staff"
    LARGE_TEXT = "change between usual and large text"
    CONTRAST = "change between usual and high contrast"
    LOW_REACH = "change between usual and low controls"


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions may look at: the reader is known, books wait, things were done and so on."""

    known: bool = False
    waiting: int = 0
    still: bool = False
    done: int = 0
    able: bool = True


def books_wait(facts: Facts) -> bool:
    """Books lie on the pad that nothing was done with."""
    return facts.waiting > 0


def stack_ready(facts: Facts) -> bool:
    """The books that wait have all been read and lie still."""
    return facts.waiting > 0 and facts.still


def known(facts: Facts) -> bool:
    """The reader has shown a card that may borrow."""
    return facts.known


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


def _go(to: State, *effects: Effect) -> tuple[Step, ...]:
    return (Step(to, effects),)


HOME = (Step(S.OUT_OF_SERVICE, (X.FORGET,), unable), Step(S.IDLE, (X.FORGET,)))
LEAVE = (Step(S.RECEIPT, (), something_done), Step(S.BYE))
PAD_AWAY = (
    Step(S.RECEIPT, (X.SAY_UNABLE,), something_done),
    Step(S.OUT_OF_SERVICE, (X.FORGET,)),
)
TAKE_BACK_NOW = (Step(S.RETURNING, (X.TAKE_BACK,), stack_ready), Step(S.PLACING_RETURNS))
LEND_ROUND = (Step(S.COUNTING, (), stack_ready), Step(S.PLACING))

ANYWHERE = ("MORE_TIME", "LANGUAGE", "LARGE_TEXT", "CONTRAST", "LOW_REACH")
BUTTONS: Row = {E[name]: (Step(S.IDLE, (X[name],)),) for name in ANYWHERE}
BUTTONS[E.HELP] = (Step(S.IDLE, (X.CALL_STAFF,)),)
"""What works on every screen and leads nowhere else."""

_ASKING: Row = {
    E.CARD: _go(S.CARD_WANTED, X.CHECK_CARD),
    E.BOOK_CODE: _go(S.CARD_WANTED, X.SAY_BOOK_CODE),
    E.BOOK_AS_CARD: _go(S.CARD_WANTED, X.SAY_BOOK_CODE),
    E.RETURN: TAKE_BACK_NOW,
    E.BACK: (Step(S.BOOKS_SEEN, (), books_wait), *HOME),
    E.FINISH: HOME,
    E.TIME_UP: HOME,
    E.UNABLE: PAD_AWAY,
}

_AT_WORK_WITH_READER: Row = {
    E.CARD: _go(S.PLACING, X.COMPARE_CARD),
    E.BOOK_AS_CARD: _go(S.PLACING, X.SAY_BOOK_CODE),
    E.SHOW_ACCOUNT: _go(S.ACCOUNT, X.LOAD_ACCOUNT),
    E.RENEW: _go(S.RENEWAL, X.LOAD_ACCOUNT),
    E.RETURN: TAKE_BACK_NOW,
    E.FINISH: LEAVE,
    E.TIME_UP: HOME,
    E.UNABLE: PAD_AWAY,
}


def _in(state: State, *rows: Row) -> Row:
    """Return rows joined for one state; arrows that say 'stay' are turned to it."""
    joined: Row = {}
    for row in rows:
        joined |= row
    return joined | {event: (Step(state, steps[0].effects),) for event, steps in BUTTONS.items()}


def _staying(state: State, row: Row, *events: Event) -> Row:
    return row | {event: _go(state, *row[event][0].effects) for event in events}


def _asking(state: State, found: State, *effects: Effect) -> Row:
    stay = _staying(state, _ASKING, E.CARD, E.BOOK_CODE, E.BOOK_AS_CARD)
    return _in(state, stay, {E.READER_KNOWN: _go(found, *effects), E.READER_REFUSED: _go(state)})


def _with_reader(state: State, row: Row) -> Row:
    return _in(state, _staying(state, _AT_WORK_WITH_READER, E.CARD, E.BOOK_AS_CARD), row)


_LOANS_SHOWN: Row = {
    E.BOOKS: (Step(S.PLACING, (), books_wait),),
    E.BORROW: LEND_ROUND,
    E.RENEW: _go(S.RENEWING, X.RENEW),
    E.RENEW_ALL: _go(S.RENEWING, X.RENEW),
    E.BACK: (Step(S.PLACING, (), books_wait), *LEAVE),
}

TABLE: dict[State, Row] = {
    S.IDLE: _in(S.IDLE, {
        E.BOOKS: _go(S.BOOKS_SEEN),
        E.CARD: _go(S.CARD_WANTED, X.CHECK_CARD),
        E.BOOK_CODE: _go(S.BOOKS_SEEN, X.ADD_BY_CODE),
        E.BOOK_AS_CARD: _go(S.IDLE, X.SAY_BOOK_CODE),
        E.BORROW: _go(S.CARD_WANTED),
        E.RETURN: TAKE_BACK_NOW,
        E.RENEW: _go(S.CARD_FOR_RENEWAL),
        E.SHOW_ACCOUNT: _go(S.CARD_FOR_ACCOUNT),
        E.TIME_UP: HOME,
        E.UNABLE: _go(S.OUT_OF_SERVICE, X.FORGET),
    }),
    S.BOOKS_SEEN: _in(S.BOOKS_SEEN, {
        E.PAD_CLEAR: HOME,
        E.CARD: _go(S.CARD_WANTED, X.CHECK_CARD),
        E.BOOK_CODE: _go(S.BOOKS_SEEN, X.ADD_BY_CODE),
        E.BOOK_AS_CARD: _go(S.BOOKS_SEEN, X.SAY_BOOK_CODE),
        E.BORROW: _go(S.CARD_WANTED),
        E.RETURN: TAKE_BACK_NOW,
        E.RENEW: _go(S.CARD_FOR_RENEWAL),
        E.SHOW_ACCOUNT: _go(S.CARD_FOR_ACCOUNT),
        E.BACK: HOME,
        E.FINISH: HOME,
        E.TIME_UP: HOME,
        E.UNABLE: PAD_AWAY,
    }),
    S.CARD_WANTED: _asking(S.CARD_WANTED, S.PLACING) | {E.READER_KNOWN: LEND_ROUND},
    S.CARD_FOR_ACCOUNT: _asking(S.CARD_FOR_ACCOUNT, S.ACCOUNT, X.LOAD_ACCOUNT),
    S.CARD_FOR_RENEWAL: _asking(S.CARD_FOR_RENEWAL, S.RENEWAL, X.LOAD_ACCOUNT),
    S.PLACING: _with_reader(S.PLACING, {
        E.STACK_STILL: (Step(S.COUNTING, (), books_wait),),
        E.BOOK_CODE: _go(S.PLACING, X.ADD_BY_CODE),
        E.BORROW: (Step(S.LENDING, (X.LEND,), stack_ready),),
        E.BACK: LEAVE,
    }),
    S.COUNTING: _with_reader(S.COUNTING, {
        E.COUNT_YES: (Step(S.LENDING, (X.LEND,), books_wait), Step(S.PLACING)),
        E.COUNT_NO: _go(S.PLACING, X.SAY_SEPARATE),
        E.BOOKS: _go(S.PLACING),
        E.PAD_CLEAR: (Step(S.COUNTING, (), books_wait), Step(S.PLACING)),
        E.BOOK_CODE: _go(S.PLACING, X.ADD_BY_CODE),
        E.BACK: _go(S.PLACING),
    }),
    S.LENDING: _in(S.LENDING, {
        E.WORK_DONE: _go(S.LENT),
        E.CARD: _go(S.LENDING, X.COMPARE_CARD),
        E.TIME_UP: _go(S.LENT),
    }),
    S.LENT: _with_reader(S.LENT, {
        E.BOOKS: (Step(S.PLACING, (), books_wait),),
        E.STACK_STILL: (Step(S.COUNTING, (), books_wait),),
        E.BOOK_CODE: _go(S.PLACING, X.ADD_BY_CODE),
        E.BORROW: LEND_ROUND,
        E.BACK: LEAVE,
    }),
    S.PLACING_RETURNS: _in(S.PLACING_RETURNS, {
        E.STACK_STILL: (Step(S.RETURNING, (X.TAKE_BACK,), books_wait),),
        E.BOOK_CODE: _go(S.PLACING_RETURNS, X.ADD_BY_CODE),
        E.CARD: (
            Step(S.PLACING_RETURNS, (X.COMPARE_CARD,), known),
            Step(S.CARD_WANTED, (X.CHECK_CARD,)),
        ),
        E.BOOK_AS_CARD: _go(S.PLACING_RETURNS, X.SAY_BOOK_CODE),
        E.BORROW: (Step(S.PLACING, (), known), Step(S.CARD_WANTED)),
        E.BACK: (Step(S.PLACING, (), known), *LEAVE),
        E.FINISH: LEAVE,
        E.TIME_UP: HOME,
        E.UNABLE: PAD_AWAY,
    }),
    S.RETURNING: _in(S.RETURNING, {
        E.WORK_DONE: _go(S.RETURNED),
        E.TIME_UP: _go(S.RETURNED),
    }),
    S.RETURNED: _in(S.RETURNED, {
        E.BOOKS: (Step(S.PLACING_RETURNS, (), books_wait),),
        E.STACK_STILL: (Step(S.RETURNING, (X.TAKE_BACK,), books_wait),),
        E.BOOK_CODE: _go(S.PLACING_RETURNS, X.ADD_BY_CODE),
        E.CARD: (
            Step(S.RETURNED, (X.COMPARE_CARD,), known),
            Step(S.CARD_WANTED, (X.CHECK_CARD,)),
        ),
        E.BOOK_AS_CARD: _go(S.RETURNED, X.SAY_BOOK_CODE),
        E.BORROW: (Step(S.PLACING, (), known), Step(S.CARD_WANTED)),
        E.RETURN: TAKE_BACK_NOW,
        E.BACK: LEAVE,
        E.FINISH: LEAVE,
        E.TIME_UP: HOME,
        E.UNABLE: PAD_AWAY,
    }),
    S.ACCOUNT: _with_reader(S.ACCOUNT, _LOANS_SHOWN),
    S.RENEWAL: _with_reader(S.RENEWAL, _LOANS_SHOWN),
    S.RENEWING: _in(S.RENEWING, {
        E.RENEWED: _go(S.RENEWAL),
        E.TIME_UP: _go(S.RENEWAL),
    }),
    S.RECEIPT: _in(S.RECEIPT, {
        E.PRINT: _go(S.PRINTING, X.PRINT),
        E.ON_SCREEN: _go(S.RECEIPT_SHOWN),
        E.NO_RECEIPT: _go(S.BYE),
        E.FINISH: _go(S.BYE),
        E.BACK: (
            Step(S.RECEIPT, (X.SAY_UNABLE,), unable),
            Step(S.PLACING, (), known),
            Step(S.PLACING_RETURNS),
        ),
        E.TIME_UP: HOME,
    }),
    S.PRINTING: _in(S.PRINTING, {
        E.PRINTED: _go(S.BYE),
        E.NOT_PRINTED: _go(S.RECEIPT),
        E.TIME_UP: _go(S.RECEIPT),
    }),
    S.RECEIPT_SHOWN: _in(S.RECEIPT_SHOWN, {
        E.PRINT: _go(S.PRINTING, X.PRINT),
        E.NO_RECEIPT: _go(S.BYE),
        E.FINISH: _go(S.BYE),
        E.BACK: _go(S.RECEIPT),
        E.TIME_UP: HOME,
    }),
    S.BYE: _in(S.BYE, {
        E.BOOKS: (Step(S.BOOKS_SEEN, (X.FORGET,), books_wait),),
        E.CARD: _go(S.CARD_WANTED, X.FORGET, X.CHECK_CARD),
        E.BOOK_CODE: _go(S.BOOKS_SEEN, X.FORGET, X.ADD_BY_CODE),
        E.FINISH: HOME,
        E.BACK: HOME,
        E.TIME_UP: HOME,
    }),
    S.OUT_OF_SERVICE: _in(S.OUT_OF_SERVICE, {E.ABLE: _go(S.IDLE), E.TIME_UP: HOME}),
}  # fmt: skip

SCREENS: dict[State, str] = {
    S.IDLE: "idle",
    S.BOOKS_SEEN: "books",
    S.CARD_WANTED: "identify",
    S.CARD_FOR_ACCOUNT: "identify",
    S.CARD_FOR_RENEWAL: "identify",
    S.PLACING: "books",
    S.COUNTING: "count",
    S.LENDING: "working",
    S.LENT: "results",
    S.PLACING_RETURNS: "books",
    S.RETURNING: "working",
    S.RETURNED: "results",
    S.ACCOUNT: "account",
    S.RENEWAL: "renew",
    S.RENEWING: "renew",
    S.RECEIPT: "receipt",
    S.PRINTING: "receipt",
    S.RECEIPT_SHOWN: "receipt",
    S.BYE: "bye",
    S.OUT_OF_SERVICE: "trouble",
}
"""The screen a reader sees in each state."""

WORKING = frozenset({S.LENDING, S.RETURNING, S.RENEWING, S.PRINTING})
"""States that end by themselves; nobody is asked for more time in them."""


def step(state: State, event: Event, facts: Facts) -> Step:
    """Return the arrow that is taken: the first whose condition holds, or none (stay)."""
    for arrow in TABLE[state].get(event, ()):
        if arrow.when is None or arrow.when(facts):
            return arrow
    return Step(state)


def diagram() -> str:
    """Return the table as a Mermaid state diagram; presses that work everywhere are left out."""
    lines = ["stateDiagram-v2", "    [*] --> idle"]
    for state, row in TABLE.items():
        for event, steps in row.items():
            if event in BUTTONS:
                continue
            for arrow in steps:
                when = f" [{arrow.when.__name__}]" if arrow.when else ""
                lines.append(f"    {state} --> {arrow.to}: {event}{when}")
    return "\n".join(lines) + "\n"
