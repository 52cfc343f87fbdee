"""What the console, the report and the demo's audit read from the ledger."""

from typing import Any

import msgspec

from edge.wire.messages import Health
from gateway.ledger.chains import outcome
from gateway.ledger.sqlite import SqliteLedger

MAX_ROWS = 1000


def summary(ledger: SqliteLedger, now: int) -> dict[str, Any]:
    """Return the totals of the ledger and its devices, for a machine to read."""
    store = ledger.store

    def count(sql: str) -> int:
        return int(store.value(f"SELECT count(*) FROM {sql}"))  # noqa: S608 - constants below

    return {
        "now": now,
        "facts": count("facts"),
        "rejected": count("rejected"),
        "items": count("items"),
        "readers": count("readers") - count("forgotten"),
        "loans_open": count("loans WHERE ended IS NULL"),
        "alarms": count("facts WHERE kind = 'gate_alarm'"),
        "worklist_open": count("worklist WHERE closed IS NULL"),
        "replica": version(ledger),
        "devices": devices(ledger),
    }


def version(ledger: SqliteLedger) -> int:
    """Return the version that replicas can have at most."""
    return int(ledger.store.value("SELECT coalesce(max(version), 0) FROM changes"))


def devices(ledger: SqliteLedger) -> list[dict[str, Any]]:
    """Return every device with its latest stream and what it last said about itself."""
    rows = ledger.store.all(
        "SELECT d.site, d.device, d.name, d.revoked, s.epoch, s.cursor, max(s.touched) AS touched, "
        "t.seen, t.online, t.changed, t.health FROM devices d LEFT JOIN streams s USING (device) "
        "LEFT JOIN status t USING (device) GROUP BY d.device ORDER BY d.site, d.device"
    )
    found = []
    for row in rows:
        health = msgspec.json.decode(row["health"], type=Health) if row["health"] else None
        found.append(
            {
                "site": row["site"],
                "device": row["device"],
                "name": row["name"],
                "revoked": bool(row["revoked"]),
                "epoch": row["epoch"] or "",
                "cursor": row["cursor"] or 0,
                "touched": row["touched"] or 0,
                "online": bool(row["online"]),
                "since": row["changed"] or 0,
                "seen": row["seen"] or 0,
                "waiting": health.waiting if health else 0,
                "oldest": health.oldest if health else 0,
                "health": msgspec.to_builtins(health) if health else None,
            }
        )
    return found


def facts_after(ledger: SqliteLedger, device: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Return facts of a device (or of all) after a sequence number (of all: an arrival number)."""
    where = "f.device = ?1 AND f.seq > ?2" if device else "f.arrival > ?2"
    rows = ledger.store.all(
        "SELECT f.*, coalesce(l.over, 0) AS over FROM facts f "  # noqa: S608
        f"LEFT JOIN loans l ON l.id = f.id WHERE {where} AND ?1 = ?1 "
        "ORDER BY f.arrival LIMIT ?3",
        *(device, after, min(max(limit, 1), MAX_ROWS)),
    )
    return [
        {
            "arrival": row["arrival"],
            "site": row["site"],
            "device": row["device"],
            "epoch": row["epoch"],
            "seq": row["seq"],
            "id": row["id"],
            "kind": row["kind"],
            "item": row["item"],
            "at_ms": row["at"],
            "received_ms": row["received"],
            "outcome": outcome(row),
        }
        for row in rows
    ]
