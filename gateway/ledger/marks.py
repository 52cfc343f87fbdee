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


def body_at(store: Store, device: str, epoch: str, seq: int) -> bytes:
    """Return the JSON of the event under a number; empty: there is none, or it was not understood."""
    return (
        store.value(
            "SELECT body FROM facts WHERE device = ? AND epoch = ? AND seq = ? AND fork = 0",
            *(device, epoch, seq),
        )
        or b""
    )


def newest_epoch(store: Store, device: str) -> str:
    """Return the stream of a device that was heard last; empty: none was."""
    query = "SELECT epoch FROM streams WHERE device = ? ORDER BY touched DESC LIMIT 1"
    return store.value(query, device) or ""


def newest_version(store: Store) -> int:
    """Return the version of a replica that knows everything."""
    return int(store.value("SELECT coalesce(max(version), 0) FROM changes"))
