"""A sure time tells when earlier facts of its stream were: they are placed anew (R4).

Facts of the same boot are as long ago as the monotonic clock says. Those of earlier boots, whose
clock nobody confirmed, lie between the last sure fact before them and the boot that is sure now.
"""

import itertools
import sqlite3
from collections.abc import Iterator, Sequence

import msgspec

from edge.wire.batch import Stamp, decode_event
from gateway.assess import Assessed, assess
from gateway.chain import KINDS
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.chains import codes_of, dump
from gateway.ledger.store import Store
from gateway.when import SURE_MS, Last, Moment, between, same_clock, since

_TIMED = frozenset({"CLOCK_UNTRUSTED", "DUE_DATE_DIFFERS", "READER_BLOCKED"})
"""Codes that hang on when a fact was."""
_BEFORE = (
    "SELECT id, site, item, card, kind, at, unc, body, found, assessed FROM facts "
    "WHERE device = ? AND epoch = ? AND fork = 0 AND seq < ? ORDER BY seq DESC"
)


class Retime:
    """Places facts of one stream anew; inside the intake's transaction."""

    def __init__(self, store: Store, catalogue: Catalogue, key: tuple[str, str], floor: int):
        self._store, self._catalogue, self._key, self._floor = store, catalogue, key, floor

    def before(self, seq: int, anchor: Last) -> tuple[set[str], set[str]]:
        """Correct what came before the sure fact ``seq``; return the facts and items that changed."""
        unsure, low = self._unsure(seq)
        facts: set[str] = set()
        items: set[str] = set()
        for row, moment in _places(unsure, low, anchor):
            if (moment.at, moment.unc) == (row["at"], row["unc"]) or moment.unc > row["unc"]:
                continue
            self._put(row, moment)
            facts.add(row["id"])
            if row["kind"] in KINDS:
                items.add(row["item"])
        return facts, items

    def _unsure(self, seq: int) -> tuple[list[tuple[sqlite3.Row, Stamp]], int]:
        """Return the facts just before one that are not sure, in order, and the time before them."""
        found: list[tuple[sqlite3.Row, Stamp]] = []
        for row in self._store.each(_BEFORE, *self._key, seq):
            if row["unc"] <= SURE_MS:
                return found[::-1], row["at"] - row["unc"]
            found.append((row, decode_event(row["body"]).at))
        return found[::-1], self._floor

    def _put(self, row: sqlite3.Row, moment: Moment) -> None:
        codes = codes_of(row, "found")
        assessed = row["assessed"]
        if assessed is not None:
            known = msgspec.json.decode(assessed, type=Assessed)
            fact, policy = decode_event(row["body"]).fact, self._catalogue.policies()[known.policy]
            item = self._catalogue.item(row["item"])
            person = self._catalogue.person(row["site"], row["card"]) if row["card"] else None
            anew, now = assess(fact, moment, item, person, policy, known.policy)
            assessed = msgspec.json.encode(msgspec.structs.replace(known, due=anew.due))
            codes = [c for c in codes if c not in _TIMED] + [c for c in now if c in _TIMED]
        elif moment.trusted:
            codes = [code for code in codes if code != "CLOCK_UNTRUSTED"]
        self._store.run(
            "UPDATE facts SET at = ?, unc = ?, found = ?, assessed = ? WHERE id = ?",
            *(moment.at, moment.unc, dump(codes), assessed, row["id"]),
        )


def _places(
    rows: Sequence[tuple[sqlite3.Row, Stamp]], low: int, anchor: Last
) -> Iterator[tuple[sqlite3.Row, Moment]]:
    """Yield where each fact belongs, given a sure one after them all."""
    earlier = [pair for pair in rows if not same_clock(pair[1].boot, anchor.boot)]
    own = [pair for pair in rows if same_clock(pair[1].boot, anchor.boot)]
    placed = [(row, since(stamp.mono, anchor)) for row, stamp in own]
    high = placed[0][1].at if placed else anchor.at
    for _, boot in itertools.groupby(earlier, lambda pair: pair[1].boot):
        first: int | None = None
        for row, stamp in boot:
            first = stamp.mono if first is None else first
            yield row, between(row["at"], stamp, stamp.mono - first, low, high)
    yield from placed
