"""Who is there, and what lies on the pad before anybody said what it is for."""

from kiosk.session.arrows import (
    HOME,
    LEND_ROUND,
    PAD_AWAY,
    SHOW_ACCOUNT,
    SHOW_RENEWAL,
    TAKE_BACK_NOW,
    Row,
    Step,
    asking,
    at,
    go,
    pin_first,
)
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect

ROWS: dict[State, Row] = {
    S.BOOKS_SEEN: at(S.BOOKS_SEEN, {
        E.PAD_CLEAR: HOME,
        E.CARD: go(S.CARD_WANTED, X.CHECK_CARD),
        E.BOOK_CODE: go(S.BOOKS_SEEN, X.ADD_BY_CODE),
        E.BOOK_AS_CARD: go(S.BOOKS_SEEN, X.SAY_BOOK_CODE),
        E.BORROW: go(S.CARD_WANTED),
        E.RETURN: TAKE_BACK_NOW,
        E.RENEW: go(S.CARD_FOR_RENEWAL),
        E.SHOW_ACCOUNT: go(S.CARD_FOR_ACCOUNT),
        E.BACK: HOME,
        E.FINISH: HOME,
        E.TIME_UP: HOME,
        E.UNABLE: PAD_AWAY,
    }),
    S.CARD_WANTED: asking(S.CARD_WANTED, Step(S.PIN_TO_BORROW, (), pin_first), *LEND_ROUND),
    S.CARD_FOR_ACCOUNT: asking(S.CARD_FOR_ACCOUNT, *SHOW_ACCOUNT),
    S.CARD_FOR_RENEWAL: asking(S.CARD_FOR_RENEWAL, *SHOW_RENEWAL),
}  # fmt: skip
