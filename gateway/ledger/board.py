"""What the console's page shows: who waits, what is broken, what just happened, how today was."""

import sqlite3
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.codes import CODES
from gateway.ledger import views
from gateway.ledger.chains import outcome
from gateway.ledger.sqlite import SqliteLedger

ENTRIES, RECENT, ALARMS, SETTLED = 100, 40, 12, 12
TREND_MS = 10 * 60_000
TREND_STEPS = 24
HOUR_MS = 3_600_000

_NAMES = (
    "i.title, i.author, r.name AS reader_name, d.name AS device_name "
    "FROM {table} LEFT JOIN items i ON i.item = {short}.item "
    "LEFT JOIN readers r ON r.reader = {short}.reader "
    "LEFT JOIN devices d ON d.device = {short}.device "
)
_FACTS = _NAMES.format(table="facts f LEFT JOIN loans l ON l.id = f.id", short="f")
_WORK = _NAMES.format(table="worklist w", short="w")
_SHOWN = ("loan", "return", "renewal_wish", "gate_alarm", "drop_refused", "bin_changed", "booted")


def board(ledger: SqliteLedger, now: int) -> dict[str, Any]:
    """Return everything the page shows, of one moment."""
    with ledger.store.reading():
        return {
            "now": now,
            "totals": _totals(ledger),
            "devices": _devices(ledger, now),
            "sites": _sites(ledger),
            "worklist": worklist(ledger),
            "recent": _recent(ledger),
            "alarms": _alarms(ledger),
            "settled": _settled(ledger),
            "today": _today(ledger, now),
        }


def worklist(ledger: SqliteLedger) -> list[dict[str, Any]]:
    """Return the open entries: people who wait first, then what is gravest, then what is oldest."""
    rows = ledger.store.all(
        f"SELECT w.*, {_WORK} WHERE w.closed IS NULL ORDER BY w.code <> 'STAFF_CALLED', "
        "w.code <> 'GATE_ALARM', w.severity <> 'action', w.opened DESC LIMIT ?",
        ENTRIES,
    )
    return [_entry(row) for row in rows]


def timeline(ledger: SqliteLedger, item: str) -> dict[str, Any]:
    """Return an item, its loans and everything that was ever said of it."""
    view = ledger.catalogue.item(item)
    loans = ledger.store.all(
        "SELECT l.*, r.name AS reader_name FROM loans l LEFT JOIN readers r USING (reader) "
        "WHERE l.item = ? ORDER BY l.since DESC",
        item,
    )
    facts = ledger.store.all(
        f"SELECT f.*, coalesce(l.over, 0) AS over, {_FACTS} WHERE f.item = ? "
        "ORDER BY f.at DESC, f.arrival DESC LIMIT 100",
        item,
    )
    return {
        "item": msgspec.to_builtins(view) if view else None,
        "loans": [dict(row) for row in loans],
        "facts": [_fact(row) for row in facts],
    }


def _entry(row: sqlite3.Row) -> dict[str, Any]:
    code = CODES.get(row["code"])
    return {
        **_names(row),
        "number": row["number"],
        "code": row["code"],
        "severity": row["severity"],
        "opened": row["opened"],
        "closed": row["closed"],
        "detail": msgspec.json.decode(row["detail"]),
        "actions": list(code.actions) if code else ["accept"],
    }


def _fact(row: sqlite3.Row) -> dict[str, Any]:
    event = msgspec.json.decode(row["body"])
    return {
        **_names(row),
        "arrival": row["arrival"],
        "kind": row["kind"],
        "at": row["at"],
        "received": row["received"],
        "voided": bool(row["voided"]),
        "outcome": outcome(row),
        "fact": event["fact"],
    }


def _names(row: sqlite3.Row) -> dict[str, Any]:
    keys = ("site", "device", "device_name", "item", "title", "author", "reader", "reader_name")
    return {key: row[key] for key in keys}


def _recent(ledger: SqliteLedger) -> list[dict[str, Any]]:
    marks = ", ".join("?" for _ in _SHOWN)
    rows = ledger.store.all(
        f"SELECT f.*, coalesce(l.over, 0) AS over, {_FACTS} "
        f"WHERE f.kind IN ({marks}) ORDER BY f.arrival DESC LIMIT ?",
        *(*_SHOWN, RECENT),
    )
    return [_fact(row) for row in rows]


