"""Bins of book drops: what lies in them, and emptied ones ticked off item by item.

The ledger knows what fell into a bin from the returns that name it. When the bin is emptied, every
item of that list must be seen, explained, or is put on the worklist as missing.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from gateway.errors import RefusedError
from gateway.ledger.sqlite import SqliteLedger

Tick = Literal["seen", "explained", "missing"]
SHORT = 8
"""The fewest letters of an id that say which."""
_BIN = "json_extract(CAST(f.body AS TEXT), '$.fact.bin')"
_REASON = "json_extract(CAST(f.body AS TEXT), '$.fact.reason')"
_FELL = (
    f"(f.kind = 'return' OR f.kind = 'taken_aside' AND {_REASON} NOT IN ('jammed', 'taken_out')) "
    f"AND f.device = ? AND {_BIN} = ?"
)
_EMPTIED = "f.kind = 'bin_changed' AND json_extract(CAST(f.body AS TEXT), '$.fact.emptied')"


def emptyings(ledger: SqliteLedger, *, limit: int = 50, site: str = "") -> list[dict[str, Any]]:
    """Return the latest emptied bins, newest first, each with its items and how they were ticked.

    ``counted`` is what the machine counted, ``extra`` what was found and not on the list. Bins in
    which nothing lay are left out.
    """
    rows = ledger.store.all(
        f"SELECT f.*, {_BIN} AS bin, c.at AS closed, c.who AS closed_by FROM facts f "  # noqa: S608
        f"LEFT JOIN bin_closings c ON c.emptied = f.id WHERE {_EMPTIED} "
        "AND (?1 = '' OR f.site = ?1) ORDER BY f.arrival DESC LIMIT ?2",
        *(site, limit),
    )
    found = [_emptying(ledger, row) for row in rows]
    return [one for one in found if one["counted"] or one["items"] or one["extra"]]


def emptying(ledger: SqliteLedger, emptied: str) -> dict[str, Any]:
    """Return one emptied bin by the id of its fact, or how that begins; else raise RefusedError."""
    rows = ledger.store.all(
        f"SELECT f.*, {_BIN} AS bin, c.at AS closed, c.who AS closed_by FROM facts f "  # noqa: S608
        f"LEFT JOIN bin_closings c ON c.emptied = f.id WHERE {_EMPTIED} "
        "AND substr(f.id, 1, length(?1)) = ?1 LIMIT 2",
        emptied.rstrip("…"),
    )
    if len(rows) != 1 or len(emptied) < SHORT:
        raise RefusedError(f"no bin was emptied under {emptied!r} (or more than one)")
    return _emptying(ledger, rows[0])


def tick(
    ledger: SqliteLedger,
    emptied: str,
    items: Iterable[str],
    who: str,
    now: int,
    state: Tick = "seen",
    note: str = "",
) -> dict[str, Any]:
    """Say of items of an emptied bin that they were seen, are explained (with a note) or missing."""
    found = emptying(ledger, emptied)
    if found["closed"]:
        raise RefusedError("this bin was ticked off to the end already")
    if state == "explained" and not note.strip():
        raise RefusedError("an explanation needs a sentence")
    with ledger.store.transaction():
        ledger.store.many(
            "INSERT INTO bin_checks VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (emptied, item) DO "
            "UPDATE SET state = ?3, note = ?4, who = ?5, at = ?6",
            [(found["emptied"], item, state, note, who, now) for item in items],
        )
    return emptying(ledger, emptied)


def close(ledger: SqliteLedger, emptied: str, who: str, now: int) -> dict[str, Any]:
    """End the ticking: every item that was neither seen nor explained goes to the worklist."""
    found = emptying(ledger, emptied)
    if found["closed"]:
        return found
    emptied = found["emptied"]
    with ledger.store.transaction():
        for one in found["items"]:
            if one["item"] and one["state"] in ("", "missing"):
                ledger.worklist.open(
                    f"NOT_IN_BIN:{emptied}:{one['item']}",
                    "NOT_IN_BIN",
                    now,
                    where=(found["site"], found["device"]),
                    about={"item": one["item"], "fact": one["fact"]},
                    detail={"bin": found["bin"], "reason": "missing", "at": found["at"]},
                )
        ledger.store.run("INSERT INTO bin_closings VALUES (?, ?, ?)", emptied, who, now)
    return emptying(ledger, emptied)


def name_bin(ledger: SqliteLedger, item: str, name: str, who: str, now: int) -> None:
    """Have every drop put an item into this bin when it comes back; an empty name ends that."""
    if ledger.catalogue.item(item) is None:
        raise RefusedError(f"there is no item {item!r}")
    with ledger.store.transaction():
        ledger.store.run("DELETE FROM sort_bins WHERE item = ?", item)
        if name:
            ledger.store.run("INSERT INTO sort_bins VALUES (?, ?, ?, ?)", item, name, who, now)


def named_bins(ledger: SqliteLedger, items: Iterable[str]) -> dict[str, str]:
    """Return the bins that were named for these items."""
    rows = ledger.store.among("SELECT item, bin FROM sort_bins WHERE item IN ({})", list(items))
    return {row["item"]: row["bin"] for row in rows}


def _emptying(ledger: SqliteLedger, row: sqlite3.Row) -> dict[str, Any]:
    last = ledger.store.value(
        f"SELECT max(f.arrival) FROM facts f WHERE {_EMPTIED} AND f.device = ? AND {_BIN} = ? "  # noqa: S608
        "AND f.arrival < ?",
        *(row["device"], row["bin"], row["arrival"]),
    )
    items = _between(ledger, row["device"], row["bin"], last or 0, row["arrival"])
    checks = {
        one["item"]: one
        for one in ledger.store.all("SELECT * FROM bin_checks WHERE emptied = ?", row["id"])
    }
    for one in items:
        said = checks.pop(one["item"], None)
        one |= {"state": said["state"] if said else "", "note": said["note"] if said else ""}
        if not said and one["item"]:
            one |= _since(ledger, one, row)
    fact = msgspec.json.decode(row["body"])["fact"]
    return {
        "emptied": row["id"], "site": row["site"], "device": row["device"], "bin": row["bin"],
        "at": row["at"], "counted": fact.get("items", 0), "items": items,
        "extra": sorted(checks), "closed": row["closed"] or 0, "closed_by": row["closed_by"] or "",
    }  # fmt: skip


def _since(ledger: SqliteLedger, one: dict[str, Any], row: sqlite3.Row) -> dict[str, Any]:
    """Return what explains an item that fell into a bin before it was emptied, or hints at it.

    It fell into another bin since then: explained. It jammed, or was taken out again: ``hint``.
    """
    later = ledger.store.one(
        f"SELECT f.kind, f.device, {_BIN} AS bin, {_REASON} AS reason FROM facts f "  # noqa: S608
        "WHERE f.item = ?1 AND f.kind IN ('return', 'taken_aside') AND f.arrival < ?2 "
        "AND f.arrival > (SELECT arrival FROM facts WHERE id = ?3) ORDER BY f.arrival DESC LIMIT 1",
        *(one["item"], row["arrival"], one["fact"]),
    )
    if later is None:
        return {}
    if later["reason"] in ("jammed", "taken_out"):
        return {"hint": later["reason"]}
    if later["bin"] and (later["device"], later["bin"]) != (row["device"], row["bin"]):
        return {"state": "explained", "note": f"-> {later['device']}, {later['bin']}"}
    return {}


def _between(
    ledger: SqliteLedger, device: str, name: str, after: int, before: int
) -> list[dict[str, Any]]:
    """Return what fell into a bin between two arrivals; a thing without a number has no item."""
    rows = ledger.store.all(
        "SELECT f.id, f.kind, f.item, f.at, i.title FROM facts f "  # noqa: S608
        f"LEFT JOIN items i ON i.item = f.item WHERE {_FELL} AND f.arrival > ? AND f.arrival < ? "
        "ORDER BY f.arrival",
        *(device, name, after, before),
    )
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        item = row["item"] or ""
        if item in found and item:
            continue
        found[item or row["id"]] = {
            "item": item, "title": row["title"] or "", "at": row["at"], "fact": row["id"],
        }  # fmt: skip
    return list(found.values())
