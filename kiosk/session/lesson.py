"""A class: opened by a card, served picture by picture, closed by a card or by time."""

from kiosk.session.arrows import (
    HOME,
    LEND_ROUND,
    TAKE_BACK_NOW,
    Row,
    Step,
    at,
    go,
    pin_class,
)
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect

AWAY: Row = {
    E.BACK: HOME,
    E.FINISH: HOME,
    E.TIME_UP: HOME,
    E.UNABLE: go(S.OUT_OF_SERVICE, X.FORGET),
}

ROWS: dict[State, Row] = {
    S.CLASS_CARD: at(S.CLASS_CARD, AWAY, {
        E.CARD: go(S.CLASS_CARD, X.CHECK_TEACHER),
        E.BOOK_CODE: go(S.CLASS_CARD, X.SAY_BOOK_CODE),
        E.BOOK_AS_CARD: go(S.CLASS_CARD, X.SAY_BOOK_CODE),
        E.TEACHER_KNOWN: (Step(S.PIN_FOR_CLASS, (), pin_class), Step(S.CLASS_CHOICE)),
    }),
    S.PIN_FOR_CLASS: at(S.PIN_FOR_CLASS, AWAY, {
        E.DIGIT: go(S.PIN_FOR_CLASS, X.TYPE),
        E.RUB_OUT: go(S.PIN_FOR_CLASS, X.RUB_OUT),
        E.ENTER: go(S.PIN_FOR_CLASS, X.CHECK_PIN),
        E.PIN_RIGHT: go(S.CLASS_CHOICE),
        E.PIN_WRONG: go(S.PIN_FOR_CLASS),
    }),
    S.CLASS_CHOICE: at(S.CLASS_CHOICE, AWAY, {
        E.OPEN_CLASS: go(S.CLASS_CHOICE, X.OPEN_CLASS),
        E.CLASS_OPENED: go(S.CLASS, X.FORGET),
    }),
    S.CLASS: at(S.CLASS, {
        E.PUPIL: go(S.CLASS, X.CHECK_PUPIL),
        E.READER_KNOWN: LEND_ROUND,
        E.READER_REFUSED: go(S.CLASS),
        E.BOOK_CODE: go(S.CLASS, X.ADD_BY_CODE),
        E.BOOK_AS_CARD: go(S.CLASS, X.SAY_BOOK_CODE),
        E.RETURN: TAKE_BACK_NOW,
        E.CARD: go(S.CLASS, X.CHECK_TEACHER),
        E.TEACHER_KNOWN: go(S.CLASS_MENU),
        E.STAFF: go(S.STAFF_CARD),
        E.CLASS_OVER: HOME,
        E.TIME_UP: HOME,
        E.UNABLE: go(S.OUT_OF_SERVICE, X.FORGET),
    }),
    S.CLASS_MENU: at(S.CLASS_MENU, AWAY, {
        E.CLOSE_CLASS: go(S.CLASS_MENU, X.CLOSE_CLASS),
        E.LONGER: go(S.CLASS_MENU, X.LONGER),
        E.CLASS_OPENED: go(S.CLASS, X.FORGET),
        E.CLASS_OVER: HOME,
    }),
}  # fmt: skip
