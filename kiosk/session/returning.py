"""Giving back: put books down, take them back."""

from kiosk.session.arrows import (
    HOME,
    LEAVE,
    PAD_AWAY,
    TAKE_BACK_NOW,
    Row,
    Step,
    at,
    books_wait,
    go,
    in_class,
    known,
)
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect
LEND_NEXT = (
    Step(S.PLACING, (), known),
    Step(S.CLASS, (X.FORGET,), in_class),
    Step(S.CARD_WANTED),
)

ROWS: dict[State, Row] = {
    S.PLACING_RETURNS: at(S.PLACING_RETURNS, {
        E.STACK_STILL: (Step(S.RETURNING, (X.TAKE_BACK,), books_wait),),
        E.BOOK_CODE: go(S.PLACING_RETURNS, X.ADD_BY_CODE),
        E.CARD: (
            Step(S.PLACING_RETURNS, (X.COMPARE_CARD,), known),
            Step(S.PLACING_RETURNS, (X.SAY_CLASS,), in_class),
            Step(S.CARD_WANTED, (X.CHECK_CARD,)),
        ),
        E.BOOK_AS_CARD: go(S.PLACING_RETURNS, X.SAY_BOOK_CODE),
        E.BORROW: LEND_NEXT,
        E.BACK: (Step(S.PLACING, (), known), *LEAVE),
        E.FINISH: LEAVE,
        E.TIME_UP: HOME,
        E.UNABLE: PAD_AWAY,
    }),
    S.RETURNING: at(S.RETURNING, {
        E.WORK_DONE: go(S.RETURNED),
        E.TIME_UP: go(S.RETURNED),
    }),
    S.RETURNED: at(S.RETURNED, {
        E.BOOKS: (Step(S.PLACING_RETURNS, (), books_wait),),
        E.STACK_STILL: (Step(S.RETURNING, (X.TAKE_BACK,), books_wait),),
        E.BOOK_CODE: go(S.PLACING_RETURNS, X.ADD_BY_CODE),
        E.CARD: (
            Step(S.RETURNED, (X.COMPARE_CARD,), known),
            Step(S.RETURNED, (X.SAY_CLASS,), in_class),
            Step(S.CARD_WANTED, (X.CHECK_CARD,)),
        ),
        E.BOOK_AS_CARD: go(S.RETURNED, X.SAY_BOOK_CODE),
        E.COUNT_NO: go(S.PLACING_RETURNS, X.SAY_SEPARATE),
        E.BORROW: LEND_NEXT,
        E.RETURN: TAKE_BACK_NOW,
        E.BACK: LEAVE,
        E.FINISH: LEAVE,
        E.TIME_UP: HOME,
        E.UNABLE: PAD_AWAY,
    }),
}  # fmt: skip
