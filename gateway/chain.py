"""The chain of one item: from all its facts, in whatever order they came, to its loans. Pure.

This is why two gateways that were given the same facts have the same ledger (R3, invariant 3): the
loans of an item are a function of the set of its facts. A late fact only means reckoning again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec.structs import replace

from edge.circulation.model import ItemView, LoanView, Policy, ReaderView
from edge.circulation.rules import decide_renewal

SAME_SCAN_MS = 120_000
"""The same card, item and kind at the same device within this time is one event seen twice (R2)."""

Kind = Literal["loan", "return", "renewal_wish"]
KINDS: tuple[Kind, ...] = ("loan", "return", "renewal_wish")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A fact of the item's chain. ``reader`` None: the card is unknown. ``due``: of a loan.

    ``cap``: see :class:`Tenure`.
    ``held`` as it was when the fact came: a hold placed later takes back no renewal.
    """

    id: str
    kind: Kind
    at: int
    unc: int
    device: str
    epoch: str
    seq: int
    arrival: int = 0
    card: str = ""
    reader: str | None = None
    due: int = 0
    view: ReaderView | None = None
    policy: int = 0
    cap: int = 0
    held: bool = False
    held_for: str = ""

    @property
    def place(self) -> tuple[int, str, str, int, str]:
        """Where it stands in the chain: by time, then by device and its own order."""
        return (self.at, self.device, self.epoch, self.seq, self.id)


class Tenure(msgspec.Struct, frozen=True):
    """A loan, open or past, under the id of its fact.

    ``cap``: how many loans the reader might have when it was decided alone (0: no limit).
    ``doubt``: it is open, and a return whose time is not sure may have followed it.
    """

    id: str
    item: str
    reader: str
    since: int
    due: int
    renewals: int = 0
    ended: int | None = None
    ended_by: str = ""
    cap: int = 0
    doubt: bool = False


@dataclass(slots=True)
class Chain:
    """What an item's facts come to: its loans in order, and codes by fact id."""

    loans: list[Tenure] = field(default_factory=list)
    codes: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def reckon(
    item: ItemView,
    links: Iterable[Link],
    policies: Mapping[int, Policy],
    since: Link | None = None,
) -> Chain:
    """Return the loans of an item and what does not simply fit, from its facts in any order.

    ``since``: a fact for which :func:`settled` once vouched; then these are the facts after it.
    """
    chain = Chain()
    rest = sorted(links, key=lambda link: link.place)
    last = since
    for n, link in enumerate(rest):
        if _came_back_first(chain, rest, n):
            rest[n], rest[n + 1] = replace(rest[n + 1], at=link.at), link
            chain.codes[rest[n].id].append("ORDER_ASSUMED")
            link = rest[n]
        if last is not None and _same_scan(last, link):
            chain.codes[link.id].append("DUPLICATE_SCAN")
            continue
        if link.kind == "loan":
            _lend(chain, item.item, link, rest)
        elif link.kind == "return":
            _take_back(chain, link, rest[n + 1 :])
        else:
            _renew(chain, item, link, policies.get(link.policy))
        last = link
    held = _open(chain)
    if held is not None and _may_be_over(held, rest):
        chain.loans[-1] = replace(held, doubt=True)
    return chain


def settled(links: Sequence[Link], keep: int) -> Link | None:
    """Return the latest fact, with ``keep`` at least behind it, that all before it ended with.

    It is a return that nothing can change but a fact from before the one after it: the item is back,
    and it is the last thing that was not said twice. ``links`` are in their order. Only the doubt
    about an open loan still hangs on what was before, unless the loan :func:`is_beyond` it.
    """
    for n in range(len(links) - 1 - keep, 0, -1):
        before, back = links[n - 1], links[n]
        if back.kind == "return" and before.kind != "return" and not _may_swap(before, back):
            return back
    return None


