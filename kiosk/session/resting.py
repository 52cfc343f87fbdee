"""Nobody is there: the start, the goodbye, and a machine that cannot work."""

from kiosk.session.arrows import (
    HOME,
    TAKE_BACK_NOW,
    Row,
    Step,
    at,
    books_wait,
    go,
    in_class,
    staff_here,
)
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect

ROWS: dict[State, Row] = {
    S.IDLE: at(S.IDLE, {
        E.BOOKS: go(S.BOOKS_SEEN),
        E.CARD: go(S.CARD_WANTED, X.CHECK_CARD),
        E.BOOK_CODE: go(S.BOOKS_SEEN, X.ADD_BY_CODE),
        E.BOOK_AS_CARD: go(S.IDLE, X.SAY_BOOK_CODE),
        E.RECEIPT_CODE: go(S.PROOF, X.CHECK_RECEIPT),
        E.BORROW: go(S.CARD_WANTED),
        E.RETURN: TAKE_BACK_NOW,
        E.RENEW: go(S.CARD_FOR_RENEWAL),
        E.SHOW_ACCOUNT: go(S.CARD_FOR_ACCOUNT),
        E.STAFF: go(S.STAFF_CARD),
        E.CLASS: go(S.CLASS_CARD),
        E.TIME_UP: HOME,
        E.UNABLE: go(S.OUT_OF_SERVICE, X.FORGET),
    }),
    S.BYE: at(S.BYE, {
        E.BOOKS: (Step(S.BOOKS_SEEN, (X.FORGET,), books_wait),),
        E.CARD: go(S.CARD_WANTED, X.FORGET, X.CHECK_CARD),
        E.BOOK_CODE: go(S.BOOKS_SEEN, X.FORGET, X.ADD_BY_CODE),
        E.RECEIPT_CODE: go(S.PROOF, X.FORGET, X.CHECK_RECEIPT),
        E.STAFF: go(S.STAFF_CARD),
        E.FINISH: HOME,
        E.BACK: HOME,
        E.TIME_UP: HOME,
    }),
    S.PROOF: at(S.PROOF, {
        E.RECEIPT_CODE: go(S.PROOF, X.CHECK_RECEIPT),
        E.BOOKS: (Step(S.BOOKS_SEEN, (X.FORGET,), books_wait),),
        E.CARD: (
            Step(S.PROOF, (X.SAY_CLASS,), in_class),
            Step(S.CARD_WANTED, (X.FORGET, X.CHECK_CARD)),
        ),
        E.BACK: (Step(S.STAFF, (), staff_here), *HOME),
        E.FINISH: HOME,
        E.TIME_UP: HOME,
        E.UNABLE: go(S.OUT_OF_SERVICE, X.FORGET),
    }),
    S.OUT_OF_SERVICE: at(S.OUT_OF_SERVICE, {
        E.ABLE: (Step(S.CLASS, (X.FORGET,), in_class), Step(S.IDLE)),
        E.STAFF: go(S.STAFF_CARD),
        E.TIME_UP: HOME,
    }),
}  # fmt: skip
