"""Reckons the chains of items again after new facts, and keeps loans, codes and worklist in step."""

import heapq
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from edge.circulation.model import ItemView
from edge.wire.batch import decode_event
from gateway.assess import Assessed, assess
from gateway.chain import Chain, Tenure, reckon
from gateway.ledger.boxes import box_of, ways_of
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.fees import Fees
from gateway.ledger.store import Store
from gateway.ledger.strands import NEVER, Fresh, Strands
from gateway.ledger.worklist import Worklist
from gateway.when import Moment

_COLUMNS = "id, item, reader, since, due, renewals, ended, ended_by, cap, doubt"
_LEND = f"INSERT INTO loans ({_COLUMNS}, over) VALUES ({', '.join('?' * 11)})"  # noqa: S608
_NOT_ENDED = "reader IN ({}) AND coalesce(ended, 4611686018427387904) >= ?"
_CROWDED = (
    f"SELECT reader FROM loans WHERE {_NOT_ENDED} GROUP BY reader "  # noqa: S608
    "HAVING max(over) OR count(*) > min(nullif(cap, 0))"
)
_LIMITS = (
    f"SELECT id, reader, since, ended, cap, over FROM loans WHERE {_NOT_ENDED} "  # noqa: S608
    "ORDER BY reader, since, id"
)
_assessed = msgspec.json.Decoder(Assessed)


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
        views = fresh.views if fresh else self._catalogue.items(items)
        touched, differing = self._items(Strands(self._store, items, fresh), sorted(items), views)
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
        ways = ways_of(self._store, [row["item"]], row["site"]).get(row["item"], ())
        owed = Fees(self._store, self._catalogue).owed_at
        fees = owed(person.reader, moment.at - moment.unc) if person else 0
        known, codes = assess(event.fact, moment, item, person, policy, old.policy, ways, fees)
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
        codes = [] if row["voided"] else outcome(row)
        box = box_of(self._store, row["item"], row["at"]) if "TRANSIT_BROKEN" in codes else {}
        self._worklist.sync_fact(
            fact,
            codes,
            now,
            where=(row["site"], row["device"]),
            about={"item": row["item"], "reader": row["reader"], "fact": fact},
            detail={"at": row["at"], "unc": row["unc"], **box},
        )

    def _items(
        self, strands: Strands, items: Sequence[str], views: Mapping[str, ItemView]
    ) -> tuple[set[str], set[Tenure]]:
        """Reckon items; return the facts whose codes changed, and the loans that came or went."""
        policies = self._catalogue.policies()
        changed: list[tuple[str, str]] = []
        loans: list[Tenure] = []
        for item in items:
            view, strand = views.get(item), strands[item]
            chain = Chain() if view is None else reckon(view, strand.links, policies, strand.since)
            loans += chain.loans
            for link in strand.links:
                found = chain.codes.get(link.id)
                codes = dump(found) if found else "[]"
                if codes != strands.codes[link.id]:
                    changed.append((codes, link.id))
        self._store.many("UPDATE facts SET chained = ? WHERE id = ?", changed)
        differing = self._keep(strands.loans(), loans)
        strands.settle()
        return {fact for _, fact in changed}, differing

    def _keep(self, there: Iterable[tuple[int, Tenure]], loans: Iterable[Tenure]) -> set[Tenure]:
        """Make the loans that are there these; return those that came, went or ended otherwise."""
        marks: dict[str, int] = {}
        before: dict[str, Tenure] = {}
        for over, tenure in there:
            marks[tenure.id], before[tenure.id] = over, tenure
        after = {tenure.id: tenure for tenure in loans}
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
        crowded = [row["reader"] for row in self._store.among(_CROWDED, readers, since)]
        for row in self._store.among(_LIMITS, crowded, since):
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
