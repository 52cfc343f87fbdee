"""A station's visits again, second by second, from its facts; nobody is named."""

from typing import Any

import msgspec

from gateway.errors import RefusedError
from gateway.ledger.sqlite import SqliteLedger

BEFORE_MS, AFTER_MS = 5_000, 30_000
"""Facts without a session of their own belong to the visit that they happened in."""
LATEST, MOST = 40, 300
_SESSION = "json_extract(CAST(body AS TEXT), '$.fact.session')"
_HIDDEN = ("card", "session")


def visits(ledger: SqliteLedger, device: str) -> list[dict[str, Any]]:
    """Return the latest visits at a machine: when, how long, what was done."""
    rows = ledger.store.all(
        f"SELECT {_SESSION} AS session, min(at) AS since, max(at) AS until, "  # noqa: S608
        "sum(kind = 'loan') AS loans, sum(kind = 'return') AS returns, "
        "sum(kind = 'renewal_wish') AS renewals FROM (SELECT * FROM facts WHERE device = ? "
        "AND kind IN ('loan', 'return', 'renewal_wish') ORDER BY arrival DESC LIMIT 400) "
        f"WHERE coalesce({_SESSION}, '') <> '' GROUP BY session ORDER BY since DESC LIMIT ?",
        *(device, LATEST),
    )
    return [dict(row) for row in rows]


def visit(ledger: SqliteLedger, device: str, session: str) -> dict[str, Any]:
    """Return what happened at a machine during a visit, in ms since it began."""
    span = ledger.store.row(
        "SELECT min(at) AS since, max(at) AS until FROM facts WHERE device = ? "  # noqa: S608
        f"AND kind IN ('loan', 'return', 'renewal_wish') AND {_SESSION} = ?",
        *(device, session),
    )
    if span["since"] is None:
        raise RefusedError(f"no visit {session!r} at {device}")
    rows = ledger.store.all(
        f"SELECT f.*, i.title, {_SESSION} AS session FROM facts f "  # noqa: S608
        "LEFT JOIN items i USING (item) WHERE f.device = ? AND f.at BETWEEN ? AND ? "
        "ORDER BY f.at, f.arrival LIMIT ?",
        *(device, span["since"] - BEFORE_MS, span["until"] + AFTER_MS, MOST),
    )
    kept = [row for row in rows if (row["session"] or session) == session]
    start = kept[0]["at"]
    return {
        "device": device,
        "session": session,
        "since": start,
        "length": kept[-1]["at"] - start,
        "steps": [_step(row, start) for row in kept],
    }


def _step(row: Any, start: int) -> dict[str, Any]:
    fact = msgspec.json.decode(row["body"])["fact"]
    return {
        "ms": row["at"] - start,
        "kind": row["kind"],
        "item": row["item"],
        "title": row["title"],
        "codes": msgspec.json.decode(row["found"]),
        "fact": {name: value for name, value in fact.items() if name not in _HIDDEN},
    }
