"""What of the catalogue a site needs in its copy; all else it can ask for while there is a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edge.circulation.model import ItemView, LoanView, ReaderView
from gateway.ledger.catalogue import ITEMS
from gateway.ledger.sqlite import SqliteLedger

_BELOW = (
    "WITH RECURSIVE below (branch) AS (SELECT ? UNION SELECT b.branch FROM branches b "
    "JOIN below ON b.parent = below.branch) SELECT branch FROM below"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows for one site. SQL conditions speak of ``items``, ``r`` readers, ``l`` open loans.

    A site of a branch needs the items and readers of that branch and those below it, items that
    belong to none, and what links others to it now: a loan that was made there, a loan of one of
    its items, an item that one of its readers has, or that is kept for one, a child of its classes.
    """

    ledger: SqliteLedger
    site: str
    item: str = "1"
    reader: str = "1"
    loan: str = "1"
    own: str = ""

    @classmethod
    def of(cls, ledger: SqliteLedger, site: str, *, everything: bool = False) -> "Scope":
        """Return what a site needs; everything where it has no branch."""
        store = ledger.store
        top = store.value("SELECT branch FROM sites WHERE site = ?", site)
        if everything or not top:
            return cls(ledger, site)
        names = ["", *(row["branch"] for row in store.all(_BELOW, top))]
        own = ",".join("'" + name.replace("'", "''") + "'" for name in names)
        here = "'" + site.replace("'", "''") + "'"
        loan = (
            f"(EXISTS (SELECT 1 FROM items si WHERE si.item = l.item AND si.branch IN ({own})) "  # noqa: S608
            f"OR EXISTS (SELECT 1 FROM readers sr WHERE sr.reader = l.reader AND sr.branch IN ({own})) "
            f"OR EXISTS (SELECT 1 FROM facts sf WHERE sf.id = l.id AND sf.site = {here}))"
        )
        linked = f"SELECT 1 FROM loans l WHERE l.ended IS NULL AND {loan} AND"  # noqa: S608
        kept = f"SELECT 1 FROM readers hr WHERE hr.reader = held.reader AND hr.branch IN ({own})"  # noqa: S608
        taught = (
            "SELECT 1 FROM class_members cm JOIN classes k USING (class) "  # noqa: S608
            f"WHERE cm.reader = r.reader AND k.site = {here}"
        )
        return cls(
            ledger,
            site,
            f"(items.branch IN ({own}) OR EXISTS ({linked} l.item = items.item) OR EXISTS ({kept}))",
            f"(r.branch IN ({own}) OR EXISTS ({linked} l.reader = r.reader) OR EXISTS ({taught}))",
            loan,
            own,
        )

    def owns(self, table: str, key: str) -> bool:
        """Return whether an item or reader belongs to the site, whatever is lent."""
        if not self.own:
            return True
        column = table.removesuffix("s")
        query = f"SELECT branch IN ({self.own}) FROM {table} WHERE {column} = ?"  # noqa: S608
        return bool(self.ledger.store.value(query, key))

    def links(self, column: str, key: str) -> list[tuple[str, str]]:
        """Return (item, reader) of the open loans of an item or a reader."""
        query = f"SELECT item, reader FROM loans WHERE ended IS NULL AND {column} = ?"  # noqa: S608
        return [(row["item"], row["reader"]) for row in self.ledger.store.all(query, key)]

    def kept_for(self, reader: str) -> list[str]:
        """Return the items that are kept for a reader."""
        rows = self.ledger.store.all("SELECT item FROM held WHERE reader = ?", reader)
        return [row["item"] for row in rows]

    def items(self, where: str = "1", *values: Any) -> Iterator[ItemView]:
        """Yield items; ``where`` is SQL on ``items``."""
        rows = self.ledger.store.all(
            f"{ITEMS} WHERE {self.item} AND {where} ORDER BY items.item",
            *values,
        )
        return (self.ledger.catalogue.item_view(row, self.site) for row in rows)

    def loans(self, where: str = "1", *values: Any) -> list[LoanView]:
        """Return open loans; ``where`` is SQL on ``l``."""
        return self.ledger.catalogue.loans(self.site, f"{self.loan} AND {where}", *values)

    def readers(self, where: str = "1", *values: Any) -> Iterator[ReaderView]:
        """Yield readers by their cards; ``where`` is SQL on ``c`` (card_refs)."""
        rows = self.ledger.store.all(
            "SELECT c.ref, c.person, r.*, (SELECT count(*) FROM loans o WHERE o.reader = r.reader "  # noqa: S608
            "AND o.ended IS NULL) AS open FROM card_refs c JOIN readers r USING (reader) "
            f"WHERE c.site = ? AND {self.reader} AND {where} ORDER BY c.ref",
            self.site,
            *values,
        )
        fees = self._fees(rows)
        for row in rows:
            yield ReaderView(
                card=row["ref"],
                reader=row["person"],
                group=row["grp"],
                expires=row["expires"],
                blocked=bool(row["blocked"]),
                loans=row["open"],
                fees=fees.get(row["reader"], 0),
            )

    def _fees(self, rows: list[Any]) -> dict[str, int]:
        """Return what these readers owe, where that decides about borrowing; else nothing."""
        if not rows or not self.ledger.catalogue.policy()[1].fee_limit:
            return {}
        people = {row["reader"] for row in rows}
        return self.ledger.fees.settled(people.pop() if len(people) == 1 else "")

    def cards(self, reader: str) -> list[str]:
        """Return the references of a reader's cards at the site, needed there or not."""
        query = "SELECT ref FROM card_refs WHERE site = ? AND reader = ? ORDER BY ref"
        return [row["ref"] for row in self.ledger.store.all(query, self.site, reader)]
