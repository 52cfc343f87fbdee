"""Boxes of rotating stock (luân chuyển): packed at one branch, received at another as one unit.

What a box holds is known before it travels, so that whoever takes it in only says its number. From
then on its items stand at the goal; the box that brings them back is packed there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gateway.assess import Way
from gateway.errors import RefusedError
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store
from gateway.ledger.worklist import Worklist

MOST = 5000
"""Items in one box: more is a mistake."""
_NEVER = 1 << 62
_LENT = (
    "EXISTS (SELECT 1 FROM facts f WHERE f.item = i.item AND f.kind = 'loan' AND NOT f.voided "  # noqa: S608 - a number
    f"AND f.at >= b.packed AND f.at < coalesce(b.received, {_NEVER}) "
    "AND f.found LIKE '%\"TRANSIT\\_BROKEN\"%' ESCAPE '\\')"
)
"""Of ``i`` (box_items) and ``b`` (boxes): it was lent on its way, and the box expects it no more."""


def ways_of(store: Store, items: Collection[str], site: str) -> Mapping[str, list[Way]]:
    """Return the ways of items in boxes to another branch than that of the site."""
    if not store.one("SELECT 1 FROM boxes LIMIT 1"):
        return {}
    found: defaultdict[str, list[Way]] = defaultdict(list)
    for row in store.among(
        "SELECT i.item, b.packed, b.received FROM box_items i JOIN boxes b USING (box) WHERE "
        "i.item IN ({}) AND b.goal <> coalesce((SELECT branch FROM sites WHERE site = ?), '')",
        items,
        site,
    ):
        found[row["item"]].append(Way(row["packed"], row["received"] or _NEVER))
    return found


def box_of(store: Store, item: str, at: int) -> dict[str, str]:
    """Return the number of the box that an item was in at a time (ms), and what its goal is called."""
    row = store.one(
        "SELECT b.box, coalesce(nullif(n.name, ''), b.goal) AS goal FROM box_items i "  # noqa: S608
        "JOIN boxes b USING (box) LEFT JOIN branches n ON n.branch = b.goal WHERE i.item = ?1 "
        f"AND b.packed <= ?2 AND coalesce(b.received, {_NEVER}) > ?2 ORDER BY b.packed DESC",
        *(item, at),
    )
    return {"box": row["box"], "goal": row["goal"]} if row else {}


class Boxes:
    """The boxes of one ledger."""

    def __init__(self, store: Store, catalogue: Catalogue, worklist: Worklist) -> None:
        self._store, self._catalogue, self._worklist = store, catalogue, worklist

    def pack(
        self, box: str, origin: str, goal: str, items: Iterable[str], who: str, now: int
    ) -> dict[str, Any]:
        """Write down a box; raise RefusedError naming what stands in the way."""
        wanted = list(dict.fromkeys(items))
        self._check(box, origin, goal, wanted)
        with self._store.transaction():
            self._store.run(
                "INSERT INTO boxes (box, origin, goal, packed, packed_by) VALUES (?, ?, ?, ?, ?)",
                *(box, origin, goal, now, who),
            )
            self._store.many(
                "INSERT INTO box_items (box, item) VALUES (?, ?)", [(box, one) for one in wanted]
            )
        return self.one(box)

    def receive(
        self,
        box: str,
        branch: str,
        who: str,
        now: int,
        *,
        seen: Iterable[str] | None = None,
        where: tuple[str, str] = ("", ""),
        fact: str | None = None,
    ) -> None:
        """Take a box in as a whole at a branch; again is harmless. Inside a transaction.

        ``seen``: the items that were looked at and are there; None: nobody looked, all of them are.
        What does not fit goes to the worklist: a box nobody packed, one for another branch, an item
        that was not seen.
        """
        row = self._store.one("SELECT * FROM boxes WHERE box = ?", box)
        about, detail = {"fact": fact}, {"box": box, "at": now, "branch": branch}
        if row is None:
            self._worklist.open(
                f"UNKNOWN_BOX:{box}", "UNKNOWN_BOX", now, where=where, about=about, detail=detail
            )
            return
        if branch and row["goal"] != branch:
            detail["goal"] = row["goal"]
            self._worklist.open(
                f"BOX_ASTRAY:{box}", "BOX_ASTRAY", now, where=where, about=about, detail=detail
            )
            return
        self._worklist.settle(f"BOX_ASTRAY:{box}", now)
        if row["received"] is None:
            self._store.run(
                "UPDATE boxes SET received = ?, received_by = ? WHERE box = ?", now, who, box
            )
        listed = self._inside(box)
        inside = {one["item"] for one in listed}
        missed = {one["item"] for one in listed if one["came"] == 0}
        lent = {one["item"] for one in listed if one["lent"]}
        here = inside - missed - lent if seen is None else {*seen}  # unlooked at, nothing is found
        self._store.many(
            "INSERT INTO box_items VALUES (?1, ?2, ?3) ON CONFLICT (box, item) DO UPDATE SET "
            "came = ?3",
            [(box, item, int(item in here)) for item in inside | here],
        )
        self._catalogue.put_branch(sorted(here), row["goal"])
        for item in sorted(inside - here - lent if seen is not None else ()):
            more = {"about": {"item": item, "fact": fact}, "detail": detail}
            self._worklist.open(f"NOT_IN_BOX:{box}:{item}", "NOT_IN_BOX", now, where=where, **more)
        for item in sorted(here):
            self._worklist.settle(f"NOT_IN_BOX:{box}:{item}", now)

    def follow(self, items: Collection[str], now: int) -> None:
        """Nobody looks any more for items in the box that they were lent out of on its way."""
        if not self._store.one("SELECT 1 FROM boxes LIMIT 1"):
            return
        for row in self._store.among(
            "SELECT i.box, i.item FROM box_items i JOIN boxes b USING (box) "  # noqa: S608
            f"WHERE i.item IN ({{}}) AND i.came = 0 AND {_LENT}",
            items,
        ):
            self._worklist.settle(f"NOT_IN_BOX:{row['box']}:{row['item']}", now)

    def one(self, box: str) -> dict[str, Any]:
        """Return a box with its items; raise RefusedError when there is none."""
        row = self._store.one("SELECT * FROM boxes WHERE box = ?", box)
        if row is None:
            raise RefusedError(f"there is no box {box!r}")
        return {**dict(row), "received": row["received"] or 0, "items": self._inside(box)}

    def all(self, *, branch: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """Return boxes from or for a branch (empty: all), those on their way first."""
        rows = self._store.all(
            "SELECT b.*, (SELECT count(*) FROM box_items i WHERE i.box = b.box) AS items "
            "FROM boxes b WHERE ?1 = '' OR ?1 IN (origin, goal) "
            "ORDER BY received IS NOT NULL, packed DESC LIMIT ?2",
            *(branch, limit),
        )
        return [{**dict(row), "received": row["received"] or 0} for row in rows]

    def _inside(self, box: str) -> list[dict[str, Any]]:
        rows = self._store.all(
            f"SELECT i.item, i.came, coalesce(c.title, '') AS title, {_LENT} AS lent "  # noqa: S608
            "FROM box_items i JOIN boxes b USING (box) LEFT JOIN items c ON c.item = i.item "
            "WHERE i.box = ? ORDER BY i.item",
            box,
        )
        return [dict(row) for row in rows]

    def _check(self, box: str, origin: str, goal: str, items: list[str]) -> None:
        if not box or len(box) > 40:
            raise RefusedError("a box needs a number of at most 40 characters")
        if self._store.one("SELECT 1 FROM boxes WHERE box = ?", box) is not None:
            raise RefusedError(f"box {box} is packed already; every box has its own number")
        known = {row["branch"] for row in self._store.all("SELECT branch FROM branches")}
        for branch in (origin, goal):
            if branch not in known:
                raise RefusedError(f"there is no branch {branch!r}")
        if origin == goal:
            raise RefusedError("a box goes from one branch to another")
        if not 0 < len(items) <= MOST:
            raise RefusedError(f"a box holds 1 to {MOST} items, not {len(items)}")
        missing = sorted(set(items) - self._catalogue.items(items).keys())
        if missing:
            raise RefusedError(f"not in the catalogue: {', '.join(missing[:5])}")
        rows = self._store.among(
            "SELECT i.item, i.box FROM box_items i JOIN boxes b USING (box) "  # noqa: S608
            f"WHERE b.received IS NULL AND i.item IN ({{}}) AND NOT {_LENT}",
            items,
        )
        for row in rows:
            raise RefusedError(f"{row['item']} is on its way in box {row['box']}")
        out = [
            row["item"]
            for row in self._store.among(
                "SELECT item FROM loans WHERE ended IS NULL AND item IN ({})", items
            )
        ]
        if out:
            raise RefusedError(f"on loan, so not in a box: {', '.join(sorted(out)[:5])}")
