"""Borrowing: put books down, count, lend."""

from kiosk.session.arrows import (
    LEAVE,
    LEND_ROUND,
    Row,
    Step,
    at,
    books_wait,
    go,
    stack_ready,
    with_reader,
)
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect

ROWS: dict[State, Row] = {
    S.PLACING: with_reader(S.PLACING, {
        E.STACK_STILL: (Step(S.COUNTING, (), books_wait),),
        E.BOOK_CODE: go(S.PLACING, X.ADD_BY_CODE),
        E.BORROW: (Step(S.LENDING, (X.LEND,), stack_ready),),
        E.BACK: LEAVE,
    }),
    S.COUNTING: with_reader(S.COUNTING, {
        E.COUNT_YES: (Step(S.LENDING, (X.LEND,), books_wait), Step(S.PLACING)),
        E.COUNT_NO: go(S.PLACING, X.SAY_SEPARATE),
        E.BOOKS: go(S.PLACING),
        E.PAD_CLEAR: (Step(S.COUNTING, (), books_wait), Step(S.PLACING)),
        E.BOOK_CODE: go(S.PLACING, X.ADD_BY_CODE),
        E.BACK: go(S.PLACING),
    }),
    S.LENDING: at(S.LENDING, {
        E.WORK_DONE: go(S.LENT),
        E.CARD: go(S.LENDING, X.COMPARE_CARD),
        E.TIME_UP: go(S.LENT),
    }),
    S.LENT: with_reader(S.LENT, {
        E.BOOKS: (Step(S.PLACING, (), books_wait),),
        E.STACK_STILL: (Step(S.COUNTING, (), books_wait),),
        E.BOOK_CODE: go(S.PLACING, X.ADD_BY_CODE),
        E.BORROW: LEND_ROUND,
        E.RENEW_HERE: go(S.LENDING, X.RENEW_HERE),
        E.BACK: LEAVE,
    }),
}  # fmt: skip
