"""What the sites' replicas are fed with: a snapshot in parts, then changes without gaps."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from edge.circulation.model import ItemView, LoanView, ReaderView
from edge.wire.messages import Part
from gateway.ledger.marks import newest_version
from gateway.ledger.sqlite import SqliteLedger
from gateway.scope import Scope

PART_BYTES = 128 * 1024
"""A part of a snapshot is not longer than this before it is packed."""
CHANGES_A_PART = 1000
FAR_BEHIND = 20_000
"""A replica in which more rows changed than this gets a snapshot, whatever it costs."""
KEEP_CHANGES = 200_000
"""Rows of the list of changes that are kept; older ones are let go."""
_MARKS = "tab IN ('start', 'floor')"
_SINCE = (
    "SELECT tab, key, max(version) AS version FROM changes WHERE version > ? "
    "AND tab NOT IN ('start', 'floor') GROUP BY tab, key"
)

Row = tuple[str, msgspec.Struct]


def newest(ledger: SqliteLedger) -> int:
    """Return the version of a replica that knows everything."""
    return newest_version(ledger.store)


def begin(ledger: SqliteLedger, now: int) -> int:
    """Begin to number versions from the time (ms), in every process anew; return the newest.

    A ledger that was put back from a backup never gives a number again that means something else
    to a replica out there: the mark says after which number this process went on.
    """
    before = newest(ledger)
    version = max(before + 1, now)
    ledger.store.run(
        "INSERT INTO changes (version, tab, key) VALUES (?, 'start', ?)", version, str(before)
    )
    return version


def follows(ledger: SqliteLedger, have: int) -> bool:
    """Return whether this ledger knows what changed since a version, and gave that version out."""
    if not 0 < have <= newest(ledger):
        return False
    query = (
        "SELECT 1 FROM changes WHERE tab = 'floor' AND CAST(key AS INTEGER) > ?1 UNION ALL "
        "SELECT 1 FROM changes WHERE tab = 'start' AND version > ?1 AND CAST(key AS INTEGER) < ?1"
    )
    return ledger.store.one(query, have) is None


def behind(ledger: SqliteLedger, have: int, most: int = FAR_BEHIND + 1) -> int:
    """Return how many rows changed since a version, as far as ``most``."""
    return int(ledger.store.value(f"SELECT count(*) FROM ({_SINCE} LIMIT ?)", have, most))  # noqa: S608


def missing(ledger: SqliteLedger, site: str, have: int, now: int) -> list[Part]:
    """Return what a replica at version ``have`` needs to be as the ledger is."""
    if not follows(ledger, have) or behind(ledger, have) > FAR_BEHIND:
        return snapshot(ledger, site, now)
    return changes(ledger, site, have, now) or [still(newest(ledger), now)]


def still(version: int, now: int) -> Part:
    """Return changes that say: nothing changed, this version is as good as new."""
    return Part(version=version, start=version, made=now)


def snapshot(ledger: SqliteLedger, site: str, now: int, *, everything: bool = False) -> list[Part]:
    """Return everything a site needs, in parts; the same ones until something changes."""
    with ledger.store.reading():
        version = newest(ledger)
        rows = list(_everything(Scope.of(ledger, site, everything=everything)))
        policy_table = _policy(ledger, site)
    parts = list(_pack(rows, PART_BYTES - len(msgspec.json.encode(policy_table))))
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


def changes(
    ledger: SqliteLedger, site: str, since: int, now: int, *, everything: bool = False
) -> list[Part]:
    """Return what changed after a version; each part begins where the one before ended.

    Every row travels once, as it is now, in the place of its last change.
    """
    parts = []
    with ledger.store.reading():
        scope = Scope.of(ledger, site, everything=everything)
        upto = newest(ledger)
        rows = ledger.store.all(f"{_SINCE} ORDER BY version", since)
        for first in range(0, len(rows), CHANGES_A_PART):
            some = rows[first : first + CHANGES_A_PART]
            version = some[-1]["version"] if len(rows) > first + CHANGES_A_PART else upto
            keys = [(row["tab"], row["key"]) for row in some]
            parts.append(_changed(scope, keys, since, version, now))
            since = version
    if not parts and since < upto:
        return [Part(version=upto, start=since, made=now)]
    return parts


def trim(ledger: SqliteLedger, keep: int = KEEP_CHANGES) -> int:
    """Let go of changes that a later one repeats, and of the oldest beyond ``keep``.

    Return how many went. A replica that is older than those gets a snapshot.
    """
    store = ledger.store
    with store.transaction():
        gone = store.run(
            "DELETE FROM changes WHERE version NOT IN "
            "(SELECT max(version) FROM changes GROUP BY tab, key)"
        )
        floor = store.value(
            f"SELECT version FROM changes WHERE NOT {_MARKS} ORDER BY version DESC LIMIT 1 OFFSET ?",  # noqa: S608
            keep,
        )
        if floor is not None:
            gone += store.run(
                f"DELETE FROM changes WHERE version <= ? AND NOT {_MARKS}",  # noqa: S608
                floor,
            )
            store.run("INSERT INTO changes (tab, key) VALUES ('floor', ?)", str(floor))
            store.run("DELETE FROM changes WHERE tab = 'floor' AND CAST(key AS INTEGER) < ?", floor)
    return gone


def _changed(scope: Scope, keys: list[tuple[str, str]], since: int, upto: int, now: int) -> Part:
    found: dict[str, dict[str, Any]] = {"items": {}, "loans": {}, "readers": {}}
    gone: list[str] = []
    for table, key in dict.fromkeys(one for pair in keys for one in _touched(scope, *pair)):
        views = {key: None} | {_key(view): view for view in _views(scope, table, key)}
        if table == "readers":
            views = dict.fromkeys(scope.cards(key)) | {k: v for k, v in views.items() if v}
        found[table] |= {k: view for k, view in views.items() if view is not None}
        gone += [f"{table}:{k}" for k, view in views.items() if view is None]
    gone += [f"readers:{ref}" for ref in _forgotten(scope, keys)]
    changed = any(table in ("policy", "classes", "trust") for table, _ in keys)
    return Part(
        version=upto, start=since, made=now, gone=gone,
        policy=_policy(scope.ledger, scope.site) if changed else None,
        items=[*found["items"].values()], readers=[*found["readers"].values()],
        loans=[*found["loans"].values()],
    )  # fmt: skip


def _forgotten(scope: Scope, keys: list[tuple[str, str]]) -> Iterator[str]:
    """Yield references that lead to nobody at the site any more."""
    for key in dict.fromkeys(key for table, key in keys if table == "refs"):
        site, _, ref = key.partition(" ")
        if site == scope.site and scope.ledger.catalogue.person(site, ref) is None:
            yield ref


def _policy(ledger: SqliteLedger, site: str) -> dict[str, Any]:
    """Return the policy in force with the classes of this site, and whose receipts are believed."""
    _, policy = ledger.catalogue.policy()
    whole = msgspec.structs.replace(
        policy,
        classes=ledger.classes.of_site(site),
        receipt_centres=ledger.proofs.centres(),
        receipts_stopped=ledger.proofs.stopped(),
    )
    table: dict[str, Any] = msgspec.to_builtins(whole)
    return table


def _touched(scope: Scope, table: str, key: str) -> Iterator[tuple[str, str]]:
    """Yield the rows that are other ones after a change: it may bring others along, or let them go."""
    if table == "items":
        yield from (("items", key), ("loans", key))  # a loan carries the title
        links = scope.links("item", key)
        yield from (("readers", one) for _, one in links if not scope.owns("readers", one))
    elif table == "loans":
        yield "loans", key
        if not scope.owns("items", key):
            yield "items", key
    elif table == "readers":
        yield "readers", key
        near = [item for item, _ in scope.links("reader", key)] + scope.kept_for(key)
        for item in near:
            if not scope.owns("items", item):
                yield from (("items", item), ("loans", item))


def _views(scope: Scope, table: str, key: str) -> Iterable[ItemView | ReaderView | LoanView]:
    if table == "items":
        return scope.items("items.item = ?", key)
    if table == "loans":
        return scope.loans("l.item = ?", key)
    return scope.readers("c.reader = ?", key)


def _key(view: ItemView | ReaderView | LoanView) -> str:
    return view.card if isinstance(view, ReaderView) else view.item


def _everything(scope: Scope) -> Iterator[Row]:
    for item in scope.items():
        yield "items", item
    for reader in scope.readers():
        yield "readers", reader
    for loan in scope.loans():
        yield "loans", loan


def _pack(rows: list[Row], most: int) -> Iterator[dict[str, Any]]:
    """Yield the rows in portions of so many bytes; at least one, maybe empty."""
    part: dict[str, Any] = {}
    size = 0
    for table, row in rows:
        length = len(msgspec.json.encode(row)) + 1
        if part and size + length > most - 1024:  # room for the head
            yield part
            part, size = {}, 0
        part.setdefault(table, []).append(row)
        size += length
    yield part
