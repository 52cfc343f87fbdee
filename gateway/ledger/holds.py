"""Holds: who waits for what, which copy is set aside for whom, and when that is over.

A hold is a request, not a fact. It is caught when a copy comes back (R7), fulfilled when its reader
is lent one, and stays first in the queue when somebody else took the copy all the same (R6). What
the lending rules look at is the table ``held``, made anew for every copy whose queue changed.
"""

import sqlite3
from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from edge.circulation.rules import DAY_MS
from edge.wire.messages import Holding
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store
from gateway.ledger.worklist import Worklist

_AWAY = frozenset({"lost", "withdrawn", "missing", "reference", "restricted"})
_WAITING = "ended IS NULL AND caught = ''"
_ITS = "(item = ?1 OR (work <> '' AND work = (SELECT work FROM items WHERE item = ?1)))"


class Hold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of ``import-holds``: one copy (``item``) or any copy of a work (``work``).

    ``site``: where it will be fetched. ``ready``: the copy stands on the shelf of holds already.
    ``ended``: the reader does not want it any more.
    """

    hold: str
    reader: str
    item: str = ""
    work: str = ""
    site: str = ""
    placed: int = 0
    ready: bool = False
    ended: bool = False


class Holds:
    """Keeps queues and copies in step; all inside the caller's transaction."""

    def __init__(self, store: Store, catalogue: Catalogue, worklist: Worklist) -> None:
        self._store = store
        self._catalogue = catalogue
        self._worklist = worklist

    # -- what is there

    def of_reader(self, reader: str) -> list[Holding]:
        """Return the open holds of a reader, those that can be fetched first."""
        rows = self._store.all(
            "SELECT h.*, s.name AS place, coalesce((SELECT title FROM items WHERE item = "
            "coalesce(nullif(h.caught, ''), nullif(h.item, ''))), (SELECT title FROM items WHERE "
            "work = h.work AND h.work <> '' LIMIT 1), '') AS title FROM holds h LEFT JOIN sites s "
            "USING (site) WHERE h.reader = ? AND h.ended IS NULL "
            "ORDER BY h.ready = 0, h.placed, h.hold",
            reader,
        )
        return [
            Holding(
                item=row["caught"] or row["item"],
                title=row["title"],
                ready=bool(row["ready"]),
                until=row["until"],
                ahead=0 if row["caught"] else self._ahead(row),
                place=row["place"] or "",
            )
            for row in rows
        ]

    def waits(self, item: str) -> bool:
        """Whether a copy that comes back now is set aside for somebody."""
        sql = (
            f"SELECT 1 FROM holds WHERE ended IS NULL AND (caught = ?1 OR (caught = '' AND {_ITS}))"  # noqa: S608
        )
        return self._store.one(sql, item) is not None

    # -- what changes it

    def put(self, rows: Iterable[Hold], now: int) -> int:
        """Take in holds, new or changed; return how many changed."""
        changed = 0
        for row in rows:
            changed += self._put(row, now)
            if row.ready and row.item:
                self._catch(row.hold, row.item, row.site, now)
            self.refresh([row.item] if row.item else self._copies(row.work))
        return changed

    def follow(self, items: Collection[str], now: int) -> None:
        """Bring the holds in step with the loans of these items after new facts."""
        if not self._store.one("SELECT 1 FROM holds LIMIT 1"):
            return
        for item in sorted(items):
            if not self._store.one(f"SELECT 1 FROM holds WHERE caught = ?1 OR {_ITS}", item):  # noqa: S608
                continue
            self._reopen(item)
            loan = self._store.one("SELECT * FROM loans WHERE item = ? AND ended IS NULL", item)
            if loan is not None:
                self._lent(item, loan, now)
            else:
                self._back(item, now)
            self.refresh(self._siblings(item))

    def expire(self, now: int) -> int:
        """End the holds that nobody fetched; the next in the queue has the copy."""
        rows = self._store.all(
            "SELECT * FROM holds WHERE ended IS NULL AND until > 0 AND until < ?", now
        )
        for row in rows:
            self._give_back(row, now, "expired")
        return len(rows)

    def withdraw(self, reader: str, now: int) -> None:
        """End all holds of a reader, who does not want anything any more."""
        for row in self._store.all(
            "SELECT * FROM holds WHERE ended IS NULL AND reader = ?", reader
        ):
            self._give_back(row, now, "cancelled")

    def shelve(self, hold: str, now: int) -> None:
        """Staff put the copy on the shelf of holds (``now``), or took that back (0)."""
        until = now + self._days() if now else 0
        self._store.run(
            "UPDATE holds SET ready = ?, until = ? WHERE hold = ? AND ended IS NULL",
            *(now, until, hold),
        )

    def refresh(self, items: Collection[str]) -> None:
        """Reckon anew whom these copies are kept for; replicas hear of those that changed."""
        changed = []
        for item in sorted(items):
            row = self._store.one("SELECT reader FROM held WHERE item = ?", item)
            before, after = row["reader"] if row else "", self._kept_for(item)
            if before == after:
                continue
            self._store.run("DELETE FROM held WHERE item = ?", item)
            if after:
                self._store.run("INSERT INTO held VALUES (?, ?)", item, after)
            changed.append(item)
        self._catalogue.note_all("items", changed)

    # -- steps

    def _put(self, row: Hold, now: int) -> int:
        ended = now if row.ended else None
        return self._store.run(
            "INSERT INTO holds (hold, reader, item, work, site, placed, ended, how) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (hold) DO UPDATE SET "
            "site = ?5, ended = coalesce(ended, ?7), how = CASE WHEN ended IS NULL THEN ?8 ELSE how "
            "END WHERE site <> ?5 OR (ended IS NULL AND ?7 IS NOT NULL)",
            *(row.hold, row.reader, row.item, row.work, row.site, row.placed or now, ended),
            "cancelled" if row.ended else "",
        )

    def _reopen(self, item: str) -> None:
        """A loan that fulfilled a hold and is no loan any more gives the hold back."""
        again = f"how = 'lent' AND {_ITS} AND by NOT IN (SELECT id FROM loans)"  # noqa: S608
        nothing = "ended = NULL, how = '', by = '', caught = '', ready = 0, until = 0"
        self._store.run(f"UPDATE holds SET {nothing} WHERE {again}", item)  # noqa: S608

    def _lent(self, item: str, loan: sqlite3.Row, now: int) -> None:
        mine = self._store.one(
            f"SELECT * FROM holds WHERE ended IS NULL AND reader = ?2 AND (caught = ?1 OR {_ITS}) "  # noqa: S608
            "AND placed <= ?3 ORDER BY caught <> ?1, placed, hold LIMIT 1",
            *(item, loan["reader"], loan["since"]),
        )
        if mine is not None:
            self._end(mine, now, "lent", loan["id"])
            if mine["caught"] not in ("", item):  # another copy stands on the shelf for nobody now
                self._hand_on(mine["caught"], mine["site"], now)
                self.refresh(self._siblings(mine["caught"]))
        taken = self._store.one(
            "SELECT * FROM holds WHERE ended IS NULL AND caught = ? AND reader <> ?",
            *(item, loan["reader"]),
        )
        if taken is not None:  # first in the queue again
            self._let_go(taken, now)

    def _back(self, item: str, now: int) -> None:
        """The copy is here: catch it for who waits longest, if it came back at all."""
        last = self._store.one(
            "SELECT * FROM facts WHERE item = ? AND kind IN ('loan', 'return') AND NOT voided "
            "ORDER BY at DESC, arrival DESC LIMIT 1",
            item,
        )
        if last is None or last["kind"] != "return":
            return
        if self._store.one("SELECT 1 FROM holds WHERE ended IS NULL AND caught = ?", item):
            return
        self._hand_on(item, last["site"], now, last)

    def _hand_on(self, item: str, site: str, now: int, fact: sqlite3.Row | None = None) -> None:
        first = self._store.one(
            f"SELECT * FROM holds WHERE {_WAITING} AND {_ITS} ORDER BY placed, hold LIMIT 1",  # noqa: S608
            item,
        )
        if first is None:
            return
        self._catch(first["hold"], item, site, now)
        self._worklist.open(
            f"HOLD_CAUGHT:{first['hold']}",
            "HOLD_CAUGHT",
            now,
            where=(site, fact["device"] if fact else ""),
            about={"item": item, "reader": first["reader"], "fact": fact["id"] if fact else None},
            detail={"hold": first["hold"], "to": self._site_name(first["site"] or site)},
        )

    def _catch(self, hold: str, item: str, site: str, now: int) -> None:
        """Set a copy aside; where it will be fetched it can be fetched at once."""
        self._store.run(
            "UPDATE holds SET caught = ?2, caught_at = ?3, ready = CASE WHEN site IN ('', ?4) "
            "THEN ?3 ELSE 0 END, until = CASE WHEN site IN ('', ?4) THEN ?5 ELSE 0 END "
            "WHERE hold = ?1 AND ended IS NULL AND NOT EXISTS (SELECT 1 FROM holds WHERE "
            "caught = ?2 AND ended IS NULL)",
            *(hold, item, now, site, now + self._days()),
        )

    def _end(self, row: sqlite3.Row, now: int, how: str, by: str = "") -> None:
        self._store.run(
            "UPDATE holds SET ended = ?, how = ?, by = ? WHERE hold = ?", now, how, by, row["hold"]
        )
        self._worklist.settle(f"HOLD_CAUGHT:{row['hold']}", now)

    def _give_back(self, row: sqlite3.Row, now: int, how: str) -> None:
        """End a hold; the next in the queue has the copy that was set aside for it."""
        self._end(row, now, how)
        if row["caught"]:
            self._hand_on(row["caught"], row["site"], now)
        item = row["caught"] or row["item"]
        self.refresh(self._siblings(item) if item else self._copies(row["work"]))

    def _let_go(self, row: sqlite3.Row, now: int) -> None:
        self._store.run(
            "UPDATE holds SET caught = '', caught_at = 0, ready = 0, until = 0 WHERE hold = ?",
            row["hold"],
        )
        self._worklist.settle(f"HOLD_CAUGHT:{row['hold']}", now)

    # -- reckoning

    def _kept_for(self, item: str) -> str:
        """Return whom a copy is kept for: a reader number, or nothing.

        A copy that is set aside is its reader's. Else the first of those who wait for this very
        copy; else the first who waits for the work, when the other copies here do not suffice.
        """
        row = self._store.one("SELECT reader FROM holds WHERE ended IS NULL AND caught = ?", item)
        first = f"SELECT reader FROM holds WHERE {_WAITING} AND item = ? ORDER BY placed, hold"  # noqa: S608
        row = row or self._store.one(first, item)
        if row is not None:
            return str(row["reader"])
        work = self._store.value("SELECT work FROM items WHERE item = ?", item)
        if not work:
            return ""
        waiting = self._store.all(
            f"SELECT reader FROM holds WHERE {_WAITING} AND work = ? ORDER BY placed, hold",  # noqa: S608
            work,
        )
        others = [copy for copy in self._copies(work) if copy != item and self._is_here(copy)]
        return str(waiting[0]["reader"]) if len(waiting) > len(others) else ""

    def _is_here(self, item: str) -> bool:
        view = self._catalogue.item(item)
        if view is None or not _AWAY.isdisjoint(view.flags):
            return False
        lent = "SELECT 1 FROM loans WHERE item = ? AND ended IS NULL"
        caught = "SELECT 1 FROM holds WHERE caught = ? AND ended IS NULL"
        return not self._store.one(lent, item) and not self._store.one(caught, item)

    def _ahead(self, row: sqlite3.Row) -> int:
        """Return how many wait before this hold."""
        return int(
            self._store.value(
                f"SELECT count(*) FROM holds WHERE {_WAITING} AND item = ?1 AND work = ?2 "  # noqa: S608
                "AND (placed, hold) < (?3, ?4)",
                *(row["item"], row["work"], row["placed"], row["hold"]),
            )
        )

    def _copies(self, work: str) -> list[str]:
        rows = self._store.all("SELECT item FROM items WHERE work = ? AND work <> ''", work)
        return [row["item"] for row in rows]

    def _siblings(self, item: str) -> list[str]:
        work: Any = self._store.value("SELECT work FROM items WHERE item = ?", item)
        return sorted({item, *self._copies(work or "")})

    def _site_name(self, site: str) -> str:
        name = self._store.value("SELECT nullif(name, '') FROM sites WHERE site = ?", site)
        return str(name or site)

    def _days(self) -> int:
        return self._catalogue.policy()[1].hold_days * DAY_MS
