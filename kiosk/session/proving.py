"""Proving who one is: a PIN on the keypad, where the library's policy asks for one."""

from kiosk.session.arrows import (
    HOME,
    LEAVE,
    LEND_ROUND,
    PAD_AWAY,
    TAKE_BACK_NOW,
    Row,
    Step,
    at,
    go,
    known,
)
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect


def _pin(state: State, *right: Step) -> Row:
    """Return the row of a keypad that leads on when the PIN is right."""
    return at(state, {
        E.DIGIT: go(state, X.TYPE),
        E.RUB_OUT: go(state, X.RUB_OUT),
        E.ENTER: go(state, X.CHECK_PIN),
        E.PIN_RIGHT: right,
        E.PIN_WRONG: go(state),
        E.CARD: go(state, X.COMPARE_CARD),
        E.RETURN: TAKE_BACK_NOW,
        E.BACK: (Step(S.PLACING, (), known), *HOME),
        E.FINISH: LEAVE,
        E.TIME_UP: HOME,
        E.UNABLE: PAD_AWAY,
    })  # fmt: skip


ROWS: dict[State, Row] = {
    S.PIN_TO_BORROW: _pin(S.PIN_TO_BORROW, *LEND_ROUND),
    S.PIN_FOR_ACCOUNT: _pin(S.PIN_FOR_ACCOUNT, Step(S.ACCOUNT, (X.LOAD_ACCOUNT,))),
    S.PIN_FOR_RENEWAL: _pin(S.PIN_FOR_RENEWAL, Step(S.RENEWAL, (X.LOAD_ACCOUNT,))),
}
