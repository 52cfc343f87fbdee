"""What the sites' replicas are fed with: a snapshot in parts, then changes without gaps."""

from collections.abc import Iterator
from typing import Any

import msgspec

from edge.circulation.model import ReaderView
from edge.wire.messages import Part
from gateway.ledger.catalogue import ITEMS
from gateway.ledger.marks import newest_version
from gateway.ledger.sqlite import SqliteLedger

PART_BYTES = 256 * 1024
"""A part of a snapshot is not longer than this."""
CHANGES_A_PART = 200
FAR_BEHIND = 2000
"""A replica that misses more changes than this gets a snapshot."""

Row = tuple[str, msgspec.Struct]


def newest(ledger: SqliteLedger) -> int:
    """Return the version of a replica that knows everything."""
    return newest_version(ledger.store)


def begin(ledger: SqliteLedger, now: int) -> int:
    """Begin to number versions from the time (ms), in every process anew; return the newest.

    A ledger that was put back from a backup never gives a number again that means something else
    to a replica out there.
    """
    version = max(newest(ledger) + 1, now)
    ledger.store.run("INSERT INTO changes (version, tab, key) VALUES (?, 'start', '')", version)
    return version


def missing(ledger: SqliteLedger, site: str, have: int, now: int) -> list[Part]:
    """Return what a replica at version ``have`` needs to be as the ledger is."""
    now_at, store = newest(ledger), ledger.store
    if store.one("SELECT 1 FROM changes WHERE version = ?", have) is None:
        return snapshot(ledger, site, now)  # none, or one of a ledger that was put back meanwhile
    behind = "SELECT count(*) FROM (SELECT 1 FROM changes WHERE version > ? LIMIT ?)"
    if store.value(behind, have, FAR_BEHIND + 1) > FAR_BEHIND:
        return snapshot(ledger, site, now)
    return changes(ledger, site, have, now) or [still(now_at, now)]


def still(version: int, now: int) -> Part:
    """Return changes that say: nothing changed, this version is as good as new."""
    return Part(version=version, start=version, made=now)


def snapshot(ledger: SqliteLedger, site: str, now: int) -> list[Part]:
    """Return everything a site may know, in parts."""
    with ledger.store.reading():
        version = newest(ledger)
        rows = list(_everything(ledger, site))
        _, policy = ledger.catalogue.policy()
    parts = list(_pack(rows))
    policy_table = msgspec.to_builtins(policy)
    return [
        Part(
            version=version,
            number=n,
            count=len(parts),
            made=now,
            **part,
            policy=policy_table if n == 0 else None,
        )
        for n, part in enumerate(parts)
    ]


def changes(ledger: SqliteLedger, site: str, since: int, now: int) -> list[Part]:
    """Return what changed after a version; each part begins where the one before ended."""
    parts = []
    with ledger.store.reading():
        while rows := ledger.store.all(
            "SELECT * FROM changes WHERE version > ? ORDER BY version LIMIT ?",
            since,
            CHANGES_A_PART,
        ):
            keys = list(dict.fromkeys((row["tab"], row["key"]) for row in rows))
            upto = rows[-1]["version"]
            parts.append(_changed(ledger, site, keys, since, upto, now))
            since = upto
    return parts


def _changed(
    ledger: SqliteLedger, site: str, keys: list[tuple[str, str]], since: int, upto: int, now: int
) -> Part:
    items, readers, loans, gone = [], [], [], []
    policy = None
    for table, key in keys:
        if table == "items":
            view = ledger.catalogue.item(key, site)
            items.append(view) if view else gone.append(f"items:{key}")
            if (loan := ledger.catalogue.loan(site, key)) and ("loans", key) not in keys:
                loans.append(loan)  # it carries the title
        elif table == "loans":
            loan = ledger.catalogue.loan(site, key)
            loans.append(loan) if loan else gone.append(f"loans:{key}")
        elif table == "readers":
            readers += _readers(ledger, site, "c.reader = ?", key)
        elif table == "policy":
            policy = msgspec.to_builtins(ledger.catalogue.policy()[1])
    return Part(
        version=upto, start=since, items=items, readers=readers, loans=loans, gone=gone,
        policy=policy, made=now,
    )  # fmt: skip


def _everything(ledger: SqliteLedger, site: str) -> Iterator[Row]:
    for row in ledger.store.all(f"{ITEMS} ORDER BY item"):
        yield "items", ledger.catalogue.item_view(row, site)
    for reader in _readers(ledger, site, "1"):
        yield "readers", reader
    for loan in ledger.catalogue.loans(site):
        yield "loans", loan


def _readers(ledger: SqliteLedger, site: str, where: str, *values: str) -> list[ReaderView]:
    rows = ledger.store.all(
        "SELECT c.ref, c.person, r.*, (SELECT count(*) FROM loans l WHERE l.reader = r.reader "  # noqa: S608
        "AND l.ended IS NULL) AS open FROM card_refs c JOIN readers r USING (reader) "
        f"WHERE {where} AND c.site = ? ORDER BY c.ref",
        *values,
        site,
    )
    return [
        ReaderView(
            card=row["ref"],
            reader=row["person"],
            group=row["grp"],
            expires=row["expires"],
            blocked=bool(row["blocked"]),
            loans=row["open"],
        )
        for row in rows
    ]


def _pack(rows: list[Row]) -> Iterator[dict[str, Any]]:
    """Yield the rows in portions below the size of a part; at least one, maybe empty."""
    part: dict[str, Any] = {}
    size = 0
    for table, row in rows:
        length = len(msgspec.json.encode(row)) + 1
        if part and size + length > PART_BYTES - 8192:  # room for head and policy
            yield part
            part, size = {}, 0
        part.setdefault(table, []).append(row)
        size += length
    yield part
