"""Reckons the chains of items again after new facts, and keeps loans, codes and worklist in step."""

import heapq
import sqlite3
from collections.abc import Collection, Mapping

import msgspec

from edge.circulation.model import Policy
from edge.wire.batch import decode_event
from gateway.assess import Assessed, assess
from gateway.chain import Chain, Kind, Link, Tenure, reckon
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store
from gateway.ledger.worklist import Worklist
from gateway.when import Moment

_CHAIN = (
    "SELECT * FROM facts WHERE item = ? AND kind IN ('loan', 'return', 'renewal_wish') "
    "AND NOT voided ORDER BY at"
)


class Chains:
    """Makes loans out of facts; all inside the caller's transaction."""

    def __init__(self, store: Store, catalogue: Catalogue, worklist: Worklist) -> None:
        self._store = store
        self._catalogue = catalogue
        self._worklist = worklist

    def reckon(self, items: Collection[str], now: int) -> None:
        """Reckon these items again, then the limits of the readers that are touched."""
        readers: set[str] = set()
        touched: set[str] = set()
        policies = self._catalogue.policies() if items else {}
        for item in sorted(set(items)):
            facts, more = self._item(item, policies)
            touched |= facts
            readers |= more
        for reader in sorted(readers):
            touched |= self._over_limit(reader)
            self._catalogue.note("readers", reader)
        for fact in sorted(touched):
            self.show(fact, now)

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

    def _item(self, item: str, policies: Mapping[int, Policy]) -> tuple[set[str], set[str]]:
        """Reckon one item; return the facts whose codes and the readers whose loans changed."""
        view = self._catalogue.item(item)
        rows = self._store.all(_CHAIN, item)
        chain = Chain()
        if view is not None:
            chain = reckon(view, map(_link, rows), policies)
        changed = set()
        for row in rows:
            codes = dump(chain.codes.get(row["id"], []))
            if codes != row["chained"]:
                self._store.run("UPDATE facts SET chained = ? WHERE id = ?", codes, row["id"])
                changed.add(row["id"])
        return changed, self._keep(item, chain.loans)

    def _keep(self, item: str, loans: list[Tenure]) -> set[str]:
        """Make the loans of an item these; return the readers for whom something changed."""
        rows = self._store.all("SELECT * FROM loans WHERE item = ?", item)
        before = {_tenure(row) for row in rows}
        differing = before ^ set(loans)
        if not differing:
            return set()
        self._store.run("DELETE FROM loans WHERE item = ?", item)
        self._store.many(
            "INSERT INTO loans (id, item, reader, since, due, renewals, ended, ended_by) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (t.id, t.item, t.reader, t.since, t.due, t.renewals, t.ended, t.ended_by)
                for t in loans
            ],
        )
        self._catalogue.note("loans", item)
        return {tenure.reader for tenure in before | set(loans)}

    def _over_limit(self, reader: str) -> set[str]:
        """Mark the loans that went over the reader's limit when made alone; return the changed."""
        rows = self._store.all(
            "SELECT l.*, f.assessed FROM loans l JOIN facts f ON f.id = l.id WHERE l.reader = ? "
            "ORDER BY l.since, l.id",
            reader,
        )
        ends: list[int] = []
        changed = set()
        for row in rows:
            known = msgspec.json.decode(row["assessed"], type=Assessed)
            while ends and ends[0] <= row["since"]:
                heapq.heappop(ends)
            over = int(known.offline and known.limit > 0 and len(ends) >= known.limit)
            heapq.heappush(ends, 1 << 62 if row["ended"] is None else row["ended"])
            if over != row["over"]:
                self._store.run("UPDATE loans SET over = ? WHERE id = ?", over, row["id"])
                changed.add(row["id"])
        return changed


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
