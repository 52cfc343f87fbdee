"""In which order an item's loans and returns really were, and whether the clocks could tell."""

import sqlite3
from typing import TYPE_CHECKING

from edge.wire.facts import Loan, Return

if TYPE_CHECKING:
    from shelfsim.world import Truth, World

Placed = tuple["Truth", "sqlite3.Row | None"]
"""What really was, and where the ledger has it in time (None: it does not have it)."""


def in_true_order(world: "World", item: str) -> list[Placed]:
    """Return the loans and returns of an item as they really followed each other."""
    rows = world.gateway.staff.store.all("SELECT id, at, unc, site FROM facts WHERE item = ?", item)
    places = {row["id"]: row for row in rows}
    truths = [
        truth
        for truth in world.truths.values()
        if isinstance(truth.event.fact, Loan | Return) and truth.event.fact.item == item
    ]
    return [(one, places.get(one.event.id)) for one in sorted(truths, key=lambda one: one.at)]


def clocks_tell(chain: list[Placed]) -> bool:
    """Tell whether the times that the ledger knows leave only the true order."""
    before = 0
    for _, place in chain:
        if place is None or place["at"] - place["unc"] < before - 1:
            return False
        before = max(before, place["at"] + place["unc"])
    return True
