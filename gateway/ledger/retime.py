"""A sure time tells when earlier facts of its stream were: they are placed anew (R4).

Facts of the same boot are as long ago as the monotonic clock says, and so are those of the boot of
the last sure fact before them as much later. Boots whose clock nobody confirmed lie between the two.
No fact comes to lie before an earlier one of its boot.
"""

import itertools
import sqlite3
from collections.abc import Iterator, Sequence

import msgspec

from edge.wire.batch import Stamp, decode_event
from gateway.assess import Assessed, assess
from gateway.chain import KINDS
from gateway.ledger.boxes import ways_of
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.chains import codes_of, dump
from gateway.ledger.store import Store
from gateway.when import (
    LATEST_MS,
    SURE_MS,
    Last,
    Moment,
    after,
    between,
    bounded,
    same_clock,
    since,
    within,
)

_TIMED = frozenset({"CLOCK_UNTRUSTED", "DUE_DATE_DIFFERS", "READER_BLOCKED", "TRANSIT_BROKEN"})
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
        unsure, known = self._unsure(seq, anchor)
        facts: set[str] = set()
        items: set[str] = set()
        boot, low = known.boot, known.at
        for row, stamp, moment in _places(unsure, known, anchor, self._floor):
            if stamp.boot != boot and known.at > anchor.at:
                low = 0  # the two contradict each other: each boot has an order of its own
            boot = stamp.boot
            moved = within(moment, low, anchor.at if boot == anchor.boot else LATEST_MS)
            low = moved.at
            if (moved.at, moved.unc) == (row["at"], row["unc"]):
                continue
            self._put(row, moved)
            facts.add(row["id"])
            if row["kind"] in KINDS:
                items.add(row["item"])
        return facts, items

    def _unsure(self, seq: int, anchor: Last) -> tuple[list[tuple[sqlite3.Row, Stamp]], Last]:
        """Return the facts just before one that are not sure, in order, and the one before them."""
        found: list[tuple[sqlite3.Row, Stamp]] = []
        for row in self._store.each(_BEFORE, *self._key, seq):
            stamp = decode_event(row["body"]).at
            ahead = stamp.boot == anchor.boot and row["at"] > anchor.at
            if row["unc"] <= SURE_MS and not ahead:
                return found[::-1], Last(row["at"], row["unc"], bounded(stamp.mono), stamp.boot)
            found.append((row, stamp))
        return found[::-1], Last(self._floor, 0, 0, "")

    def _put(self, row: sqlite3.Row, moment: Moment) -> None:
        codes = codes_of(row, "found")
        assessed = row["assessed"]
        if assessed is not None:
            known = msgspec.json.decode(assessed, type=Assessed)
            fact, policy = decode_event(row["body"]).fact, self._catalogue.policies()[known.policy]
            item = self._catalogue.item(row["item"])
            person = self._catalogue.person(row["site"], row["card"]) if row["card"] else None
            fees = known.view.fees if known.view else 0
            ways = ways_of(self._store, [row["item"]], row["site"]).get(row["item"], ())
            anew, now = assess(fact, moment, item, person, policy, known.policy, ways, fees)
            assessed = msgspec.json.encode(msgspec.structs.replace(known, due=anew.due))
            codes = [c for c in codes if c not in _TIMED] + [c for c in now if c in _TIMED]
        else:
            codes = [code for code in codes if code != "CLOCK_UNTRUSTED"]
            codes += [] if moment.trusted else ["CLOCK_UNTRUSTED"]
        self._store.run(
            "UPDATE facts SET at = ?, unc = ?, found = ?, assessed = ? WHERE id = ?",
            *(moment.at, moment.unc, dump(codes), assessed, row["id"]),
        )


def _places(
    rows: Sequence[tuple[sqlite3.Row, Stamp]], known: Last, anchor: Last, floor: int
) -> Iterator[tuple[sqlite3.Row, Stamp, Moment]]:
    """Yield where each fact belongs, given a sure one before and one after them all."""
    earlier = [pair for pair in rows if not same_clock(pair[1].boot, anchor.boot)]
    own = [pair for pair in rows if same_clock(pair[1].boot, anchor.boot)]
    placed = [(row, stamp, since(stamp.mono, anchor)) for row, stamp in own]
    high = placed[0][2].at if placed else anchor.at
    low = known.at - known.unc
    if known.at > anchor.at:  # the two contradict each other
        low = floor
    for boot, pairs in itertools.groupby(earlier, lambda pair: pair[1].boot):
        first: int | None = None
        for row, stamp in pairs:
            first = stamp.mono if first is None else first
            if same_clock(boot, known.boot):
                moment = within(after(stamp.mono, known), 0, max(high, known.at))
                low = max(low, min(high, moment.at - moment.unc))
                yield row, stamp, moment
            else:
                yield row, stamp, between(stamp, stamp.mono - first, low, high)
    yield from placed
