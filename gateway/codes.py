"""The outcome codes of rules R2 to R7 and of machines: how grave, and what staff can do.

The sentences are in ``texts/``: ``code.NAME`` and ``hint.NAME``.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warn", "action"]

SETTLED = "settled"
"""The action recorded when an entry's cause is over without a person."""
REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Code:
    """A row: ``info`` is only recorded, ``warn`` and ``action`` go to the worklist.

    ``actions``: what a person can choose.
    """

    name: str
    severity: Severity
    actions: tuple[str, ...] = ("accept",)


_LOAN = ("accept", "contact", "void")

CODES = {
    code.name: code
    for code in (
        # Loans: rule R6.
        Code("READER_BLOCKED", "warn", _LOAN),
        Code("UNKNOWN_CARD", "action", ("assign", "void")),
        Code("UNKNOWN_ITEM", "action", ("accept", "void")),
        Code("ALREADY_ON_LOAN_SAME", "info"),
        Code("OTHER_LOAN_CLOSED", "warn", _LOAN),
        Code("SUPERSEDED", "info"),
        Code("NO_RETURN_SEEN", "action", _LOAN),
        Code("HOLD_TAKEN", "action", ("contact", "accept")),
        Code("HOLD_CAUGHT", "action", ("shelved", "accept")),
        Code("NOT_FOR_LOAN_TAKEN", "action", ("contact", "accept", "void")),
        Code("TRANSIT_BROKEN", "warn", _LOAN),
        Code("FOUND_ITEM", "warn", ("found", "accept")),
        Code("DUE_DATE_DIFFERS", "info"),
        # Returns: rule R7.
        Code("NOT_ON_LOAN", "info"),
        Code("RETURN_BEFORE_LOAN", "warn", ("accept", "void")),
        Code("LOST_RETURNED", "action", ("found", "accept")),
        Code("FOREIGN_ITEM", "action", ("accept",)),
        # Requests: rule R9.
        Code("RENEWED", "info"),
        Code("RENEWAL_REFUSED", "info"),
        # The envelope: rules R2 to R4.
        Code("DUPLICATE_SCAN", "info"),
        Code("REPEATED", "info"),
        Code("SEQ_CONFLICT", "action", ("accept", "void")),
        Code("REJECTED", "action"),
        Code("ORDER_ASSUMED", "info"),
        Code("CLOCK_UNTRUSTED", "warn"),
        # Tags and gates.
        Code("TAG_STILL_ARMED", "warn"),
        Code("TAG_TROUBLE", "warn", ("mended", "accept")),
        Code("GATE_ALARM", "action", ("brought_back", "false_alarm", "tag_fault", "gone")),
        Code("GATE_HINT", "info"),
        # Book drops.
        Code("TAKEN_ASIDE", "action", ("done", "accept")),
        Code("NOT_IN_BIN", "action", ("found", "accept")),
        Code("UNKNOWN_BOX", "action", ("done", "accept")),
        Code("BOX_ASTRAY", "action", ("done", "accept")),
        Code("NOT_IN_BOX", "action", ("found", "accept")),
        # The library system.
        Code("ILS_REFUSED", "action", ("again", "accept")),
        Code("ILS_UNSURE", "action", ("again", "accept")),
        Code("ILS_SORT", "action", ("done", "accept")),
        Code("ILS_AHEAD", "action", ("found", "accept")),
        Code("ILS_AWAY", "action", ("accept",)),
        Code("NOTICE_LOST", "action", ("done", "accept")),
        # Machines.
        Code("RECEIPT_NOT_SENT", "warn", ("again", "accept")),
        Code("STAFF_CALLED", "action", ("done",)),
        Code("TROUBLE", "action", ("mended",)),
        Code("BIN_FULL", "warn", ("done",)),
        Code("POWER_CUT", "info"),
        Code("CERTIFICATE_ENDS", "action", ("done",)),
    )
}

WITH_REASON = frozenset({"void"})
"""Actions that a person must give a reason for."""


def severity(name: str) -> Severity:
    """Return how grave a code is; one this program does not know asks for a person."""
    code = CODES.get(name)
    return code.severity if code else "action"
