"""Fees: what a reader owes. Entries come from outside; late days follow from loans."""

from collections.abc import Iterable

import msgspec

from edge.circulation.credit import credited
from edge.circulation.rules import late_fee
from gateway.assess import Assessed
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store


class Fee(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of ``import-fees``: ``amount`` in dong, below zero for what was paid."""

    fee: str
    reader: str
    amount: int
    why: str = ""
    made: int = 0


class Fees:
    """Balances, in one database."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._store = store
        self._catalogue = catalogue

    def put(self, rows: Iterable[Fee], now: int) -> int:
        """Take in entries; one that is there already stays as it is. Return how many are new."""
        return sum(
            self._store.run(
                "INSERT OR IGNORE INTO fees VALUES (?, ?, ?, ?, ?)",
                *(row.fee, row.reader, row.amount, row.why, row.made or now),
            )
            for row in rows
        )

    def balance(self, reader: str, now: int) -> int:
        """Return what a reader owes now, in dong; never below zero.

        A loan is judged by the policy of its day: a new policy makes no old loan dearer. It ended as
        early as its return may have been (R4). What fell into a drop while the library was closed
        counts as the policy says (R8).
        """
        entries = self._store.value(
            "SELECT coalesce(sum(amount), 0) FROM fees WHERE reader = ?", reader
        )
        rows = self._store.all(
            "SELECT l.due, l.since, l.ended, coalesce(r.unc, 0) AS unc, f.assessed, "
            "json_extract(CAST(r.body AS TEXT), '$.fact.place') AS place "
            "FROM loans l JOIN facts f ON f.id = l.id LEFT JOIN facts r ON r.id = l.ended_by "
            "WHERE l.reader = ? AND l.due < coalesce(l.ended, ?)",
            reader,
            now,
        )
        policies = self._catalogue.policies() if rows else {}
        late = 0
        for row in rows:
            known = msgspec.json.decode(row["assessed"], type=Assessed)
            policy = policies[known.policy]
            ended = now if row["ended"] is None else max(row["since"], row["ended"] - row["unc"])
            if row["place"] == "drop":
                ended = credited(policy, ended)
            late += late_fee(policy, row["due"], ended)
        return max(0, int(entries) + late)
