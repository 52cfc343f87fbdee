"""Who shall look at a worklist entry, by when; and several entries settled at once."""

from typing import Any

from gateway.codes import CODES, WITH_REASON
from gateway.errors import RefusedError
from gateway.ledger.sqlite import SqliteLedger

MINUTE_MS, DAY_MS = 60_000, 24 * 3_600_000
DEADLINES = {"STAFF_CALLED": 5 * MINUTE_MS, "GATE_ALARM": 15 * MINUTE_MS}
BY_SEVERITY = {"action": DAY_MS, "warn": 3 * DAY_MS}
"""Unless somebody sets another one."""
MOST_AT_ONCE = 100


def deadline(code: str, severity: str, opened: int, due: int | None) -> int:
    """Return by when an entry should be settled."""
    usual = DEADLINES.get(code) or BY_SEVERITY.get(severity, 7 * DAY_MS)
    return due if due is not None else opened + usual


def plan(
    ledger: SqliteLedger, number: int, assignee: str, due: int | None, who: str, now: int
) -> None:
    """Say who shall look at an open entry and by when; the words before are kept."""
    if ledger.worklist.entry(number)["closed"] is not None:
        raise RefusedError(f"entry {number} is settled already")
    if due is not None and not now - DAY_MS <= due <= now + 366 * DAY_MS:
        raise RefusedError("the deadline is not within a year")
    _put(ledger, number, " ".join(assignee.split())[:80], due, who, now)


def unplan(ledger: SqliteLedger, number: int, who: str, now: int) -> None:
    """Take the last word on who and when back: the one before it counts again, or none."""
    if ledger.worklist.entry(number)["closed"] is not None:
        raise RefusedError(f"entry {number} is settled already")
    words = ledger.store.all(
        "SELECT assignee, due FROM plans WHERE entry = ? ORDER BY number DESC LIMIT 2", number
    )
    if not words:
        raise RefusedError(f"entry {number} was given to nobody yet")
    assignee, due = (words[1]["assignee"], words[1]["due"]) if len(words) > 1 else ("", None)
    _put(ledger, number, assignee, due, who, now)


def _put(
    ledger: SqliteLedger, number: int, assignee: str, due: int | None, who: str, now: int
) -> None:
    ledger.store.run(
        "INSERT INTO plans (entry, assignee, due, who, at) VALUES (?, ?, ?, ?, ?)",
        *(number, assignee, due, who, now),
    )


def history(ledger: SqliteLedger, number: int) -> dict[str, Any]:
    """Return all that was decided about an entry, oldest first."""
    entry = ledger.worklist.entry(number)
    decided = ledger.store.all(
        "SELECT action, who, note, at FROM resolutions WHERE entry = ? ORDER BY number", number
    )
    planned = ledger.store.all(
        "SELECT assignee, due, who, at FROM plans WHERE entry = ? ORDER BY number", number
    )
    return {
        "entry": entry,
        "decided": [dict(row) for row in decided],
        "planned": [dict(row) for row in planned],
    }


def resolve_all(ledger: SqliteLedger, numbers: list[int], action: str, who: str, now: int) -> int:
    """Settle several entries that only inform, all or none; return how many."""
    if len(numbers) > MOST_AT_ONCE:
        raise RefusedError(f"at most {MOST_AT_ONCE} entries at once")
    if action in WITH_REASON:
        raise RefusedError(f"{action} needs a reason, one by one")
    with ledger.store.transaction():
        for number in numbers:
            entry = ledger.worklist.entry(number)
            code = CODES.get(entry["code"])
            if entry["severity"] == "action" or code is None or action not in code.actions:
                raise RefusedError(f"entry {number} is settled one by one")
            ledger.resolve(number, action, who, "", now)
    return len(numbers)


def reopen_all(ledger: SqliteLedger, numbers: list[int], who: str, now: int) -> int:
    """Take several decisions back, all or none; return how many."""
    if len(numbers) > MOST_AT_ONCE:
        raise RefusedError(f"at most {MOST_AT_ONCE} entries at once")
    with ledger.store.transaction():
        for number in numbers:
            ledger.reopen(number, who, now)
    return len(numbers)
