"""All flows in one table, how it is read, and how it is drawn."""

from kiosk.session import (
    account,
    asking,
    lending,
    lesson,
    proving,
    receipt,
    resting,
    returning,
    staff,
)
from kiosk.session.arrows import BUTTONS, Facts, Row, Step
from kiosk.session.events import Event
from kiosk.session.states import State

FLOWS = (resting, asking, proving, lending, returning, account, receipt, staff, lesson)
"""Each flow is a file with its ``ROWS``; a new flow is a new file named here."""

TABLE: dict[State, Row] = {state: row for flow in FLOWS for state, row in flow.ROWS.items()}


def step(state: State, event: Event, facts: Facts) -> Step:
    """Return the arrow that is taken: the first whose condition holds, or none (stay)."""
    for arrow in TABLE[state].get(event, ()):
        if arrow.when is None or arrow.when(facts):
            return arrow
    return Step(state)


def diagram() -> str:
    """Return the table as a Mermaid state diagram; presses that work everywhere are left out."""
    lines = ["stateDiagram-v2", "    [*] --> idle"]
    for state, row in TABLE.items():
        for event, steps in row.items():
            if event in BUTTONS:
                continue
            for arrow in steps:
                when = f" [{arrow.when.__name__}]" if arrow.when else ""
                lines.append(f"    {state} --> {arrow.to}: {event}{when}")
    return "\n".join(lines) + "\n"
