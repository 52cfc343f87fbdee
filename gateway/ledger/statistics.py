"""A year in figures, by month and site, for the reports that libraries owe.

What is counted stands in ``gateway/indicators.toml``; how, here. Passages at gates and visits served
are two things and never added up.
"""

import csv
import io
import tomllib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from gateway.ledger.sqlite import SqliteLedger

MONTHS = 12
FIRST_YEAR, LAST_YEAR = 2000, 2199
Span = tuple[int, int]
_COUNTED: dict[str, str] = {  # of constants
    "loans": "SELECT f.site, count(*) AS n FROM facts f JOIN loans l ON l.id = f.id "
    "WHERE f.kind = 'loan' AND NOT f.voided AND f.at >= ?1 AND f.at < ?2 GROUP BY f.site",
    "renewals": "SELECT f.site, count(*) AS n FROM facts f WHERE f.kind = 'renewal_wish' AND NOT "
    "f.voided AND f.chained LIKE '%\"RENEWED\"%' AND f.at >= ?1 AND f.at < ?2 GROUP BY f.site",
    "returns": "SELECT f.site, count(*) AS n FROM facts f WHERE f.kind = 'return' AND NOT f.voided "
    "AND f.chained NOT LIKE '%\"DUPLICATE_SCAN\"%' AND f.at >= ?1 AND f.at < ?2 GROUP BY f.site",
    "served": "SELECT f.site, count(DISTINCT f.device || ((f.at - ?1) / 86400000) || coalesce("
    "nullif(json_extract(CAST(f.body AS TEXT), '$.fact.session'), ''), nullif(f.card, ''), '')) "
    "AS n FROM facts f WHERE f.kind IN "
    "('loan', 'return', 'renewal_wish') AND NOT f.voided AND f.at >= ?1 AND f.at < ?2 "
    "GROUP BY f.site",
    "entered": "SELECT f.site, sum(coalesce(json_extract(CAST(f.body AS TEXT), '$.fact.entered'), "
    "0)) AS n FROM facts f WHERE f.kind = 'gate_count' AND f.at >= ?1 AND f.at < ?2 "
    "GROUP BY f.site",
    "alarms": "SELECT f.site, count(*) AS n FROM facts f WHERE f.kind = 'gate_alarm' "
    "AND f.at >= ?1 AND f.at < ?2 GROUP BY f.site",
    "false_alarms": "SELECT w.site, count(*) AS n FROM worklist w WHERE w.code = 'GATE_ALARM' "
    "AND w.closed IS NOT NULL AND w.opened >= ?1 AND w.opened < ?2 AND (SELECT r.action FROM "
    "resolutions r WHERE r.entry = w.number ORDER BY r.number DESC LIMIT 1) IN "
    "('false_alarm', 'tag_fault') GROUP BY w.site",
}
_ACTIVE = (
    "SELECT count(DISTINCT l.reader) FROM facts f JOIN loans l ON l.id = f.id "
    "WHERE f.kind = 'loan' AND NOT f.voided AND f.at >= ? AND f.at < ? AND f.site IN ({})"
)
_NOW: dict[str, str] = {
    "sites": "SELECT count(*) FROM sites WHERE site IN ({})",
    "items": "SELECT count(*) FROM items WHERE flags NOT LIKE '%\"lost\"%' AND flags NOT LIKE "
    "'%\"withdrawn\"%' AND branch IN (SELECT branch FROM sites WHERE site IN ({}) {})",
    "readers": "SELECT count(*) FROM readers WHERE reader NOT IN (SELECT reader FROM forgotten) "
    "AND branch IN (SELECT branch FROM sites WHERE site IN ({}) {})",
}
_NOWHERE = "UNION SELECT '' UNION SELECT branch FROM branches"
"""Who sees all sites counts what belongs to branches without one, too."""
Sees = Callable[[str], bool]


@cache
def indicators() -> list[dict[str, str]]:
    """Return the rows, in their order."""
    text = files("gateway").joinpath("indicators.toml").read_text("utf-8")
    rows: list[dict[str, str]] = tomllib.loads(text)["rows"]
    return rows


def year(ledger: SqliteLedger, number: int, site: str, sees: Sees, now: int) -> dict[str, Any]:
    """Return a year of one site, or (empty) of all that may be seen, by month.

    ``provisional``: the year is not over, or a machine has not brought everything of it.
    """
    number = max(FIRST_YEAR, min(LAST_YEAR, number))
    zone = ZoneInfo(ledger.catalogue.policy()[1].zone)
    spans = _months(number, zone)
    with ledger.store.reading():
        sites = [one for one in ledger.sites() if sees(one) and site in ("", one)]
        rows = [_row(ledger, one, spans, sites, site) for one in indicators()]
        late = _not_whole(ledger, sites, spans[-1][1])
    over = now >= spans[-1][1]
    return {"year": number, "site": site, "sites": len(sites), "rows": rows, "late": late,
            "provisional": not over or bool(late)}  # fmt: skip


def _months(number: int, zone: ZoneInfo) -> list[Span]:
    edges = [datetime(number + n // MONTHS, n % MONTHS + 1, 1, tzinfo=zone) for n in range(13)]
    times = [int(one.timestamp() * 1000) for one in edges]
    return list(pairwise(times))


def _row(
    ledger: SqliteLedger, what: dict[str, str], spans: list[Span], sites: list[str], site: str
) -> dict[str, Any]:
    source, wanted, marks = what["source"], set(sites), ", ".join("?" * len(sites))
    if source in _NOW:
        more = _NOWHERE if not site and len(sites) == len(ledger.sites()) else ""
        sql = _NOW[source].format(marks, more)
        return {**what, "months": None, "total": int(ledger.store.value(sql, *sites))}
    if source == "active":  # who borrows at several sites, or in several months, is still one
        whole = (spans[0][0], spans[-1][1])
        sql = _ACTIVE.format(marks)
        of = [int(ledger.store.value(sql, *span, *sites)) for span in (*spans, whole)]
        return {**what, "months": of[:-1], "total": of[-1]}
    months = [
        sum(
            row["n"] or 0
            for row in ledger.store.all(_COUNTED[source], *span)
            if row["site"] in wanted
        )
        for span in spans
    ]
    return {**what, "months": months, "total": sum(months)}


def _not_whole(ledger: SqliteLedger, sites: list[str], end: int) -> list[str]:
    """Return machines that may still hold facts of the time before ``end``."""
    rows = ledger.store.all(
        "SELECT d.site, d.device FROM devices d LEFT JOIN status t USING (device) "
        "WHERE NOT d.revoked AND coalesce(t.seen, 0) < ? ORDER BY d.device",
        end,
    )
    return [row["device"] for row in rows if row["site"] in set(sites)]


def words(texts: dict[str, str]) -> dict[str, str]:
    """Return the words of a file's head out of the console's sentences."""
    names = ("title", "all", "provisional", "final", "month", "what", "total", "rule")
    return {name: texts[f"stats.csv_{name}"] for name in names}


def as_csv(found: dict[str, Any], names: dict[str, str], language: str) -> str:
    """Return a year as a file for a spreadsheet; ``names`` are the words of its head."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write([names["title"], found["year"], found["site"] or names["all"],
           names["provisional"] if found["provisional"] else names["final"]])  # fmt: skip
    months = [names["month"].format(n=n) for n in range(1, MONTHS + 1)]
    write([names["what"], *months, names["total"], names["rule"]])
    for row in found["rows"]:
        counted = row["months"] or [""] * MONTHS
        write([row[language], *counted, row["total"], row[f"rule_{language}"]])
    return "\ufeff" + out.getvalue()
