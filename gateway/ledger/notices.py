"""Messages to people in the ledger: made from the worklist, grouped, sent with bounded tries."""

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.ledger.sqlite import SqliteLedger

GROUP_MS = 60_000
"""What happens to one person within this time is one message."""
AT_ONCE = frozenset({"STAFF_CALLED", "GATE_ALARM"})
AT_ONCE_MS = 3_000
MOST_LINES = 20
LOST = "NOTICE_LOST"
"""A message that nobody got: of this no message is made."""
DAY_MS = 24 * 3_600_000
TRIES = 6
FIRST_AGAIN_MS, LONGEST_AGAIN_MS = 60_000, 3_600_000
KEEP_MS = 30 * 24 * 3_600_000

Told = Callable[[str, str, int], list[tuple[str, str, str, int]]]
"""(code, site, now) -> (way, goal, language, not before) of everybody who is told."""


def gather(ledger: SqliteLedger, told: Told, now: int) -> int:
    """Look through what is new in the worklist; return how many messages were made or grew."""
    count = 0
    with ledger.store.transaction():
        for row in _new(ledger, "worklist", "SELECT * FROM worklist WHERE number > ?"):
            if row["severity"] != "action" or row["code"] == LOST:
                continue
            soon = AT_ONCE_MS if row["code"] in AT_ONCE else GROUP_MS
            for way, goal, language, after in told(row["code"], row["site"], now):
                _put(
                    ledger,
                    (way, goal, language),
                    "entries",
                    row["number"],
                    max(after, now + soon),
                    now,
                )
                count += 1
        for row in _new(ledger, "resolutions", _SETTLED):
            for person in ledger.store.all(_TOLD_OF, row["entry"]):
                who = (person["way"], person["goal"], person["language"])
                _put(ledger, who, "fine", row["entry"], now + GROUP_MS, now)
                count += 1
        ledger.store.run("DELETE FROM notices WHERE made < ?", now - KEEP_MS)
    return count


_SETTLED = (
    "SELECT r.number, r.entry FROM resolutions r JOIN worklist w ON w.number = r.entry "
    "WHERE r.number > ? AND r.action = 'settled' AND w.closed IS NOT NULL"
)
_TOLD_OF = (
    "SELECT DISTINCT n.way, n.goal, n.language FROM notices n, json_each(n.entries) e "
    "WHERE n.state = 'sent' AND e.value = ?"
)


def begin(ledger: SqliteLedger) -> None:
    """Begin with what comes from now on, the first time."""
    with ledger.store.transaction():
        for table in ("worklist", "resolutions"):
            ledger.store.run(
                f"INSERT OR IGNORE INTO noticed SELECT ?, coalesce(max(number), 0) FROM {table}",  # noqa: S608
                table,
            )


def due(ledger: SqliteLedger, now: int) -> list[dict[str, Any]]:
    """Return messages that shall leave now, each with its open entries and those that are over."""
    rows = ledger.store.all(
        "SELECT * FROM notices WHERE state = 'waiting' AND next <= ? ORDER BY number LIMIT 20", now
    )
    return [
        {
            **dict(row),
            "open": _entries(ledger, row["entries"], "w.closed IS NULL"),
            "over": _entries(ledger, row["fine"], "w.closed IS NOT NULL"),
        }
        for row in rows
    ]


def done(ledger: SqliteLedger, number: int, state: str, now: int) -> None:
    """Note that a message left, or that there was nothing left to tell."""
    with ledger.store.transaction():
        ledger.store.run(
            "UPDATE notices SET state = ?, why = '', next = ? WHERE number = ?", state, now, number
        )
        if state == "sent":
            way = ledger.store.value("SELECT way FROM notices WHERE number = ?", number)
            ledger.worklist.settle(f"{LOST}:{way}", now)


def sent_lately(ledger: SqliteLedger, way: str, now: int) -> int:
    """Return how many messages left by a way in the last 24 hours."""
    return int(
        ledger.store.value(
            "SELECT count(*) FROM notices WHERE way = ? AND state = 'sent' AND next > ?",
            *(way, now - DAY_MS),
        )
    )


def give_up(ledger: SqliteLedger, number: int, then: str, now: int) -> None:
    """Hand a message that was given up to another way; without one the worklist says so."""
    row = ledger.store.row("SELECT * FROM notices WHERE number = ?", number)
    with ledger.store.transaction():
        if then:
            ledger.store.run(
                "INSERT INTO notices (made, way, goal, language, entries, fine, next) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(now, then, row["goal"], row["language"], row["entries"], row["fine"], now),
            )
            return
        ledger.worklist.open(
            f"{LOST}:{row['way']}", LOST, now, detail={"way": row["way"], "why": row["why"]}
        )


def failed(ledger: SqliteLedger, number: int, why: str, now: int, *, final: bool) -> str:
    """Note a try that failed; return the state: it is tried again later, or given up."""
    tries = 1 + int(ledger.store.value("SELECT tries FROM notices WHERE number = ?", number))
    state = "given_up" if final or tries >= TRIES else "waiting"
    again = min(LONGEST_AGAIN_MS, FIRST_AGAIN_MS << tries - 1)
    ledger.store.run(
        "UPDATE notices SET tries = ?, state = ?, why = ?, next = ? WHERE number = ?",
        *(tries, state, why[:200], now + again, number),
    )
    return state


def _new(ledger: SqliteLedger, key: str, sql: str) -> list[Any]:
    seen = ledger.store.value("SELECT value FROM noticed WHERE key = ?", key) or 0
    rows = ledger.store.all(f"{sql} ORDER BY 1 LIMIT 500", seen)
    if rows:
        ledger.store.run("INSERT OR REPLACE INTO noticed VALUES (?, ?)", key, rows[-1]["number"])
    return rows


def _put(
    ledger: SqliteLedger, who: tuple[str, str, str], column: str, entry: int, at: int, now: int
) -> None:
    row = ledger.store.one(
        "SELECT * FROM notices WHERE way = ? AND goal = ? AND language = ? AND state = 'waiting' "
        "AND tries = 0",
        *who,
    )
    if row is None:
        number = ledger.store.insert(
            "INSERT INTO notices (made, way, goal, language, next) VALUES (?, ?, ?, ?, ?)",
            *(now, *who, at),
        )
        row = ledger.store.row("SELECT * FROM notices WHERE number = ?", number)
    listed = [*msgspec.json.decode(row[column]), entry][-10 * MOST_LINES :]
    ledger.store.run(
        f"UPDATE notices SET {column} = ?, next = min(next, ?) WHERE number = ?",  # noqa: S608
        *(msgspec.json.encode(listed).decode(), at, row["number"]),
    )


def _entries(ledger: SqliteLedger, numbers: str, where: str) -> list[dict[str, Any]]:
    rows = ledger.store.all(
        "SELECT w.number, w.code, w.site, w.device, w.detail, w.opened, "  # noqa: S608
        "coalesce(nullif(d.name, ''), w.device) AS machine, coalesce(nullif(s.name, ''), w.site) "
        "AS place FROM json_each(?) e JOIN worklist w ON w.number = e.value "
        "LEFT JOIN devices d ON d.device = w.device LEFT JOIN sites s ON s.site = w.site "
        f"WHERE {where} ORDER BY w.number",
        numbers,
    )
    return [{**dict(row), "detail": msgspec.json.decode(row["detail"])} for row in rows]
