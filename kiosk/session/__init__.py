"""A visit at the kiosk as one table: in which state, on which event, under which condition, what next.

No clock, no device, no text is in here. The engine says what happened (an :class:`Event`) and what
is true now (:class:`Facts`); :func:`step` answers with the next state and the effects asked for, as
data. An event that is not in the table means nothing there: the state stays, nothing is done.
"""

from kiosk.session.arrows import BUTTONS, Facts, Row, Step
from kiosk.session.events import PRESSES, Effect, Event
from kiosk.session.states import NOBODY, SCREENS, WORKING, State
from kiosk.session.table import TABLE, diagram, step

__all__ = [
    "BUTTONS",
    "NOBODY",
    "PRESSES",
    "SCREENS",
    "TABLE",
    "WORKING",
    "Effect",
    "Event",
    "Facts",
    "Row",
    "State",
    "Step",
    "diagram",
    "step",
]
