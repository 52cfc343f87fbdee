"""The account: loans, and renewing them."""

from kiosk.session.arrows import LEAVE, LEND_ROUND, Row, Step, at, books_wait, go, with_reader
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect

LOANS_SHOWN: Row = {
    E.BOOKS: (Step(S.PLACING, (), books_wait),),
    E.BORROW: LEND_ROUND,
    E.RENEW: go(S.RENEWING, X.RENEW),
    E.RENEW_ALL: go(S.RENEWING, X.RENEW),
    E.BACK: (Step(S.PLACING, (), books_wait), *LEAVE),
}

ROWS: dict[State, Row] = {
    S.ACCOUNT: with_reader(S.ACCOUNT, LOANS_SHOWN),
    S.RENEWAL: with_reader(S.RENEWAL, LOANS_SHOWN),
    S.RENEWING: at(S.RENEWING, {
        E.RENEWED: go(S.RENEWAL),
        E.TIME_UP: go(S.RENEWAL),
    }),
}  # fmt: skip
