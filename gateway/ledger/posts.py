"""What the library system is told, in the ledger: every fact once, each item in its own order (R13).

The fact is the cause. A row is made when the ledger has the fact, and its state is committed before
a byte leaves and after the answer came: what a crash leaves in between is looked up, never repeated
blindly (R14).
"""

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

from edge.wire.batch import decode_event
from edge.wire.facts import Loan, RenewalWish, Return
from gateway.ledger.chains import codes_of
from gateway.ledger.sqlite import SqliteLedger

Kind = Literal["loan", "return", "renewal_wish"]
End = Literal["done", "past", "refused", "unsure"]
TRIES = 6
FIRST_AGAIN_MS, LONGEST_AGAIN_MS = 10_000, 3_600_000
LATE_MS = 60_000
"""What came in later than this had happened while nobody could be asked."""
EARLY_MS = 15 * 60_000
"""A check-in that a drop's question caused belongs to a return within this time."""
TAKEN, NOT_OUT = 1, 2
"""What the library system said to a check-in before its fact."""
STALE_MS = 30 * 60_000
_KINDS = frozenset({"loan", "return", "renewal_wish"})
_NOTHING = frozenset(
    {"DUPLICATE_SCAN", "RETURN_BEFORE_LOAN", "UNKNOWN_ITEM", "FOREIGN_ITEM", "SEQ_CONFLICT"}
)


@dataclass(frozen=True, slots=True)
class Post:
    """One thing to tell. ``reader``: our number, ``card``: a card's number; empty for a return.

    ``branch``: where it happened. ``late``: it had happened before the library system could be asked.
    ``begun``: it was sent before, and no answer came; ``first`` is when that was.
    """

    fact: str
    kind: Kind
    item: str
    at: int
    reader: str
    card: str
    due: int
    site: str
    device: str
    branch: str
    bin: str
    late: bool
    begun: bool
    first: int


def begin(ledger: SqliteLedger) -> None:
    """Begin with what comes from now on, the first time."""
    ledger.store.run(
        "INSERT OR IGNORE INTO ils_cursor SELECT 1, coalesce(max(arrival), 0) FROM facts"
    )


def gather(ledger: SqliteLedger) -> int:
    """Make rows of the facts that are new; return how many."""
    with ledger.store.transaction():
        since = ledger.store.value("SELECT arrival FROM ils_cursor") or 0
        rows = ledger.store.all(
            "SELECT id, kind, item, at, arrival, fork FROM facts WHERE arrival > ? "
            "ORDER BY arrival LIMIT 500",
            since,
        )
        if not rows:
            return 0
        ours = [r for r in rows if r["kind"] in _KINDS and not r["fork"]]
        ledger.store.many(
            "INSERT OR IGNORE INTO ils_posts (fact, item, at, arrival) VALUES (?, ?, ?, ?)",
            [(r["id"], r["item"], r["at"], r["arrival"]) for r in ours],
        )
        ledger.store.run("UPDATE ils_cursor SET arrival = ?", rows[-1]["arrival"])
    return len(rows)


def next_post(ledger: SqliteLedger, now: int) -> Post | None:
    """Return what is told next; an item whose turn waits holds up no other item.

    What is nothing to tell, or too late to tell, is settled on the way.
    """
    while True:
        row: Any = ledger.store.one(
            "SELECT p.*, f.kind, f.site, f.device, f.card, f.received, f.body, f.voided, f.found, "
            "f.chained, coalesce(nullif(s.branch, ''), f.site) AS branch "
            "FROM ils_posts p JOIN facts f ON f.id = p.fact LEFT JOIN sites s USING (site) "
            "WHERE p.state IN ('waiting', 'sending') AND p.next <= ? AND NOT EXISTS (SELECT 1 FROM "
            "ils_posts e WHERE e.item = p.item AND e.state IN ('waiting', 'sending') "
            "AND (e.at, e.arrival) < (p.at, p.arrival)) ORDER BY p.at, p.arrival LIMIT 1",
            now,
        )
        if row is None:
            return None
        post = _post(ledger, row)
        if post is not None:
            return post
        end(ledger, row["fact"], "past", now)


def sending(ledger: SqliteLedger, fact: str, now: int) -> None:
    """Note that a line is begun; on the disk before the first byte leaves."""
    ledger.store.run(
        "UPDATE ils_posts SET state = 'sending', "
        "first = CASE WHEN first = 0 THEN ?2 ELSE first END WHERE fact = ?1",
        *(fact, now),
    )


