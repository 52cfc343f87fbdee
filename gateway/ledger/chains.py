"""Reckons the chains of items again after new facts, and keeps loans, codes and worklist in step."""

import heapq
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edge.circulation.model import ItemView
from edge.wire.batch import decode_event
from gateway.assess import Assessed, assess
from gateway.chain import Chain, Kind, Link, Tenure, reckon
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store
from gateway.ledger.worklist import Worklist
from gateway.when import Moment

_CHAIN = (
    "SELECT id, kind, at, unc, device, epoch, seq, arrival, card, item, assessed, chained FROM "
    "facts WHERE item IN ({}) AND arrival <= ? "
    "AND +kind IN ('loan', 'return', 'renewal_wish') AND NOT voided"
)
_TENURE = "id, item, reader, since, due, renewals, ended, ended_by, cap, doubt"
_LOANS = f"SELECT over, {_TENURE} FROM loans WHERE item IN ({{}})"  # noqa: S608
_LEND = f"INSERT INTO loans ({_TENURE}, over) VALUES ({', '.join('?' * 11)})"  # noqa: S608
_LIMITS = (
    "SELECT id, reader, since, ended, cap, over FROM loans WHERE reader IN ({}) "
    "AND (since >= ? OR ended IS NULL OR ended > ?) ORDER BY reader, since, id"
)
NEVER = 1 << 62
"""Later than any time, and more than any number."""
_assessed = msgspec.json.Decoder(Assessed)


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a caller knows already: ``views`` of the items, and ``links`` (item, fact) that came.

    Facts with a higher arrival number than ``after`` are not read again.
    """

    views: Mapping[str, ItemView]
    links: Sequence[tuple[str, Link]] = ()
    after: int = NEVER


class Chains:
    """Makes loans out of facts; all inside the caller's transaction."""

    def __init__(self, store: Store, catalogue: Catalogue, worklist: Worklist) -> None:
        self._store = store
        self._catalogue = catalogue
        self._worklist = worklist

    def reckon(self, items: Collection[str], now: int, fresh: Fresh | None = None) -> set[str]:
        """Reckon these items again, then the limits of the readers that are touched.

        Return the facts whose codes changed; their entries of the worklist are in step.
        """
        if not items:
            return set()
        touched, differing = self._items(items, fresh or Fresh(self._catalogue.items(items)))
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
        old = _assessed.decode(row["assessed"])
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

    def _items(self, items: Collection[str], fresh: Fresh) -> tuple[set[str], set[Tenure]]:
        """Reckon items; return the facts whose codes changed, and the loans that came or went."""
        links: defaultdict[str, list[Link]] = defaultdict(list)
        before: dict[str, str] = {}
        for *known, item, assessed, chained in self._store.among(_CHAIN, items, fresh.after):
            link = link_of(_assessed.decode(assessed), *known)
            links[item].append(link)
            before[link.id] = chained
        for item, link in fresh.links:
            links[item].append(link)
            before[link.id] = "[]"
        policies = self._catalogue.policies()
        changed: list[tuple[str, str]] = []
        loans: dict[str, list[Tenure]] = {}
        for item in sorted(items):
            view = fresh.views.get(item)
            chain = Chain() if view is None else reckon(view, links[item], policies)
            loans[item] = chain.loans
            for link in links[item]:
                found = chain.codes.get(link.id)
                codes = dump(found) if found else "[]"
                if codes != before[link.id]:
                    changed.append((codes, link.id))
        self._store.many("UPDATE facts SET chained = ? WHERE id = ?", changed)
        return {fact for _, fact in changed}, self._keep(loans)

    def _keep(self, loans: Mapping[str, list[Tenure]]) -> set[Tenure]:
        """Make the loans of these items these; return those that came, went or ended otherwise."""
        marks: dict[str, int] = {}
        before: dict[str, Tenure] = {}
        for over, *row in self._store.among(_LOANS, loans):
            tenure = Tenure(*row)
            marks[tenure.id], before[tenure.id] = over, tenure
        after = {tenure.id: tenure for item in loans for tenure in loans[item]}
        differing = set(before.values()) ^ set(after.values())
        ended = [one for one in differing if one is after.get(one.id) and _only_ends(one, before)]
        kept = {one.id for one in ended}
        gone = [one for one in differing if one is before.get(one.id) and one.id not in kept]
        fresh = [one for one in differing if one is after.get(one.id) and one.id not in kept]
        ended.sort(key=lambda one: one.ended is None)  # an item has one open loan at any moment
        self._store.many("DELETE FROM loans WHERE id = ?", [(one.id,) for one in gone])
        self._store.many(
            "UPDATE loans SET due = ?, renewals = ?, ended = ?, ended_by = ?, doubt = ? WHERE id = ?",
            [(one.due, one.renewals, one.ended, one.ended_by, one.doubt, one.id) for one in ended],
        )
        fresh.sort(key=lambda one: one.id)
        rows = [(*msgspec.structs.astuple(one), marks.get(one.id, 0)) for one in fresh]
        self._store.many(_LEND, rows)
        self._catalogue.note_all("loans", sorted({one.item for one in differing}))
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
                over = int(0 < row["cap"] <= len(ends))
                if over != row["over"]:
                    changed.append((over, row["id"]))
            heapq.heappush(ends, NEVER if row["ended"] is None else row["ended"])
        self._store.many("UPDATE loans SET over = ? WHERE id = ?", changed)
        return {fact for _, fact in changed}


def _only_ends(tenure: Tenure, before: Mapping[str, Tenure]) -> bool:
    """Return whether a loan was there before, of the same reader, time and limit."""
    old = before.get(tenure.id)
    return old is not None and (old.reader, old.since, old.cap) == (
        tenure.reader, tenure.since, tenure.cap,
    )  # fmt: skip


def _earliest(differing: Collection[Tenure]) -> int:
    """Return from when on a reader may have had another number of loans than was thought.

    A loan that only ended otherwise changes nothing before the earlier of its two ends.
    """
    versions: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)
    for tenure in differing:
        end = NEVER if tenure.ended is None else tenure.ended
        versions[tenure.id, tenure.reader, tenure.since].append(end)
    return min(
        (min(ends) if len(ends) > 1 else since for (_, _, since), ends in versions.items()),
        default=NEVER,
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


def link_of(
    known: Assessed, ident: str, kind: Kind, at: int, unc: int, device: str, epoch: str,
    seq: int, arrival: int, card: str,
) -> Link:  # fmt: skip
    """Return a fact as the chain of its item has it."""
    return Link(
        id=ident,
        kind=kind,
        at=at,
        unc=unc,
        device=device,
        epoch=epoch,
        seq=seq,
        arrival=arrival,
        card=card,
        reader=known.reader,
        due=known.due,
        view=known.view,
        policy=known.policy,
        cap=known.limit if known.offline else 0,
        held=known.held,
        held_for=known.held_for,
    )
