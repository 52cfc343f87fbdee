"""Gates in numbers: people by quarters of an hour, alarms and what they were, what gives false ones.

Passages are not people served: *served* counts visits in which somebody borrowed, renewed or brought
something back (a kiosk session, or a day's returns of one machine's loose items), as statistics of
public service ask for. The two are never added up.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.ledger.sqlite import SqliteLedger

BUCKET_MS = 15 * 60_000
DAY_MS = 86_400_000
LOOK_BACK_MS = 180 * DAY_MS
"""Older outcomes teach nothing: tags are mended, gates moved."""
FALSE = ("false_alarm", "tag_fault")
"""What staff choose for an alarm that no reader was to blame for."""
TAG_TIMES, PLACE_TIMES, PLACE_SHARE = 2, 8, 0.8
"""A tag is noisy after two false alarms and no right one; an antenna or an hour only with many."""
NOISY_MOST = 500
"""So much is told to the gates of a site."""
_SERVED = ("loan", "return", "renewal_wish")


def day(ledger: SqliteLedger, site: str, date: str, now: int) -> dict[str, Any]:
    """Return a site's day (``YYYY-MM-DD`` in the library's zone; empty: today).

    Raises ValueError for a date that is none.
    """
    zone = ZoneInfo(ledger.catalogue.policy()[1].zone)
    at = datetime.fromisoformat(date) if date else datetime.fromtimestamp(now / 1000, zone)
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=zone)
    start, end = (int(one.timestamp() * 1000) for one in (begin, begin + timedelta(days=1)))
    rows = [row for row in _counts(ledger, site, start, end) if start <= row["since"] < end]
    buckets: dict[int, list[int]] = {}
    for row in rows:
        one = buckets.setdefault((row["since"] - start) // BUCKET_MS, [0, 0])
        one[0] += row["entered"]
        one[1] += row["gone"]
    gates = sorted({row["gate"] for row in rows})
    return {
        "site": site,
        "date": begin.date().isoformat(),
        "start": start,
        "entered": sum(row["entered"] for row in rows),
        "left": sum(row["gone"] for row in rows),
        "buckets": [
            {"at": start + n * BUCKET_MS, "entered": came, "left": went}
            for n, (came, went) in sorted(buckets.items())
        ],
        "gates": gates,
        "served": _served(ledger, site, start, end),
        "closing": _closing(ledger, site, start, end),
        "alarms": _number(ledger, site, "gate_alarm", start, end),
        "let_pass": _number(ledger, site, "gate_let_pass", start, end),
        "hints": _number(ledger, site, "gate_hint", start, end),
        "provisional": _provisional(ledger, site, end, now),
    }


def false_alarms(ledger: SqliteLedger, site: str, now: int) -> dict[str, Any]:
    """Return how many judged alarms were false: by gate, hour, antenna, and the worst tags."""
    judged = _judged(ledger, site, now)
    tags = Counter(row["uid"] for row in judged if row["false"])
    return {
        "site": site,
        "judged": len(judged),
        "false": sum(row["false"] for row in judged),
        "gates": _rates(judged, lambda row: row["gate"]),
        "hours": _rates(judged, lambda row: str(row["hour"])),
        "antennas": _rates(judged, lambda row: f"{row['gate']}:{row['part']}"),
        "tags": [
            {"uid": uid, "item": _item_of(judged, uid), "false": count}
            for uid, count in tags.most_common(10)
        ],
        "outcomes": dict(Counter(row["action"] for row in judged)),
    }


def noisy(ledger: SqliteLedger, site: str, now: int) -> list[str]:
    """Return what gives false alarms, as gates of the site are told of it.

    ``uid:UID``, ``antenna:GATE:NUMBER``, ``hour:GATE:HOUR``.
    """
    judged = _judged(ledger, site, now)
    found = [
        f"uid:{uid}"
        for uid, (false, all_) in _sums(judged, lambda row: row["uid"]).items()
        if false >= TAG_TIMES and false == all_
    ]
    places = _sums(
        [row for row in judged if row["part"]], lambda row: f"antenna:{row['gate']}:{row['part']}"
    ) | _sums(judged, lambda row: f"hour:{row['gate']}:{row['hour']}")
    found += [
        name
        for name, (false, all_) in places.items()
        if all_ >= PLACE_TIMES and false >= PLACE_SHARE * all_
    ]
    return sorted(found)[:NOISY_MOST]


def _judged(ledger: SqliteLedger, site: str, now: int) -> list[dict[str, Any]]:
    """Return the alarms of which staff said what they were; the last word counts."""
    zone = ZoneInfo(ledger.catalogue.policy()[1].zone)
    rows = ledger.store.all(
        "SELECT f.at, f.item, json_extract(CAST(f.body AS TEXT), '$.fact.uid') AS uid, "
        "json_extract(CAST(f.body AS TEXT), '$.fact.gate') AS gate, "
        "coalesce(json_extract(CAST(f.body AS TEXT), '$.fact.part'), '') AS part, "
        "(SELECT r.action FROM resolutions r WHERE r.entry = w.number "
        "ORDER BY r.number DESC LIMIT 1) AS action "
        "FROM worklist w JOIN facts f ON f.id = w.fact "
        "WHERE w.code = 'GATE_ALARM' AND w.site = ? AND w.closed > ? ORDER BY w.number",
        *(site, now - LOOK_BACK_MS),
    )
    return [
        {
            **dict(row),
            "hour": datetime.fromtimestamp(row["at"] / 1000, zone).hour,
            "false": row["action"] in FALSE,
        }
        for row in rows
        if row["action"] in (*FALSE, "brought_back", "gone")
    ]


def _sums(rows: Iterable[dict[str, Any]], name: Any) -> dict[str, tuple[int, int]]:
    """Return false and all alarms by a name."""
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        false, all_ = sums.get(name(row), (0, 0))
        sums[name(row)] = (false + row["false"], all_ + 1)
    return sums


def _rates(rows: Iterable[dict[str, Any]], name: Any) -> list[dict[str, Any]]:
    return [
        {"name": key, "false": false, "judged": all_}
        for key, (false, all_) in sorted(_sums(rows, name).items())
    ]


def _item_of(rows: Iterable[dict[str, Any]], uid: str) -> str | None:
    return next((row["item"] for row in rows if row["uid"] == uid and row["item"]), None)


def _counts(ledger: SqliteLedger, site: str, start: int, end: int) -> list[Any]:
    return ledger.store.all(
        "SELECT coalesce(json_extract(CAST(body AS TEXT), '$.fact.since'), at) AS since, "
        "json_extract(CAST(body AS TEXT), '$.fact.gate') AS gate, "
        "coalesce(json_extract(CAST(body AS TEXT), '$.fact.entered'), 0) AS entered, "
        "coalesce(json_extract(CAST(body AS TEXT), '$.fact.left'), 0) AS gone "
        "FROM facts WHERE kind = 'gate_count' AND site = ? AND at >= ? AND at < ?",
        *(site, start, end + DAY_MS),
    )


def _closing(ledger: SqliteLedger, site: str, start: int, end: int) -> dict[str, int] | None:
    """Return all in and out at closing; their difference is the counters' error."""
    row = ledger.store.row(
        "SELECT count(*) AS n, "
        "sum(coalesce(json_extract(CAST(body AS TEXT), '$.fact.entered'), 0)) AS entered, "
        "sum(coalesce(json_extract(CAST(body AS TEXT), '$.fact.left'), 0)) AS gone "
        "FROM facts WHERE kind = 'gate_day' AND site = ? AND at >= ? AND at < ?",
        *(site, start, end),
    )
    return {"entered": row["entered"], "left": row["gone"]} if row["n"] else None


def _served(ledger: SqliteLedger, site: str, start: int, end: int) -> int:
    marks = ",".join("?" * len(_SERVED))
    return int(
        ledger.store.value(
            "SELECT count(DISTINCT device || coalesce(nullif("  # noqa: S608 - marks only
            "json_extract(CAST(body AS TEXT), '$.fact.session'), ''), nullif(card, ''), '')) "
            f"FROM facts WHERE kind IN ({marks}) AND site = ? AND at >= ? AND at < ?",
            *(*_SERVED, site, start, end),
        )
    )


def _number(ledger: SqliteLedger, site: str, kind: str, start: int, end: int) -> int:
    return int(
        ledger.store.value(
            "SELECT count(*) FROM facts WHERE kind = ? AND site = ? AND at >= ? AND at < ?",
            *(kind, site, start, end),
        )
    )


def _provisional(ledger: SqliteLedger, site: str, end: int, now: int) -> bool:
    """Say whether a machine of the site may still hold facts of the time before ``end``."""
    oldest = ledger.store.value(
        "SELECT min(coalesce(t.seen, 0)) FROM devices d LEFT JOIN status t USING (device) "
        "WHERE d.site = ? AND NOT d.revoked",
        site,
    )
    return now < end or oldest is None or oldest < end