def unsent(ledger: SqliteLedger, post: Post, now: int) -> None:
    """Note that the line was down and not a byte left."""
    ledger.store.run(
        "UPDATE ils_posts SET next = ? WHERE fact = ?", now + FIRST_AGAIN_MS, post.fact
    )
    if not post.begun:
        ledger.store.run(
            "UPDATE ils_posts SET state = 'waiting', first = 0 WHERE fact = ?", post.fact
        )


def unanswered(ledger: SqliteLedger, post: Post, now: int, *, blamed: bool) -> bool:
    """Note that no answer came; False when it was tried often enough and a person must look.

    ``blamed``: others were answered meanwhile, so that it is this one, not the line.
    """
    tries = ledger.store.value("SELECT tries FROM ils_posts WHERE fact = ?", post.fact) + blamed
    pause = min(LONGEST_AGAIN_MS, FIRST_AGAIN_MS << tries)
    ledger.store.run(
        "UPDATE ils_posts SET tries = ?, next = ? WHERE fact = ?", tries, now + pause, post.fact
    )
    return bool(tries < TRIES)


def end(
    ledger: SqliteLedger, fact: str, state: End, now: int, why: str = "", reason: str = ""
) -> None:
    """Settle a row; what was refused or is unsure goes to the worklist.

    ``why``: the library system's own words; ``reason``: a word of ours, as in the texts ``ils.…``.
    """
    with ledger.store.transaction():
        ledger.store.run(
            "UPDATE ils_posts SET state = ?, posted = ?, why = ? WHERE fact = ?",
            *(state, now, reason or why[:200], fact),
        )
        code = {"refused": "ILS_REFUSED", "unsure": "ILS_UNSURE"}.get(state)
        if code is not None:
            row = ledger.store.row("SELECT * FROM facts WHERE id = ?", fact)
            ledger.worklist.open(
                f"{code}:ils:{fact}", code, now,
                where=(row["site"], row["device"]),
                about={"item": row["item"], "reader": row["reader"], "fact": fact},
                detail={"why": why[:200], "reason": reason, "at": row["at"], "what": row["kind"]},
            )  # fmt: skip


def astray(
    ledger: SqliteLedger, post: Post, wanted: str, why: Literal["hold", "bin"], now: int
) -> None:
    """Have a person move an item that lies elsewhere than the library system wants it."""
    ledger.worklist.open_once(
        f"ILS_SORT:ils:{post.fact}", "ILS_SORT", now,
        where=(post.site, post.device),
        about={"item": post.item, "fact": post.fact},
        detail={"reason": why, "bin": post.bin or "–", "wanted": wanted or "–", "at": post.at},
    )  # fmt: skip


def counts(ledger: SqliteLedger) -> dict[str, int]:
    """Return how many rows are in each state."""
    rows = ledger.store.all("SELECT state, count(*) AS n FROM ils_posts GROUP BY state")
    return {row["state"]: row["n"] for row in rows}


def outbox(ledger: SqliteLedger) -> dict[str, int] | None:
    """Return what waits to be told, since when (ms), and what was given up and is still to do.

    None: nothing was ever to tell.
    """
    if ledger.store.one("SELECT 1 FROM ils_posts LIMIT 1") is None:
        return None
    row = ledger.store.row(
        "SELECT count(*) AS waiting, coalesce(min(at), 0) AS since FROM ils_posts "
        "WHERE state IN ('waiting', 'sending')"
    )
    given_up = ledger.store.value(
        "SELECT count(*) FROM worklist WHERE closed IS NULL "
        "AND code IN ('ILS_REFUSED', 'ILS_UNSURE')"
    )
    return {**dict(row), "given_up": int(given_up)}


def line_down(ledger: SqliteLedger, since: int, now: int) -> None:
    """Tell staff that the library system cannot be asked."""
    ledger.worklist.open_once("ILS_AWAY", "ILS_AWAY", now, detail={"at": since})


def line_up(ledger: SqliteLedger, now: int) -> None:
    """The library system answers again."""
    ledger.worklist.settle("ILS_AWAY", now)


