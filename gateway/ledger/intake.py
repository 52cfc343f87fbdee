"""One batch on its way into the ledger: what is new is added, what repeats is dropped (R2, R4)."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edge.wire.batch import Batch, Event, Unreadable, decode_event, encode_event
from edge.wire.facts import Loan, ReceiptWish, RenewalWish, Return
from gateway.assess import Assessed, Person, assess
from gateway.chain import Link
from gateway.codes import severity
from gateway.ledger.boxes import Boxes, ways_of
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.chains import Chains, dump, outcome
from gateway.ledger.effects import Effects
from gateway.ledger.fees import Fees
from gateway.ledger.holds import Holds
from gateway.ledger.mails import Mails
from gateway.ledger.marks import mark_at, newest_version
from gateway.ledger.retime import Retime
from gateway.ledger.store import Store
from gateway.ledger.strands import NEVER, Fresh, link_of
from gateway.ledger.worklist import Worklist
from gateway.when import SURE_MS, Last, Moment, bounded, is_sure, place

_COLUMNS = (
    "id", "site", "device", "epoch", "seq", "fork", "kind", "item", "card", "reader", "at", "unc",
    "received", "body", "assessed", "found",
)  # fmt: skip
_INSERT = f"INSERT INTO facts ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_ASSESSED = (Loan, Return, RenewalWish)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch: the cursor after it, and codes of its facts by sequence number.

    ``fresh`` facts were new, ``repeated`` ones were there; ``gap``: facts before it are missing.
    ``last``: the mark of the event at the cursor; ``version``: of a replica that shows it all.
    """

    device: str
    epoch: str
    cursor: int
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    fresh: int = 0
    repeated: int = 0
    gap: bool = False
    last: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a ledger that work together on one database."""

    store: Store
    catalogue: Catalogue
    worklist: Worklist
    chains: Chains
    effects: Effects
    holds: Holds
    mails: Mails
    boxes: Boxes


class Intake:
    """One batch on its way in; inside a transaction.

    What the batch speaks of is read beforehand, and its new facts are written together, since a
    statement for each fact is what costs time. Whatever is not plain news writes them first.
    """

    def __init__(self, parts: Parts, site: str, batch: Batch, received: int) -> None:
        self._store, self._catalogue = parts.store, parts.catalogue
        self._worklist, self._chains, self._effects = parts.worklist, parts.chains, parts.effects
        self._holds, self._mails, self._boxes = parts.holds, parts.mails, parts.boxes
        self._mails_wanted: list[tuple[str, str | None, str, str]] = []
        self._site, self._batch, self._received = site, batch, received
        self._key = (batch.device, batch.epoch)
        self._store.run("INSERT OR IGNORE INTO streams (device, epoch) VALUES (?, ?)", *self._key)
        row = self._store.row("SELECT * FROM streams WHERE device = ? AND epoch = ?", *self._key)
        self._cursor: int = row["cursor"]
        self._last = _last(row)
        self._floor: int = (
            self._store.value("SELECT enrolled FROM devices WHERE device = ?", batch.device) or 0
        )
        self._number, self._policy = self._catalogue.policy()
        self._items: set[str] = set()
        self._rows: list[tuple[Any, ...]] = []
        self._ids: set[str] = set()
        self._links: list[tuple[str, Link]] = []
        self._before: int = self._store.value("SELECT max(arrival) FROM facts") or 0
        self._told: set[str] = set()
        self._codes: dict[str, list[str]] = {}
        self._fresh = self._repeated = 0
        self._anchors: list[tuple[int, Last]] = []
        self._gap = self._is_astray()
        self._look_ahead()

    def take(self, event: Event | Unreadable) -> bool:
        """Take one event in; False when those before it are missing, and nothing was done."""
        if self._gap or event.seq > self._cursor + 1:
            self._gap = True
            return False
        if event.seq <= self._cursor:
            self._repeat(event)
            return True
        self._cursor = event.seq
        if isinstance(event, Unreadable):
            self._reject(event.seq, event.raw, event.why)
        else:
            self._add(event)
        return True

    def finish(self) -> Applied:
        """Reckon what was touched, move the cursor, return what became of it all."""
        self._write()
        corrected = self._correct_times()
        fresh = None
        if self._items <= self._looked_up and not self._anchors:
            fresh = Fresh(self._views, self._links, self._before)
        changed = self._chains.reckon(self._items, self._received, fresh)
        self._told |= changed & (self._ids | self._told)
        for fact in sorted(corrected - changed):
            self._chains.show(fact, self._received)
        self._holds.follow(self._items, self._received)
        self._boxes.follow(self._items, self._received)
        for wish in self._mails_wanted:
            self._mails.want(*wish, self._received)
        last = self._last or Last(0, 0, 0, "")
        self._store.run(
            "UPDATE streams SET cursor = ?, last_at = ?, last_unc = ?, last_mono = ?, "
            "last_boot = ?, touched = ? WHERE device = ? AND epoch = ?",
            *(self._cursor, last.at, last.unc, last.mono, last.boot, self._received, *self._key),
        )
        return Applied(
            *self._key,
            self._cursor,
            self._outcomes(),
            self._fresh,
            self._repeated,
            self._gap,
            mark_at(self._store, *self._key, self._cursor),
            newest_version(self._store),
        )

    def _correct_times(self) -> set[str]:
        """Place anew what came before a time that is sure; return the facts that moved."""
        moved: set[str] = set()
        for seq, anchor in self._anchors:
            retime = Retime(self._store, self._catalogue, self._key, self._floor)
            facts, items = retime.before(seq, anchor)
            moved |= facts
            self._items |= items
        return moved

    def _is_astray(self) -> bool:
        """Return whether the batch continues another history than the one that is here.

        Nothing of it is taken then: the device sees it by the cursor's mark, and begins an epoch.
        """
        before = self._batch.first - 1
        if not self._batch.prev or not 0 < before <= self._cursor:
            return False
        there = mark_at(self._store, *self._key, before)
        return there not in ("", self._batch.prev)

    def _look_ahead(self) -> None:
        """Read what the ledger has on the new events: their ids, items, and cards."""
        fresh = [e for e in self._batch.events if isinstance(e, Event) and e.seq > self._cursor]
        if self._gap or not fresh or fresh[0].seq != self._cursor + 1:
            fresh = []
        ids = {event.id for event in fresh}
        known = self._store.among("SELECT id FROM facts WHERE id IN ({})", ids)
        self._known = {row["id"] for row in known}
        self._looked_up = {e.fact.item for e in fresh if isinstance(e.fact, _ASSESSED)}
        self._views = self._catalogue.items(self._looked_up)
        self._ways = ways_of(self._store, self._looked_up, self._site)
        self._effects.look_ahead(self._site, [event.fact for event in fresh])
        cards = {card for e in fresh if (card := getattr(e.fact, "card", ""))}
        self._people = self._catalogue.people(self._site, cards)

    def _write(self) -> None:
        """Write the new facts down, before anything looks for them in the database."""
        self._store.many(_INSERT, self._rows)
        self._rows = []

    def _add(self, event: Event, fork: int = 0) -> None:
        """Put a fact under its number that is not taken yet (or a fork of it, if it is)."""
        if fork or event.id in self._ids or event.id in self._known:
            self._write()
            known = self._store.one("SELECT * FROM facts WHERE id = ?", event.id)
            if known is not None:
                self._known_id(event, known)
                return
        row, codes = self._stage(event, fork)
        self._fresh += 1
        self._ids.add(event.id)
        if codes:
            self._told.add(event.id)
        if row["assessed"] is not None:
            self._items.add(row["item"])
            if any(severity(code) != "info" for code in codes):
                self._write()
                self._chains.show(event.id, self._received)
        elif fork:
            self._conflict(event.seq)

    def _stage(self, event: Event, fork: int) -> tuple[Mapping[str, Any], list[str]]:
        """Judge a fact and let it have its effect; return its row, to be written, and its codes."""
        fact, last = event.fact, None if fork else self._last
        moment = place(event.at, self._received, last, self._floor)
        if not fork:
            self._last = Last(moment.at, moment.unc, bounded(event.at.mono), event.at.boot)
            if last is not None and last.unc > SURE_MS and is_sure(event.at, moment):
                self._anchors.append((event.seq, self._last))
        card = getattr(fact, "card", "")
        person = self._person(card, fork) if card else None
        known: Assessed | None = None
        codes = [] if moment.trusted else ["CLOCK_UNTRUSTED"]
        if isinstance(fact, _ASSESSED):
            view = self._catalogue.item(fact.item) if fork else self._views.get(fact.item)
            ways = ways_of(self._store, [fact.item], self._site) if fork else self._ways
            judge = (fact, moment, view, person, self._policy, self._number)
            known, codes = assess(*judge, ways.get(fact.item, ()), self._owed(person, moment))
        device, epoch = self._key
        row: dict[str, Any] = {
            "id": event.id, "site": self._site, "device": device, "epoch": epoch,
            "seq": event.seq, "fork": fork, "kind": fact.__struct_config__.tag,
            "item": getattr(fact, "item", None), "card": card,
            "reader": person.reader if person else None, "at": moment.at, "unc": moment.unc,
            "received": self._received, "body": encode_event(event),
            "assessed": _encode(known) if known else None, "found": "[]",
        }  # fmt: skip
        codes = [*(("SEQ_CONFLICT",) if fork else ()), *codes, *self._effects.apply(fact, row)]
        if isinstance(fact, ReceiptWish) and not fork:
            reader = person.reader if person else None
            self._mails_wanted.append((event.id, reader, self._batch.device, fact.session))
        if codes:
            row["found"] = dump(codes)
        self._rows.append((*row.values(),))
        if known is not None:
            arrival = NEVER + len(self._links)  # in order, and later than all that are there
            link = link_of(known, event.id, row["kind"], moment.at, moment.unc, device, epoch,
                           event.seq, arrival, card)  # fmt: skip
            self._links.append((row["item"], link))
        return row, codes

    def _owed(self, person: Person | None, moment: Moment) -> int:
        """Return what a reader surely owed by then; nothing where the policy has no limit."""
        if person is None or not self._policy.fee_limit:
            return 0
        fees = Fees(self._store, self._catalogue)
        return fees.owed_at(person.reader, moment.at - moment.unc)

    def _person(self, card: str, fork: int) -> Person | None:
        return self._catalogue.person(self._site, card) if fork else self._people.get(card)

    def _repeat(self, event: Event | Unreadable) -> None:
        """Drop what is there already; keep, and show to staff, what only has the same number."""
        rows = self._store.all(
            "SELECT * FROM facts WHERE device = ? AND epoch = ? AND seq = ? ORDER BY fork",
            *(*self._key, event.seq),
        )
        raw = event.raw if isinstance(event, Unreadable) else encode_event(event)
        for row in rows:
            if row["body"] == raw:
                self._repeated += 1
                self._told.add(row["id"])
                return
        if self._store.one(
            "SELECT 1 FROM rejected WHERE device = ? AND epoch = ? AND seq = ? AND raw = ?",
            *(*self._key, event.seq, raw),
        ):
            self._repeated += 1
            return
        if isinstance(event, Unreadable):
            self._conflict(event.seq)
            self._reject(event.seq, event.raw, event.why)
        else:
            self._add(event, fork=len(rows) or 1)

    def _known_id(self, event: Event, known: sqlite3.Row) -> None:
        """The id is in the ledger under another number, or says something else now."""
        there = decode_event(known["body"])
        if there.fact == event.fact and there.at == event.at and known["device"] == self._key[0]:
            self._keep(event.seq, encode_event(event), "repeats a fact under a new number", event)
            self._codes[str(event.seq)] = ["REPEATED"]
            self._repeated += 1
            return
        self._conflict(event.seq)
        self._keep(event.seq, encode_event(event), "its id belongs to another fact", event)
        self._codes[str(event.seq)] = ["SEQ_CONFLICT"]

    def _reject(self, seq: int, raw: bytes, why: str) -> None:
        self._keep(seq, raw, why, None)
        self._codes[str(seq)] = ["REJECTED"]
        self._entry("REJECTED", {"seq": seq, "why": why})

    def _conflict(self, seq: int) -> None:
        self._entry("SEQ_CONFLICT", {"seq": seq})

    def _keep(self, seq: int, raw: bytes, why: str, event: Event | None) -> None:
        self._store.run(
            "INSERT OR IGNORE INTO rejected (device, epoch, seq, why, id, raw, received) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(*self._key, seq, why, event.id if event else "", raw, self._received),
        )

    def _entry(self, code: str, detail: dict[str, str | int]) -> None:
        self._worklist.open(
            ":".join((code, *self._key)),
            code,
            self._received,
            where=(self._site, self._batch.device),
            detail={**detail, "epoch": self._batch.epoch},
        )

    def _outcomes(self) -> dict[str, list[str]]:
        rows = self._store.among(
            "SELECT f.seq, f.found, f.chained, coalesce(l.over, 0) AS over FROM facts f "
            "LEFT JOIN loans l ON l.id = f.id WHERE f.id IN ({}) ORDER BY f.arrival",
            self._told,
        )
        for row in rows:
            if codes := outcome(row):
                self._codes.setdefault(str(row["seq"]), codes)
        return self._codes


def _last(row: sqlite3.Row) -> Last | None:
    if not row["last_at"]:
        return None
    return Last(row["last_at"], row["last_unc"], row["last_mono"], row["last_boot"])
