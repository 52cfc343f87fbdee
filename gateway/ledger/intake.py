"""One batch on its way into the ledger: what is new is added, what repeats is dropped (R2, R4)."""

import sqlite3
from dataclasses import dataclass, field

import msgspec

from edge.wire.batch import Batch, Event, Unreadable, decode_event, encode_event
from edge.wire.facts import Loan, RenewalWish, Return
from gateway.assess import assess
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.chains import Chains, codes_of, dump, outcome
from gateway.ledger.effects import Effects
from gateway.ledger.marks import mark_at
from gateway.ledger.store import Store
from gateway.ledger.worklist import Worklist
from gateway.when import Last, bounded, place


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch: the cursor after it, and codes of its facts by sequence number.

    ``fresh`` facts were new, ``repeated`` ones were there; ``gap``: facts before it are missing.
    ``last``: the mark of the event at the cursor.
    """

    device: str
    epoch: str
    cursor: int
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    fresh: int = 0
    repeated: int = 0
    gap: bool = False
    last: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a ledger that work together on one database."""

    store: Store
    catalogue: Catalogue
    worklist: Worklist
    chains: Chains
    effects: Effects


class Intake:
    """One batch on its way in; inside a transaction."""

    def __init__(self, parts: Parts, site: str, batch: Batch, received: int) -> None:
        self._store, self._catalogue = parts.store, parts.catalogue
        self._worklist, self._chains, self._effects = parts.worklist, parts.chains, parts.effects
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
        self._seen: list[str] = []
        self._codes: dict[str, list[str]] = {}
        self._fresh = self._repeated = 0
        self._gap = self._is_astray()

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
        self._chains.reckon(self._items, self._received)
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
        )

    def _is_astray(self) -> bool:
        """Return whether the batch continues another history than the one that is here.

        Nothing of it is taken then: the device sees it by the cursor's mark, and begins an epoch.
        """
        before = self._batch.first - 1
        if not self._batch.prev or not 0 < before <= self._cursor:
            return False
        there = mark_at(self._store, *self._key, before)
        return there not in ("", self._batch.prev)

    def _add(self, event: Event, fork: int = 0) -> None:
        """Put a fact under its number that is not taken yet (or a fork of it, if it is)."""
        known = self._store.one("SELECT * FROM facts WHERE id = ?", event.id)
        if known is not None:
            self._known_id(event, known)
            return
        row, extra = self._insert(event, fork)
        self._fresh += 1
        self._seen.append(event.id)
        codes = [*extra, *codes_of(row, "found"), *self._effects.apply(event.fact, row)]
        if codes != codes_of(row, "found"):
            self._store.run("UPDATE facts SET found = ? WHERE id = ?", dump(codes), event.id)
        if row["assessed"] is not None:
            self._items.add(row["item"])
            self._chains.show(event.id, self._received)
        elif fork:
            self._conflict(event.seq)

    def _insert(self, event: Event, fork: int) -> tuple[sqlite3.Row, list[str]]:
        fact, last = event.fact, None if fork else self._last
        moment = place(event.at, self._received, last, self._floor)
        if not fork:
            self._last = Last(moment.at, moment.unc, bounded(event.at.mono), event.at.boot)
        item = getattr(fact, "item", None)
        card = getattr(fact, "card", "")
        person = self._catalogue.person(self._site, card) if card else None
        known, codes = None, [] if moment.trusted else ["CLOCK_UNTRUSTED"]
        if isinstance(fact, Loan | Return | RenewalWish):
            view = self._catalogue.item(fact.item)
            known, codes = assess(fact, moment, view, person, self._policy, self._number)
        self._store.run(
            "INSERT INTO facts (id, site, device, epoch, seq, fork, kind, item, card, reader, at, "
            "unc, received, body, assessed, found) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(event.id, self._site, *self._key, event.seq, fork, fact.__struct_config__.tag, item),
            *(card, person.reader if person else None, moment.at, moment.unc, self._received),
            *(encode_event(event), msgspec.json.encode(known) if known else None, dump(codes)),
        )
        row = self._store.row("SELECT * FROM facts WHERE id = ?", event.id)
        return row, ["SEQ_CONFLICT"] if fork else []

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
                self._seen.append(row["id"])
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
        for fact in self._seen:
            row = self._store.one(
                "SELECT f.*, coalesce(l.over, 0) AS over FROM facts f "
                "LEFT JOIN loans l ON l.id = f.id WHERE f.id = ?",
                fact,
            )
            if row is not None and (codes := outcome(row)):
                self._codes.setdefault(str(row["seq"]), codes)
        return self._codes


def _last(row: sqlite3.Row) -> Last | None:
    if not row["last_at"]:
        return None
    return Last(row["last_at"], row["last_unc"], row["last_mono"], row["last_boot"])
