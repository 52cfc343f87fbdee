"""Reckons the chains of items again after new facts, and keeps loans, codes and worklist in step."""

import heapq
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping

import msgspec

from edge.circulation.model import ItemView, Policy
from edge.wire.batch import decode_event
from gateway.assess import Assessed, assess
from gateway.chain import Chain, Kind, Link, Tenure, reckon
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store
from gateway.ledger.worklist import Worklist
from gateway.when import Moment

_CHAIN = (
    "SELECT id, kind, at, unc, device, epoch, seq, arrival, item, card, assessed, chained FROM "
    "facts WHERE item IN ({}) AND +kind IN ('loan', 'return', 'renewal_wish') AND NOT voided"
)
_LIMITS = (
    "SELECT l.id, l.reader, l.since, l.ended, l.over, f.assessed FROM loans l "
    "JOIN facts f ON f.id = l.id WHERE l.reader IN ({}) "
    "AND (l.since >= ? OR l.ended IS NULL OR l.ended > ?) ORDER BY l.reader, l.since, l.id"
)
_NEVER = 1 << 62


class Chains:
    """Makes loans out of facts; all inside the caller's transaction."""

    def __init__(self, store: Store, catalogue: Catalogue, worklist: Worklist) -> None:
        self._store = store
        self._catalogue = catalogue
        self._worklist = worklist

    def reckon(self, items: Collection[str], now: int) -> set[str]:
        """Reckon these items again, then the limits of the readers that are touched.

        Return the facts whose codes changed; their entries of the worklist are in step.
        """
        if not items:
            return set()
        touched, differing = self._items(items, self._catalogue.policies())
        readers = sorted({tenure.reader for tenure in differing})
        touched |= self._over_limits(readers, _earliest(differing))
        self._catalogue.note_all("readers", readers)
        for fact in sorted(touched):
            self.show(fact, now)
        return touched

    def assess_again(self, row: sqlite3.Row) -> None:
        """Judge a fact again after the catalogue learned its item or card, or staff named one."""
        event = decode_event(row["body"])
        person = self._catalogue.find_person(row["assigned"]) if row["assigned"] else None
        if person is None and (card := getattr(event.fact, "card", "")):
            person = self._catalogue.person(row["site"], card)
        old = msgspec.json.decode(row["assessed"], type=Assessed)
        policy = self._catalogue.policies()[old.policy]
        item = self._catalogue.item(row["item"])
        moment = Moment(row["at"], row["unc"])
        known, codes = assess(event.fact, moment, item, person, policy, old.policy)
        kept = [c for c in codes_of(row, "found") if c in ("SEQ_CONFLICT",)]
        self._store.run(
            "UPDATE facts SET assessed = ?, reader = ?, found = ? WHERE id = ?",
            *(msgspec.json.encode(known), known.reader, dump(kept + codes), row["id"]),
        )

    def show(self, fact: str, now: int) -> None:
        """Bring the worklist in step with the codes of a fact."""
        row = self._store.one(
            "SELECT f.*, coalesce(l.over, 0) AS over FROM facts f LEFT JOIN loans l ON l.id = f.id "
            "WHERE f.id = ?",
            fact,
        )
        if row is None:
            return
        self._worklist.sync_fact(
            fact,
            [] if row["voided"] else outcome(row),
            now,
            where=(row["site"], row["device"]),
            about={"item": row["item"], "reader": row["reader"], "fact": fact},
            detail={"at": row["at"], "unc": row["unc"]},
        )

    def _items(
        self, items: Collection[str], policies: Mapping[int, Policy]
    ) -> tuple[set[str], set[Tenure]]:
        """Reckon items; return the facts whose codes changed, and the loans that came or went."""
        views = self._catalogue.items(items)
        rows: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
        for row in self._store.among(_CHAIN, items):
            rows[row["item"]].append(row)
        changed: list[tuple[str, str]] = []
        loans: dict[str, list[Tenure]] = {}
        for item in sorted(items):
            chain = _chain(views.get(item), rows[item], policies)
            loans[item] = chain.loans
            for row in rows[item]:
                found = chain.codes.get(row["id"])
                codes = dump(found) if found else "[]"
                if codes != row["chained"]:
                    changed.append((codes, row["id"]))
        self._store.many("UPDATE facts SET chained = ? WHERE id = ?", changed)
        return {fact for _, fact in changed}, self._keep(loans)

    def _keep(self, loans: Mapping[str, list[Tenure]]) -> set[Tenure]:
        """Make the loans of these items these; return those that came or went."""
        before: dict[Tenure, int] = {}
        for row in self._store.among("SELECT * FROM loans WHERE item IN ({})", loans):
            before[_tenure(row)] = row["over"]
        after = [tenure for item in loans for tenure in loans[item]]
        differing = before.keys() ^ set(after)
        changed = {tenure.item for tenure in differing}
        over = {tenure.id: mark for tenure, mark in before.items()}
        self._store.many("DELETE FROM loans WHERE item = ?", [(item,) for item in changed])
        self._store.many(
            "INSERT INTO loans (id, item, reader, since, due, renewals, ended, ended_by, over) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (t.id, t.item, t.reader, t.since, t.due, t.renewals, t.ended, t.ended_by,
                 over.get(t.id, 0))
                for t in after
                if t.item in changed
            ],
        )  # fmt: skip
        self._catalogue.note_all("loans", sorted(changed))
        return differing

    def _over_limits(self, readers: Collection[str], since: int) -> set[str]:
        """Mark the loans from a time on that went over their reader's limit when made alone.

        Return those whose mark changed.
        """
        changed: list[tuple[int, str]] = []
        reader, ends = "", list[int]()
        for row in self._store.among(_LIMITS, readers, since, since):
            if row["reader"] != reader:
                reader, ends = row["reader"], []
            while ends and ends[0] <= row["since"]:
                heapq.heappop(ends)
            if row["since"] >= since:
                known = msgspec.json.decode(row["assessed"], type=Assessed)
                over = int(known.offline and known.limit > 0 and len(ends) >= known.limit)
                if over != row["over"]:
                    changed.append((over, row["id"]))
            heapq.heappush(ends, _NEVER if row["ended"] is None else row["ended"])
        self._store.many("UPDATE loans SET over = ? WHERE id = ?", changed)
        return {fact for _, fact in changed}


