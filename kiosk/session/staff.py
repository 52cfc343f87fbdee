"""Staff at the machine: the hidden corner, a staff card, and what can be done there."""

from kiosk.session.arrows import HOME, Row, at, go
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect

ROWS: dict[State, Row] = {
    S.STAFF_CARD: at(S.STAFF_CARD, {
        E.CARD: go(S.STAFF_CARD, X.CHECK_STAFF),
        E.STAFF_KNOWN: go(S.STAFF),
        E.BACK: HOME,
        E.FINISH: HOME,
        E.TIME_UP: HOME,
    }),
    S.STAFF: at(S.STAFF, {
        E.STAFF_DOES: go(S.STAFF, X.STAFF_DOES),
        E.BOX_CODE: go(S.STAFF, X.RECEIVE_BOX),
        E.RECEIPT_CODE: go(S.PROOF, X.CHECK_RECEIPT),
        E.BACK: HOME,
        E.FINISH: HOME,
        E.TIME_UP: HOME,
    }),
}  # fmt: skip
