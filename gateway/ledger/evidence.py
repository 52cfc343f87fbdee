"""What speaks for a worklist entry: how each device read the tag, side by side, and what was decided.

A reading is a fact in which a device met the item or its tag. Of each device the one nearest to the
entry's own fact counts, and again what came before it, so that kiosk and gate stand beside each other.
"""

import sqlite3
from typing import Any

import msgspec

from edge.wire.errors import WireError
from edge.wire.events import Event, decode_event
from gateway.ledger import plans
from gateway.ledger.board import FACTS, fact_row
from gateway.ledger.sqlite import SqliteLedger

READ = (
    "loan", "return", "renewal_wish", "secured", "repaired", "tag_still_armed", "gate_alarm",
    "gate_let_pass", "gate_hint", "tag_trouble", "taken_aside",
)  # fmt: skip
"""Facts in which a device met a tag or barcode."""
MOST, TIMELINE = 4, 40
NEAR_MS = 30 * 86_400_000
"""Readings further away from the entry than this say nothing of it."""


def evidence(ledger: SqliteLedger, number: int) -> dict[str, Any]:
    """Return an entry with its readings, the item's timeline and all that was decided."""
    with ledger.store.reading():
        found = plans.history(ledger, number)
        entry = found["entry"]
        uid = str(entry["detail"].get("uid") or "").upper()
        item = entry["item"] or _item_of(ledger, uid)
        rows = _rows(ledger, item, entry["fact"])
        own = next((row for row in rows if row["id"] == entry["fact"]), None)
        at = own["at"] if own is not None else entry["detail"].get("at", entry["opened"])
        view = ledger.catalogue.item(item) if item else None
        return {
            **found,
            "item": msgspec.to_builtins(view) if view else None,
            "readings": [
                _reading(row, row["id"] == entry["fact"]) for row in _nearest(rows, own, at)
            ],
            "facts": [fact_row(row) for row in rows[:TIMELINE]],
        }


def _item_of(ledger: SqliteLedger, uid: str) -> str | None:
    if not uid:
        return None
    found: str | None = ledger.store.value("SELECT item FROM items WHERE uid = ? LIMIT 1", uid)
    return found


def _rows(ledger: SqliteLedger, item: str | None, fact: str | None) -> list[sqlite3.Row]:
    """Return the item's facts, the newest first, and the entry's own."""
    return ledger.store.all(
        f"SELECT f.*, coalesce(l.over, 0) AS over, {FACTS} "
        "WHERE (?1 IS NOT NULL AND f.item = ?1) OR f.id = ?2 ORDER BY f.at DESC, f.arrival DESC "
        "LIMIT ?3",
        *(item, fact, 5 * TIMELINE),
    )


def _nearest(rows: list[sqlite3.Row], own: sqlite3.Row | None, at: int) -> list[sqlite3.Row]:
    """Return of each device the reading that is nearest in time, oldest first; the own one surely."""
    found = {} if own is None or own["kind"] not in READ else {own["device"]: own}
    near = [row for row in rows if row["kind"] in READ and abs(row["at"] - at) <= NEAR_MS]
    for row in sorted(near, key=lambda row: abs(row["at"] - at)):
        if len(found) < MOST:
            found.setdefault(row["device"], row)
    return sorted(found.values(), key=lambda row: row["at"])


def _reading(row: sqlite3.Row, own: bool) -> dict[str, Any]:
    """Return what a device told: when, how surely, and what it saw of the tag."""
    told = {
        "own": own,
        **{name: row[name] for name in ("site", "device", "device_name", "kind", "at", "unc")},
        **{name: row[name] for name in ("received", "seq", "item")},
    }
    try:
        event = decode_event(row["body"])
    except WireError:  # the ledger keeps what an older program wrote
        return told
    return told | {
        "said": event.at.wall,
        "clock": event.at.clock,
        "policy": event.policy,
        "replica": event.replica,
        "online": getattr(event.fact, "online", None),
        "reason": getattr(event.fact, "reason", ""),
        "direction": getattr(event.fact, "direction", ""),
        **_tag(event),
    }


def _tag(event: Event) -> dict[str, Any]:
    """Return what was read of the tag, under the same names for every device."""
    fact = event.fact
    seen = getattr(fact, "evidence", None)
    if seen is not None:
        return {
            "by": seen.by, "uid": seen.uid or "", "format": seen.format or "", "reads": seen.reads,
            "before": seen.afi_before, "after": seen.afi_after, "antenna": "", "rssi": None,
            "owner": getattr(fact, "owner", None) or "", "since": 0,
        }  # fmt: skip
    read = hasattr(fact, "gate") or not hasattr(fact, "afi")
    written = not read or getattr(fact, "about", None) is not None
    afi = getattr(fact, "afi", None)
    return {
        "by": "tag", "uid": getattr(fact, "uid", "") or "", "format": getattr(fact, "format", ""),
        "reads": getattr(fact, "reads", 0), "before": None if written else afi,
        "after": afi if written else None, "antenna": getattr(fact, "part", ""),
        "rssi": getattr(fact, "rssi", None), "owner": getattr(fact, "owner", ""),
        "since": getattr(fact, "since", 0),
    }  # fmt: skip


_PEOPLE = frozenset(("reader", "reader_name", "card", "session"))


def without_people(found: Any) -> Any:
    """Return the same without what leads to a reader, for who looks after machines only."""
    if isinstance(found, dict):
        return {k: without_people(v) for k, v in found.items() if k not in _PEOPLE}
    return [without_people(one) for one in found] if isinstance(found, list) else found