def _alarms(ledger: SqliteLedger) -> list[dict[str, Any]]:
    rows = ledger.store.all(
        f"SELECT f.*, coalesce(l.over, 0) AS over, {_FACTS} "
        "WHERE f.kind = 'gate_alarm' ORDER BY f.at DESC LIMIT ?",
        ALARMS,
    )
    lent = "SELECT 1 FROM loans WHERE item = ? AND since <= ? AND (ended IS NULL OR ended > ?)"
    return [
        {
            **_fact(row),
            "lent": bool(row["item"] and ledger.store.one(lent, row["item"], row["at"], row["at"])),
        }
        for row in rows
    ]


def _settled(ledger: SqliteLedger) -> list[dict[str, Any]]:
    """Return what people settled last, so that it can be taken up again."""
    rows = ledger.store.all(
        f"SELECT w.*, s.action, s.who, s.note, s.at AS settled_at, {_WORK} "  # noqa: S608
        "JOIN resolutions s ON s.entry = w.number WHERE w.closed IS NOT NULL "
        "AND s.action NOT IN ('settled', 'reopened') AND s.number = "
        "(SELECT max(number) FROM resolutions WHERE entry = w.number) "
        "ORDER BY s.number DESC LIMIT ?",
        SETTLED,
    )
    return [
        {
            **_entry(row),
            "action": row["action"],
            "who": row["who"],
            "note": row["note"],
            "at": row["settled_at"],
        }
        for row in rows
    ]


def _devices(ledger: SqliteLedger, now: int) -> list[dict[str, Any]]:
    """Return devices with how much each did lately, in steps of ten minutes."""
    start = now - TREND_STEPS * TREND_MS
    trend: dict[str, list[int]] = {}
    for row in ledger.store.all(
        "SELECT device, (at - ?1) / ?2 AS step, count(*) AS n FROM facts "
        "WHERE at > ?1 AND at <= ?3 GROUP BY device, step",
        *(start, TREND_MS, now),
    ):
        steps = trend.setdefault(row["device"], [0] * TREND_STEPS)
        steps[min(row["step"], TREND_STEPS - 1)] = row["n"]
    return [
        {**device, "trend": trend.get(device["device"], [0] * TREND_STEPS)}
        for device in views.devices(ledger)
        if not device["revoked"]
    ]


def _sites(ledger: SqliteLedger) -> list[dict[str, Any]]:
    """Return sites; one without a name of its own is called as its branch."""
    rows = ledger.store.all(
        "SELECT s.site, coalesce(nullif(s.name, ''), b.name, s.site) AS name "
        "FROM sites s LEFT JOIN branches b USING (branch) ORDER BY s.site"
    )
    return [dict(row) for row in rows]


def _totals(ledger: SqliteLedger) -> dict[str, int]:
    row = ledger.store.row(
        "SELECT (SELECT count(*) FROM facts) AS facts, "
        "(SELECT count(*) FROM loans WHERE ended IS NULL) AS loans_open, "
        "(SELECT count(*) FROM worklist WHERE closed IS NULL) AS open, "
        "(SELECT count(*) FROM worklist WHERE closed IS NULL AND severity = 'action') AS action, "
        "(SELECT count(*) FROM items) AS items, (SELECT count(*) FROM readers) AS readers"
    )
    return dict(row)


def _today(ledger: SqliteLedger, now: int) -> dict[str, Any]:
    """Return the day's counts by hour, in the library's own time zone."""
    _, policy = ledger.catalogue.policy()
    zone = ZoneInfo(policy.zone)
    day = datetime.fromtimestamp(now / 1000, zone).replace(hour=0, minute=0, second=0)
    start = int(day.replace(microsecond=0).astimezone(UTC).timestamp() * 1000)
    hours = [{"loan": 0, "return": 0} for _ in range(24)]
    counts: dict[str, int] = {}
    for row in ledger.store.all(
        "SELECT kind, min(23, (at - ?1) / ?2) AS hour, count(*) AS n FROM facts "
        "WHERE at >= ?1 GROUP BY kind, hour",
        *(start, HOUR_MS),
    ):
        counts[row["kind"]] = counts.get(row["kind"], 0) + row["n"]
        if row["kind"] in ("loan", "return"):
            hours[row["hour"]][row["kind"]] = row["n"]
    people = ledger.store.row(
        "SELECT coalesce(sum(json_extract(CAST(body AS TEXT), '$.fact.entered')), 0) AS entered, "
        "coalesce(sum(json_extract(CAST(body AS TEXT), '$.fact.left')), 0) AS gone "
        "FROM facts WHERE kind = 'gate_count' AND at >= ?",
        start,
    )
    return {
        "start": start,
        "opens": policy.opens,
        "closes": policy.closes,
        "counts": counts,
        "hours": hours,
        "entered": people["entered"],
        "left": people["gone"],
    }
