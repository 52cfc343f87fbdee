"""Which bin a returned item goes to: the centre's word when it comes in time, else the rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edge.circulation.model import ItemView, Policy
from edge.circulation.sorting import Returning, SortRule, Step, explain

if TYPE_CHECKING:
    from edge.desk import Desk
    from edge.items import PadItem


@dataclass(frozen=True, slots=True)
class Sorted:
    """Where an item goes. ``bin`` is empty when nothing names one; ``by``: ``centre`` or ``rules``.

    ``held`` and ``elsewhere`` (the code of the branch it belongs to) are what slips are printed for.
    """

    bin: str
    by: str
    view: ItemView | None = None
    steps: list[Step] = field(default_factory=list)
    held: bool = False
    elsewhere: str = ""


class Sorter:
    """Applies the rules of one drop. ``bins`` are those it has, ``home`` the branch it stands in."""

    def __init__(
        self, desk: "Desk", rules: Sequence[SortRule], bins: Sequence[str], home: str
    ) -> None:
        self._desk = desk
        self._rules = rules
        self._bins = bins
        self._home = home

    async def sort(self, item: "PadItem", policy: Policy) -> Sorted:
        """Return where an item on the antenna goes; never waits longer than a question may take."""
        if item.item is None:
            return self.decide(Returning("", exceptions=("unreadable",)), None)
        view, said = await self._desk.sort(item.item)
        thing = returning(item.item, view, policy, owner=item.owner, missing=item.missing)
        return self.decide(thing, view, said)

    def decide(self, thing: Returning, view: ItemView | None, said: str = "") -> Sorted:
        """Return where a thing goes; ``said`` is the bin that the centre named, if it did."""
        found = sort_by_rules(self._rules, thing, self._home, view)
        return replace(found, bin=said, by="centre") if said in self._bins else found


def sort_by_rules(
    rules: Sequence[SortRule], thing: Returning, home: str, view: ItemView | None
) -> Sorted:
    """Return where the rules alone send a thing; ``home`` is the branch of this place."""
    steps = explain(rules, thing, home)
    chosen = steps[-1].rule.bin if steps and steps[-1].fits else ""
    away = thing.branch if home and thing.branch != home else ""
    return Sorted(chosen, "rules", view, steps, thing.held, away)


def returning(
    item: str,
    view: ItemView | None,
    policy: Policy | None,
    *,
    owner: str | None = None,
    missing: int = 0,
) -> Returning:
    """Return what the rules look at: the catalogue's view and what the tag said."""
    odd = []
    if view is None:
        odd.append("unknown")
    if owner and policy and policy.owners and owner not in policy.owners:
        odd.append("foreign")
    if missing:
        odd.append("incomplete")
    if view is None:
        return Returning(item, owner=owner or "", exceptions=tuple(odd))
    return Returning(
        item,
        kind=view.kind,
        branch=view.branch,
        owner=owner or "",
        held=view.held,
        flags=tuple(view.flags),
        exceptions=tuple(odd),
    )