def _post(ledger: SqliteLedger, row: sqlite3.Row) -> Post | None:
    """Return what a row tells; None when it changes nothing there (any more)."""
    codes = {*codes_of(row, "found"), *codes_of(row, "chained")}
    fact = decode_event(row["body"]).fact
    done = ledger.store.value(
        "SELECT 1 FROM ils_posts WHERE item = ?1 AND state = 'done' AND (at, arrival) > (?2, ?3)",
        *(row["item"], row["at"], row["arrival"]),
    )
    if row["voided"] or done or not _NOTHING.isdisjoint(codes):
        return None
    loan = ledger.store.one("SELECT reader, due FROM loans WHERE id = ?", row["fact"])
    reader, due, late = "", 0, row["received"] - row["at"] > LATE_MS
    if isinstance(fact, Loan):
        if loan is None:
            return None
        reader, due, late = loan["reader"], loan["due"], late or not fact.online
    elif isinstance(fact, RenewalWish):
        held = ledger.store.one(
            "SELECT reader, due FROM loans WHERE item = ?1 AND since <= ?2 "
            "AND coalesce(ended, ?2) >= ?2 ORDER BY since DESC LIMIT 1",
            *(row["item"], row["at"]),
        )
        if "RENEWED" not in codes or held is None:
            return None
        reader, due = held["reader"], held["due"]
    begun = row["state"] == "sending"
    card = ledger.catalogue.card_number(row["site"], row["card"], reader)
    return Post(
        row["fact"], row["kind"], row["item"], row["at"], reader, card, due,
        row["site"], row["device"], row["branch"], fact.bin if isinstance(fact, Return) else "",
        late, begun, row["first"],
    )  # fmt: skip


# -- check-ins that a drop's question causes


@dataclass(frozen=True, slots=True)
class Early:
    """A check-in before its fact. ``bin``, ``held``, ``branch`` are the library system's words.

    ``answered``: it was heard; ``done``: and the item was taken back there.
    """

    number: int
    done: bool
    answered: bool
    bin: str = ""
    held: bool = False
    branch: str = ""


def early(ledger: SqliteLedger, item: str, device: str, at: int) -> Early | None:
    """Return the check-in that waits for its fact, if there is one around a time."""
    row: Any = ledger.store.one(
        "SELECT * FROM ils_early WHERE item = ? AND device = ? AND NOT used "
        "AND asked BETWEEN ? AND ? ORDER BY done DESC, number DESC LIMIT 1",
        *(item, device, at - EARLY_MS, at + EARLY_MS),
    )
    if row is None:
        return None
    done = row["done"]
    return Early(
        row["number"], done == TAKEN, done > 0, row["bin"], bool(row["held"]), row["branch"]
    )


def early_begins(ledger: SqliteLedger, item: str, device: str, site: str, now: int) -> int:
    """Note that a check-in is begun because of a drop's question; return its number."""
    return ledger.store.insert(
        "INSERT INTO ils_early (item, device, site, asked) VALUES (?, ?, ?, ?)",
        *(item, device, site, now),
    )


def early_done(ledger: SqliteLedger, one: Early) -> None:
    """Keep what the library system answered."""
    ledger.store.run(
        "UPDATE ils_early SET done = ?, bin = ?, held = ?, branch = ? WHERE number = ?",
        *(TAKEN if one.done else NOT_OUT, one.bin, int(one.held), one.branch, one.number),
    )


def early_used(ledger: SqliteLedger, number: int, now: int) -> None:
    """Its fact came: nobody need look any more."""
    with ledger.store.transaction():
        ledger.store.run("UPDATE ils_early SET used = 1 WHERE number = ?", number)
        ledger.worklist.settle(f"ILS_AHEAD:{number}", now)


def early_stale(ledger: SqliteLedger, now: int) -> int:
    """Have a person look after check-ins whose return was never recorded; return how many."""
    rows = ledger.store.all(
        "SELECT * FROM ils_early WHERE done = ? AND NOT used AND NOT told AND asked < ?",
        *(TAKEN, now - STALE_MS),
    )
    with ledger.store.transaction():
        for row in rows:
            ledger.worklist.open(
                f"ILS_AHEAD:{row['number']}", "ILS_AHEAD", now,
                where=(row["site"], row["device"]), about={"item": row["item"]},
                detail={"at": row["asked"]},
            )  # fmt: skip
            ledger.store.run("UPDATE ils_early SET told = 1 WHERE number = ?", row["number"])
    return len(rows)


def branch_known(ledger: SqliteLedger, code: str) -> bool:
    """Return whether a code names a branch of ours."""
    return ledger.store.one("SELECT 1 FROM branches WHERE branch = ?", code) is not None
