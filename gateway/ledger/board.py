"""What the console's page shows: who waits, what is broken, what just happened, how today was."""

import sqlite3
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.codes import CODES
from gateway.ledger import plans, posts, views
from gateway.ledger.chains import outcome
from gateway.ledger.sqlite import SqliteLedger

ENTRIES, RECENT, ALARMS, SETTLED = 100, 40, 12, 12
TREND_MS = 10 * 60_000
TREND_STEPS = 24
HOUR_MS = 3_600_000
SEEN_MS = 60_000
"""A device's last word is shown to the minute: a page far away need not hear of every one."""
_RESTLESS = ("memory_", "cpu_", "disk_", "temperature", "load", "uptime", "tag_tasks")

_NAMES = (
    "i.title, i.author, r.name AS reader_name, d.name AS device_name "
    "FROM {table} LEFT JOIN items i ON i.item = {short}.item "
    "LEFT JOIN readers r ON r.reader = {short}.reader "
    "LEFT JOIN devices d ON d.device = {short}.device "
)
FACTS = _NAMES.format(table="facts f LEFT JOIN loans l ON l.id = f.id", short="f")
_WORK = _NAMES.format(table="worklist w", short="w")
_SHOWN = (
    "loan", "return", "renewal_wish", "gate_alarm", "gate_hint", "gate_muted", "drop_refused",
    "bin_changed", "booted",
)  # fmt: skip
_PLAN = (
    "(SELECT assignee FROM plans WHERE entry = w.number ORDER BY number DESC LIMIT 1) AS assignee, "
    "(SELECT due FROM plans WHERE entry = w.number ORDER BY number DESC LIMIT 1) AS due"
)


Docs = dict[str, dict[str, Any]]
"""What the page shows, in small pieces: ``kind/name`` -> fields. ``site`` tells where it belongs."""


def docs(ledger: SqliteLedger, now: int) -> Docs:
    """Return everything the page shows, of one moment."""
    with ledger.store.reading():
        found = {"centre/ledger": _ledger(ledger, now)}
        found |= {f"sites/{row['site']}": row for row in _sites(ledger, now)}
        found |= {f"devices/{row['device']}": row for row in _devices(ledger, now)}
        found |= {f"worklist/{row['number']}": row for row in worklist(ledger)}
        found |= {f"recent/{row['arrival']}": row for row in _recent(ledger)}
        found |= {f"alarms/{row['arrival']}": row for row in _alarms(ledger)}
        found |= {f"settled/{row['number']}": row for row in _settled(ledger)}
    return found


def worklist(ledger: SqliteLedger) -> list[dict[str, Any]]:
    """Return the open entries: people who wait first, then what is gravest, then what is oldest."""
    rows = ledger.store.all(
        f"SELECT w.*, {_PLAN}, {_WORK} WHERE w.closed IS NULL ORDER BY w.code <> 'STAFF_CALLED', "
        "w.code <> 'GATE_ALARM', w.severity <> 'action', w.opened DESC LIMIT ?",
        ENTRIES,
    )
    return [
        {
            **_entry(row),
            "assignee": row["assignee"] or "",
            "deadline": plans.deadline(row["code"], row["severity"], row["opened"], row["due"]),
        }
        for row in rows
    ]


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


def fact_row(row: sqlite3.Row) -> dict[str, Any]:
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
    return {**{key: row[key] for key in keys}, "reader_name": initials(row["reader_name"])}


def _recent(ledger: SqliteLedger) -> list[dict[str, Any]]:
    marks = ", ".join("?" for _ in _SHOWN)
    rows = ledger.store.all(
        f"SELECT f.*, coalesce(l.over, 0) AS over, {FACTS} "
        f"WHERE f.kind IN ({marks}) ORDER BY f.arrival DESC LIMIT ?",
        *(*_SHOWN, RECENT),
    )
    return [fact_row(row) for row in rows]


