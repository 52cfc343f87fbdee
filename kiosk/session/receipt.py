"""The receipt: choose, print, show."""

from kiosk.session.arrows import HOME, Row, Step, at, go, known, unable
from kiosk.session.events import Effect, Event
from kiosk.session.states import State

S, E, X = State, Event, Effect

ROWS: dict[State, Row] = {
    S.RECEIPT: at(S.RECEIPT, {
        E.PRINT: go(S.PRINTING, X.PRINT),
        E.ON_SCREEN: go(S.RECEIPT_SHOWN),
        E.EMAIL: go(S.RECEIPT, X.EMAIL),
        E.MAILED: go(S.BYE),
        E.NO_RECEIPT: go(S.BYE),
        E.FINISH: go(S.BYE),
        E.STAFF: go(S.STAFF_CARD),
        E.BACK: (
            Step(S.RECEIPT, (X.SAY_UNABLE,), unable),
            Step(S.PLACING, (), known),
            Step(S.PLACING_RETURNS),
        ),
        E.TIME_UP: HOME,
    }),
    S.PRINTING: at(S.PRINTING, {
        E.PRINTED: go(S.BYE),
        E.NOT_PRINTED: go(S.RECEIPT),
        E.TIME_UP: go(S.RECEIPT),
    }),
    S.RECEIPT_SHOWN: at(S.RECEIPT_SHOWN, {
        E.PRINT: go(S.PRINTING, X.PRINT),
        E.NO_RECEIPT: go(S.BYE),
        E.FINISH: go(S.BYE),
        E.STAFF: go(S.STAFF_CARD),
        E.BACK: go(S.RECEIPT),
        E.TIME_UP: HOME,
    }),
}  # fmt: skip
