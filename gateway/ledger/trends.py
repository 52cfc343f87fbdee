"""What changes slowly: bins with the hour they will be full, kiosks with how well they read."""

from typing import Any

from gateway.ledger.sqlite import SqliteLedger

DAY_MS, HOUR_MS = 24 * 3_600_000, 3_600_000
LEAST_MS = 20 * 60_000
"""A forecast needs so much time since the bin was emptied."""


def trends(ledger: SqliteLedger, now: int) -> dict[str, dict[str, Any]]:
    """Return the slow pieces of the page: ``bins/DEVICE BIN`` and ``desks/DEVICE``."""
    with ledger.store.reading():
        found = {f"bins/{one['device']} {one['bin']}": one for one in _bins(ledger, now)}
        return found | {f"desks/{one['device']}": one for one in _desks(ledger, now)}


def _bins(ledger: SqliteLedger, now: int) -> list[dict[str, Any]]:
    rows = ledger.store.all(
        "SELECT f.site, f.device, f.at, json_extract(CAST(f.body AS TEXT), '$.fact.bin') AS bin, "
        "coalesce(json_extract(CAST(f.body AS TEXT), '$.fact.percent'), 0) AS percent, "
        "coalesce(json_extract(CAST(f.body AS TEXT), '$.fact.items'), 0) AS items, "
        "coalesce(json_extract(CAST(f.body AS TEXT), '$.fact.emptied'), 0) AS emptied "
        "FROM facts f WHERE f.kind = 'bin_changed' AND f.at > ? ORDER BY f.at, f.arrival",
        now - 7 * DAY_MS,
    )
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["device"], row["bin"])
        one = found.setdefault(
            key,
            {
                "site": row["site"],
                "device": row["device"],
                "bin": row["bin"],
                "percent": 0,
                "items": 0,
                "at": row["at"],
                "emptied": row["at"],
            },
        )
        one |= {"at": row["at"], "percent": row["percent"], "items": row["items"]}
        if row["emptied"]:
            one |= {"emptied": row["at"], "percent": 0, "items": 0}
    return [{**one, "full_at": full_at(one)} for one in found.values()]


def full_at(one: dict[str, Any]) -> int | None:
    """Return when a bin will be full if it fills as it did since it was emptied; None: not known."""
    passed, percent = one["at"] - one["emptied"], one["percent"]
    if percent >= 100:
        return int(one["at"])
    if passed < LEAST_MS or percent <= 0:
        return None
    return int(one["at"] + passed * (100 - percent) / percent) // 60_000 * 60_000


def _desks(ledger: SqliteLedger, now: int) -> list[dict[str, Any]]:
    """Return how many books each machine knew by their tag in a day, and its failures by hour."""
    first = now // HOUR_MS - 23
    found: dict[str, dict[str, Any]] = {}

    def of(row: Any) -> dict[str, Any]:
        new = {"site": row["site"], "device": row["device"], "books": 0, "by_tag": 0}
        return found.setdefault(row["device"], {**new, "failures": [0] * 24})

    for row in ledger.store.all(
        "SELECT site, device, count(*) AS n, sum(coalesce(json_extract(CAST(body AS TEXT), "
        "'$.fact.evidence.by'), 'tag') = 'tag') AS tags FROM facts "
        "WHERE kind IN ('loan', 'return') AND at > ? GROUP BY site, device",
        now - DAY_MS,
    ):
        of(row).update(books=row["n"], by_tag=row["tags"])
    for row in ledger.store.all(
        "SELECT site, device, at / ?3 AS hour, count(*) AS n FROM facts WHERE kind IN "
        "('tag_trouble', 'trouble', 'drop_refused') AND at >= ?1 AND at <= ?2 "
        "GROUP BY site, device, hour",
        *(first * HOUR_MS, now, HOUR_MS),
    ):
        of(row)["failures"][row["hour"] - first] += row["n"]
    return list(found.values())


def ranking(ledger: SqliteLedger, now: int, days: int = 30) -> list[dict[str, Any]]:
    """Return machines by the work they made in some days: how often, and with what."""
    rows = ledger.store.all(
        "SELECT w.site, w.device, w.code, count(*) AS n FROM worklist w "
        "WHERE w.opened > ? AND w.device <> '' GROUP BY w.site, w.device, w.code",
        now - days * DAY_MS,
    )
    facts = ledger.store.all(
        "SELECT device, count(*) AS n FROM facts WHERE at > ? GROUP BY device", now - days * DAY_MS
    )
    done = {row["device"]: row["n"] for row in facts}
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        new = {"site": row["site"], "device": row["device"], "entries": 0, "codes": {}}
        one = found.setdefault(row["device"], {**new, "facts": done.get(row["device"], 0)})
        one["entries"] += row["n"]
        one["codes"][row["code"]] = row["n"]
    return sorted(found.values(), key=lambda one: -one["entries"])[:50]
