"""How far the ledger is, in short: what a cursor says besides its number."""

from edge.wire.batch import mark
from gateway.ledger.store import Store


def mark_at(store: Store, device: str, epoch: str, seq: int) -> str:
    """Return the mark of the event under a number; empty: there is none, or it has no known id."""
    key = (device, epoch, seq)
    found = store.value(
        "SELECT id FROM facts WHERE device = ? AND epoch = ? AND seq = ? AND fork = 0", *key
    ) or store.value(
        "SELECT id FROM rejected WHERE device = ? AND epoch = ? AND seq = ? ORDER BY rowid LIMIT 1",
        *key,
    )
    return mark(found) if found else ""


def newest_version(store: Store) -> int:
    """Return the version of a replica that knows everything."""
    return int(store.value("SELECT coalesce(max(version), 0) FROM changes"))