def reach(links: Iterable[Link]) -> int:
    """Return until when the last of the returns among these facts may have been; 0: there is none."""
    return max((link.at + link.unc for link in links if link.kind == "return"), default=0)


def is_beyond(links: Iterable[Link], reach: int) -> bool:
    """Return whether no loan among these can have been before a return of that :func:`reach`."""
    return all(link.kind != "loan" or link.at - link.unc > reach for link in links)


def _open(chain: Chain) -> Tenure | None:
    return chain.loans[-1] if chain.loans and chain.loans[-1].ended is None else None


def _came_back_first(chain: Chain, links: list[Link], n: int) -> bool:
    """Tell whether a loan's clock hides that the item came back before it went out again (R3)."""
    held = _open(chain)
    if held is None or n + 1 >= len(links):
        return False
    loan, back = links[n], links[n + 1]
    return back.kind == "return" and loan.reader != held.reader and _may_swap(loan, back)


def _may_swap(loan: Link, back: Link) -> bool:
    """Tell whether the clocks of two machines leave open which of the two was first."""
    return (
        loan.kind == "loan"
        and loan.device != back.device
        and back.at - back.unc <= loan.at + loan.unc
    )


def _may_be_over(held: Tenure, links: list[Link]) -> bool:
    """Tell whether a return that stands before the open loan may have come after it."""
    loan = next(link for link in links if link.id == held.id)
    return any(
        link.kind == "return"
        and (link.device, link.epoch) != (loan.device, loan.epoch)
        and link.at <= loan.at <= link.at + link.unc + loan.unc
        for link in links
    )


def _same_scan(last: Link, link: Link) -> bool:
    return (
        last.kind == link.kind
        and last.device == link.device
        and last.card == link.card
        and link.at - last.at <= SAME_SCAN_MS
    )


def _lend(chain: Chain, item: str, link: Link, links: list[Link]) -> None:
    if link.reader is None:
        return  # UNKNOWN_CARD was said on arrival; nobody to lend to until staff assign one
    held = _open(chain)
    if held is not None and held.reader == link.reader:
        chain.codes[link.id].append("ALREADY_ON_LOAN_SAME")
        return
    if held is not None:
        chain.loans[-1] = replace(held, ended=link.at, ended_by=link.id)
        chain.codes[held.id].append("SUPERSEDED")
        if link.arrival > next(one.arrival for one in links if one.id == held.id):
            chain.codes[link.id].append("OTHER_LOAN_CLOSED")
        elif not _may_be_over(
            held, links
        ):  # told late: both readers may have a copy of this number
            chain.codes[held.id].append("NO_RETURN_SEEN")
    chain.loans.append(Tenure(link.id, item, link.reader, link.at, link.due, cap=link.cap))


def _take_back(chain: Chain, link: Link, later: list[Link]) -> None:
    held = _open(chain)
    if held is not None:
        chain.loans[-1] = replace(held, ended=link.at, ended_by=link.id)
        return
    known = later and later[0].kind == "loan" and later[0].arrival < link.arrival
    chain.codes[link.id].append("RETURN_BEFORE_LOAN" if known else "NOT_ON_LOAN")


def _renew(chain: Chain, item: ItemView, link: Link, policy: Policy | None) -> None:
    held = _open(chain)
    if held is None or policy is None or held.reader != link.reader:
        chain.codes[link.id].append("RENEWAL_REFUSED")
        return
    view = LoanView(
        item=item.item, reader=held.reader, due=held.due, since=held.since, renewals=held.renewals
    )
    then = msgspec.structs.replace(item, held=link.held, held_for=link.held_for)
    verdict = decide_renewal(policy, link.view, then, view, now=link.at)
    if not verdict.ok:
        chain.codes[link.id].append("RENEWAL_REFUSED")
        return
    chain.loans[-1] = replace(held, due=max(held.due, verdict.due), renewals=held.renewals + 1)
    chain.codes[link.id].append("RENEWED")