def _chain(view: ItemView | None, rows: list[sqlite3.Row], policies: Mapping[int, Policy]) -> Chain:
    return Chain() if view is None else reckon(view, map(_link, rows), policies)


def _earliest(differing: Collection[Tenure]) -> int:
    """Return from when on a reader may have had another number of loans than was thought.

    A loan that only ended otherwise changes nothing before the earlier of its two ends.
    """
    versions: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)
    for tenure in differing:
        end = _NEVER if tenure.ended is None else tenure.ended
        versions[tenure.id, tenure.reader, tenure.since].append(end)
    return min(
        (min(ends) if len(ends) > 1 else since for (_, _, since), ends in versions.items()),
        default=_NEVER,
    )


def outcome(row: sqlite3.Row) -> list[str]:
    """Return all codes of a fact's row (joined with ``over`` of its loan), each once."""
    codes = [*codes_of(row, "found"), *codes_of(row, "chained")]
    if row["over"]:
        codes.append("READER_BLOCKED")
    return list(dict.fromkeys(codes))


def codes_of(row: sqlite3.Row, column: str) -> list[str]:
    """Return the codes of one column."""
    return msgspec.json.decode(row[column], type=list[str])


def dump(codes: list[str]) -> str:
    """Return codes as the database keeps them."""
    return msgspec.json.encode(codes).decode()


def _link(row: sqlite3.Row) -> Link:
    known = msgspec.json.decode(row["assessed"], type=Assessed)
    kind: Kind = row["kind"]
    return Link(
        id=row["id"],
        kind=kind,
        at=row["at"],
        unc=row["unc"],
        device=row["device"],
        epoch=row["epoch"],
        seq=row["seq"],
        arrival=row["arrival"],
        card=row["card"],
        reader=known.reader,
        due=known.due,
        view=known.view,
        policy=known.policy,
    )


def _tenure(row: sqlite3.Row) -> Tenure:
    return Tenure(
        row["id"], row["item"], row["reader"], row["since"], row["due"], row["renewals"],
        row["ended"], row["ended_by"],
    )  # fmt: skip
