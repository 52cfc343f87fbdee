"""What is known of a fact when it comes in: reader, item, due date, codes (R6, R7). Pure.

The result is kept with the fact, so that reckoning an item's chain again later never judges an old
loan by a new policy.
"""

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from edge.circulation.model import ItemView, Policy, ReaderView
from edge.circulation.rules import (
    due_date,
    group_rule,
    kept_for_another,
    next_open_day,
    reader_refusal,
)
from edge.wire.facts import Fact, Loan, RenewalWish, Return
from gateway.when import Moment, bounded

_NOT_FOR_LOAN = frozenset({"reference", "restricted"})
_LOST = frozenset({"lost", "withdrawn", "missing"})


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A reader as the ledger knows one. ``blocked_at``: since when (0: always)."""

    reader: str
    name: str = ""
    group: str = "adult"
    expires: int = 0
    blocked: bool = False
    blocked_at: int = 0

    def view(
        self, *, at: int | None = None, loans: int = 0, card: str = "", fees: int = 0
    ) -> ReaderView:
        """Return the reader as the lending rules see one, blocked as it was at a time."""
        blocked = self.blocked and (at is None or self.blocked_at <= at)
        return ReaderView(
            card=card,
            reader=self.reader,
            group=self.group,
            expires=self.expires,
            blocked=blocked,
            loans=loans,
            fees=fees,
        )


class Way(NamedTuple):
    """A box that brings an item to another branch than that of the fact's site, from and until (ms)."""

    packed: int
    received: int

    def at(self, moment: int) -> bool:
        """Return whether it was on its way then."""
        return self.packed <= moment < self.received


class Assessed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was known on arrival. ``known``: the item is in the catalogue; ``limit``: loans allowed.

    ``offline`` loans were decided without the centre; ``policy`` is the policy's number. ``held``
    and ``held_for`` (a reader number): whom the item was kept for.
    """

    reader: str | None = None
    view: ReaderView | None = None
    known: bool = False
    due: int = 0
    limit: int = 0
    offline: bool = False
    policy: int = 0
    held: bool = False
    held_for: str = ""


def assess(
    fact: Fact,
    moment: Moment,
    item: ItemView | None,
    person: Person | None,
    policy: Policy,
    number: int,
    ways: Collection[Way] = (),
    fees: int = 0,
) -> tuple[Assessed, list[str]]:
    """Return what is kept with the fact and the codes that do not depend on other facts.

    ``fees``: what the reader owed then.
    """
    codes = [] if moment.trusted else ["CLOCK_UNTRUSTED"]
    view = person.view(at=moment.at, fees=fees) if person else None
    due = _due(fact, moment, item, view, policy) if isinstance(fact, Loan) else 0
    if isinstance(fact, Loan):
        codes += _loan_codes(fact, moment, item, view, due, policy)
        codes += ["TRANSIT_BROKEN"] if any(way.at(moment.at) for way in ways) else []
    elif isinstance(fact, Return):
        codes += _return_codes(fact, item, policy)
    elif isinstance(fact, RenewalWish) and (item is None or person is None):
        codes += ["RENEWAL_REFUSED"]
    known = Assessed(
        reader=person.reader if person else None,
        view=view,
        known=item is not None,
        due=due,
        limit=group_rule(policy, view.group).limit if view else 0,
        offline=isinstance(fact, Loan) and not fact.online,
        policy=number,
        held=item.held if item else False,
        held_for=item.held_for if item else "",
    )
    return known, codes


def _due(
    fact: Loan, moment: Moment, item: ItemView | None, view: ReaderView | None, policy: Policy
) -> int:
    """Return the due date: the later of what was promised and what the policy says (R11).

    Reckoned from the latest time the loan may have happened at (R4); an item that is not for loan
    is due on the next day of opening, unless the reader was promised more.
    """
    latest = moment.at + moment.unc
    if item is not None and not _NOT_FOR_LOAN.isdisjoint(item.flags):
        return max(bounded(fact.due), next_open_day(policy, latest))
    return max(bounded(fact.due), due_date(policy, view.group if view else "adult", latest))


def _loan_codes(
    fact: Loan,
    moment: Moment,
    item: ItemView | None,
    view: ReaderView | None,
    due: int,
    policy: Policy,
) -> list[str]:
    codes = []
    if item is None:
        codes.append("UNKNOWN_ITEM")
    elif not _NOT_FOR_LOAN.isdisjoint(item.flags):
        codes.append("NOT_FOR_LOAN_TAKEN")
    elif not _LOST.isdisjoint(item.flags):
        codes.append("FOUND_ITEM")
    if item is not None and item.held and (view is None or kept_for_another(item, view)):
        codes.append("HOLD_TAKEN")
    if view is None:
        return [*codes, "UNKNOWN_CARD"]
    if reader_refusal(policy, view, now=moment.at):
        codes.append("READER_BLOCKED")
    if item is not None and fact.due and due != fact.due:
        codes.append("DUE_DATE_DIFFERS")
    return codes


def _return_codes(fact: Return, item: ItemView | None, policy: Policy) -> list[str]:
    if item is None:
        foreign = bool(fact.owner and policy.owners and fact.owner not in policy.owners)
        return ["FOREIGN_ITEM" if foreign else "UNKNOWN_ITEM"]
    return ["LOST_RETURNED"] if not _LOST.isdisjoint(item.flags) else []