def _alarms(ledger: SqliteLedger) -> list[dict[str, Any]]:
    rows = ledger.store.all(
        f"SELECT f.*, coalesce(l.over, 0) AS over, {FACTS} "
        "WHERE f.kind = 'gate_alarm' ORDER BY f.at DESC LIMIT ?",
        ALARMS,
    )
    lent = "SELECT 1 FROM loans WHERE item = ? AND since <= ? AND (ended IS NULL OR ended > ?)"
    return [
        {
            **fact_row(row),
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
    first = now // TREND_MS - TREND_STEPS + 1
    trend: dict[str, list[int]] = {}
    for row in ledger.store.all(
        "SELECT device, at / ?2 AS step, count(*) AS n FROM facts "
        "WHERE at >= ?1 * ?2 AND at <= ?3 GROUP BY device, step",
        *(first, TREND_MS, now),
    ):
        steps = trend.setdefault(row["device"], [0] * TREND_STEPS)
        steps[row["step"] - first] = row["n"]
    return [
        _device(device, trend.get(device["device"], []))
        for device in views.devices(ledger)
        if not device["revoked"]
    ]


def _device(device: dict[str, Any], trend: list[int]) -> dict[str, Any]:
    """Return what the page needs of a device; what changes all the time is left out or rounded."""
    health = device["health"] or {}
    parts = health.get("parts", {})
    numbers = health.get("numbers", {})
    names = ("site", "device", "name", "online", "since", "waiting", "oldest", "touched")
    return {
        **{name: device[name] for name in names},
        "touched": device["touched"] // SEEN_MS * SEEN_MS,
        "seen": device["seen"] // SEEN_MS * SEEN_MS,
        "clock": health.get("clock", "synced"),
        "down": {name: part.get("why", "") for name, part in parts.items() if not part["up"]},
        "numbers": {name: n for name, n in numbers.items() if not name.startswith(_RESTLESS)},
        "trend": trend,
    }


def _ledger(ledger: SqliteLedger, now: int) -> dict[str, Any]:
    """Return the ledger's totals, and the library's own day."""
    row = ledger.store.row(
        "SELECT (SELECT count(*) FROM facts) AS facts, "
        "(SELECT count(*) FROM loans WHERE ended IS NULL) AS loans_open, "
        "(SELECT count(*) FROM items) AS items, "
        "(SELECT count(*) FROM readers) - (SELECT count(*) FROM forgotten) AS readers"
    )
    _, policy = ledger.catalogue.policy()
    start = _midnight(policy.zone, now)
    return {**dict(row), "start": start, "opens": policy.opens, "closes": policy.closes,
            "ils": posts.outbox(ledger)}  # fmt: skip


def _sites(ledger: SqliteLedger, now: int) -> list[dict[str, Any]]:
    """Return sites with today's counts; one without a name is called as its branch."""
    _, policy = ledger.catalogue.policy()
    start = _midnight(policy.zone, now)
    rows = ledger.store.all(
        "SELECT s.site, coalesce(nullif(s.name, ''), b.name, s.site) AS name, "
        "(SELECT count(*) FROM worklist w WHERE w.site = s.site AND closed IS NULL) AS open, "
        "(SELECT count(*) FROM worklist w WHERE w.site = s.site AND closed IS NULL "
        "AND severity = 'action') AS action "
        "FROM sites s LEFT JOIN branches b USING (branch) ORDER BY s.site"
    )
    found = {row["site"]: {**dict(row), "counts": {}, "hours": {}} for row in rows}
    for row in ledger.store.all(
        "SELECT site, kind, min(23, (at - ?1) / ?2) AS hour, count(*) AS n FROM facts "
        "WHERE at >= ?1 GROUP BY site, kind, hour",
        *(start, HOUR_MS),
    ):
        site = found.get(row["site"])
        if site is None:
            continue
        site["counts"][row["kind"]] = site["counts"].get(row["kind"], 0) + row["n"]
        if row["kind"] in ("loan", "return"):
            site["hours"].setdefault(str(row["hour"]), {})[row["kind"]] = row["n"]
    for row in ledger.store.all(
        "SELECT site, sum(json_extract(CAST(body AS TEXT), '$.fact.entered')) AS entered, "
        "sum(json_extract(CAST(body AS TEXT), '$.fact.left')) AS gone "
        "FROM facts WHERE kind = 'gate_count' AND at >= ? GROUP BY site",
        start,
    ):
        if row["site"] in found:
            found[row["site"]] |= {"entered": row["entered"] or 0, "left": row["gone"] or 0}
    return list(found.values())


def _midnight(zone: str, now: int) -> int:
    """Return when the library's day began."""
    day = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(day.astimezone(UTC).timestamp() * 1000)


def initials(name: str | None) -> str:
    """Return what may be shown of a reader's name without a look being written down."""
    return " ".join(f"{word[0]}." for word in (name or "").split())
