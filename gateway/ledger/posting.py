"""The door by which facts come into the ledger, and are judged again (rules R2 to R7)."""

import sqlite3
from collections.abc import Iterable

from edge.wire.batch import Batch
from gateway.ledger.intake import Applied, Intake, Parts


class Posting:
    """The door by which facts come into the ledger."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def apply(self, site: str, batch: Batch, received: int) -> Applied:
        """Take a batch in, in one durable transaction; whatever is new in it is applied once."""
        with self._parts.store.transaction():
            intake = Intake(self._parts, site, batch, received)
            for event in batch.events:
                if not intake.take(event):
                    break
            return intake.finish()

    def settle_unknown(self, now: int) -> int:
        """Judge again the facts whose item or card was unknown; return how many are known now."""
        with self._parts.store.transaction():
            rows = self._parts.store.all(
                "SELECT f.* FROM facts f WHERE (f.found LIKE '%\"UNKNOWN\\_ITEM\"%' ESCAPE '\\' "
                "OR f.found LIKE '%\"FOREIGN\\_ITEM\"%' ESCAPE '\\') "
                "AND f.item IN (SELECT item FROM items) UNION "
                "SELECT f.* FROM facts f WHERE f.found LIKE '%\"UNKNOWN\\_CARD\"%' ESCAPE '\\' "
                "AND EXISTS (SELECT 1 FROM card_refs c WHERE c.site = f.site AND c.ref = f.card)"
            )
            self.judge_again(rows, now)
        return len(rows)

    def judge_again(self, rows: Iterable[sqlite3.Row], now: int) -> None:
        """Judge these facts again and reckon their items."""
        rows = list(rows)
        for row in rows:
            if row["assessed"] is not None:
                self._parts.chains.assess_again(row)
        items = {row["item"] for row in rows if row["item"]}
        self._parts.chains.reckon(items, now)
        self._parts.holds.follow(items, now)
        for row in rows:
            self._parts.chains.show(row["id"], now)
