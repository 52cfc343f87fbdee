"""What happened to one item: its loans, and everything that was ever said of it."""

from typing import Any

import msgspec

from gateway.ledger.board import FACTS, fact_row, initials
from gateway.ledger.sqlite import SqliteLedger

LATEST = 100


def timeline(ledger: SqliteLedger, item: str) -> dict[str, Any]:
    """Return an item, its loans and everything that was ever said of it."""
    view = ledger.catalogue.item(item)
    loans = ledger.store.all(
        "SELECT l.*, r.name AS reader_name FROM loans l LEFT JOIN readers r USING (reader) "
        "WHERE l.item = ? ORDER BY l.since DESC LIMIT ?",
        *(item, LATEST),
    )
    facts = ledger.store.all(
        f"SELECT f.*, coalesce(l.over, 0) AS over, {FACTS} WHERE f.item = ? "
        "ORDER BY f.at DESC, f.arrival DESC LIMIT ?",
        *(item, LATEST),
    )
    return {
        "item": msgspec.to_builtins(view) if view else None,
        "loans": [{**dict(row), "reader_name": initials(row["reader_name"])} for row in loans],
        "facts": [fact_row(row) for row in facts],
    }
