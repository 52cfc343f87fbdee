"""Fees: what a reader owes. Entries come from outside; late days follow from loans."""

from collections.abc import Iterable

import msgspec

from edge.circulation.credit import late_until
from edge.circulation.model import Policy
from edge.circulation.rules import late_fee
from gateway.assess import Assessed
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store
from gateway.when import LATEST_MS


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
        changed = []
        for row in rows:
            if self._store.run(
                "INSERT OR IGNORE INTO fees VALUES (?, ?, ?, ?, ?)",
                *(row.fee, row.reader, row.amount, row.why, row.made or now),
            ):
                changed.append(row.reader)
        self._catalogue.note_all("readers", dict.fromkeys(changed))
        return len(changed)

    def balance(self, reader: str, now: int) -> int:
        """Return what a reader owes now, in dong; never below zero.

        A loan is judged by the policy of its day: a new policy makes no old loan dearer, but days of
        closure that became known later (an outage) cost nothing either. It ended as early as its
        return may have been (R4). What fell into a drop while the library was closed counts as the
        policy says, never later than it fell in (R5, R8).
        """
        found = self._sums("l.due < coalesce(l.ended, ?1)", now, reader)
        return max(0, found.get(reader, 0))

    def owed_at(self, reader: str, at: int) -> int:
        """Return what a reader owed at a time, as far as it is known now: what was paid since counts not.

        0 where the policy in force has no limit of fees.
        """
        if not self._catalogue.policy()[1].fee_limit:
            return 0
        late = "l.due < min(coalesce(l.ended, ?1), ?1)"
        return max(0, self._sums(late, at, reader, upto=at).get(reader, 0))

    def settled(self, reader: str = "") -> dict[str, int]:
        """Return what readers (or one) owe without what open loans add; below zero: paid ahead.

        A device adds what open loans add by itself, also without a network.
        """
        return self._sums("l.due < l.ended", 0, reader)

    def _sums(self, late: str, now: int, reader: str, upto: int = LATEST_MS) -> dict[str, int]:
        """Return entries and late fees by reader; ``late`` is SQL on ``l`` (loans), ``?1`` is now."""
        one = " AND l.reader = ?2" if reader else ""
        who = (reader,) if reader else ()
        entries = self._store.all(
            "SELECT l.reader, sum(l.amount) AS amount FROM fees l "  # noqa: S608
            f"WHERE l.made <= ?1{one} GROUP BY l.reader",
            *(upto, *who),
        )
        found = {row["reader"]: int(row["amount"]) for row in entries}
        rows = self._store.all(
            "SELECT l.reader, l.due, l.since, l.ended, coalesce(r.unc, 0) AS unc, f.assessed, "  # noqa: S608
            "json_extract(CAST(r.body AS TEXT), '$.fact.place') AS place "
            "FROM loans l JOIN facts f ON f.id = l.id LEFT JOIN facts r ON r.id = l.ended_by "
            f"WHERE {late} AND ?1 IS NOT NULL{one}",
            *(now, *who),
        )
        policies = self._of_their_days() if rows else {}
        for row in rows:
            known = msgspec.json.decode(row["assessed"], type=Assessed)
            policy = policies[known.policy]
            ended = now if row["ended"] is None else min(row["ended"], upto)
            until = late_until(policy, ended, row["unc"], drop=row["place"] == "drop")
            fee = late_fee(policy, row["due"], max(row["since"], until))
            found[row["reader"]] = found.get(row["reader"], 0) + fee
        return found

    def _of_their_days(self) -> dict[int, Policy]:
        """Return the policies by number, each with the dates of closure that are known today."""
        closed = set(self._catalogue.policy()[1].closed_dates)
        return {
            number: msgspec.structs.replace(
                policy, closed_dates=sorted(closed.union(policy.closed_dates))
            )
            for number, policy in self._catalogue.policies().items()
        }
