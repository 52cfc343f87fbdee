"""Reads what the chains of items are reckoned from: all their facts, or those since a settled one.

An item that was lent hundreds of times is not reckoned from its first loan every time. What came
before a settled return (:func:`gateway.chain.settled`) stays as it is, unless something is told
that happened before it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edge.circulation.model import ItemView
from gateway.assess import Assessed
from gateway.chain import Kind, Link, Tenure, is_beyond, reach, settled
from gateway.ledger.store import Store

LONG, KEEP = 48, 12
"""More facts than this are not reckoned again each time; so many of the last ones always are."""
NEVER = 1 << 62
"""Later than any time, and more than any number."""
_LINK = (
    "f.id, f.kind, f.at, f.unc, f.device, f.epoch, f.seq, f.arrival, f.card, f.item, f.assessed, "
    "f.chained"
)
_OF_CHAINS = "f.arrival <= ? AND +f.kind IN ('loan', 'return', 'renewal_wish') AND NOT f.voided"
_ALL = f"SELECT {_LINK} FROM facts f WHERE f.item IN ({{}}) AND {_OF_CHAINS}"  # noqa: S608
_LATEST = (
    f"SELECT {_LINK} FROM settled s JOIN facts f ON f.item = s.item AND f.at >= s.at "  # noqa: S608
    f"WHERE s.item IN ({{}}) AND {_OF_CHAINS}"
)
_TENURE = "l.id, l.item, l.reader, l.since, l.due, l.renewals, l.ended, l.ended_by, l.cap, l.doubt"
_LOANS = f"SELECT l.over, {_TENURE} FROM loans l WHERE l.item IN ({{}})"  # noqa: S608
_LATEST_LOANS = (
    f"SELECT l.over, {_TENURE} FROM settled s JOIN loans l ON l.item = s.item "  # noqa: S608
    "AND l.since >= s.at WHERE s.item IN ({})"
)
_assessed = msgspec.json.Decoder(Assessed)


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a caller knows already: ``views`` of the items, and ``links`` (item, fact) that came.

    Facts with a higher arrival number than ``after`` are not read again; all others are as they
    were when these items were reckoned last.
    """

    views: Mapping[str, ItemView]
    links: Sequence[tuple[str, Link]] = ()
    after: int = NEVER


@dataclass(slots=True)
class Strand:
    """The facts of one item in their order, those after ``since`` (None: all of them).

    ``reach``: of the returns up to there.
    """

    links: list[Link]
    since: Link | None = None
    reach: int = 0


class Strands:
    """The facts of some items, and the loans that they came to so far."""

    def __init__(self, store: Store, items: Collection[str], fresh: Fresh | None) -> None:
        """Read; without ``fresh`` everything."""
        self._store = store
        self._after = fresh.after if fresh else NEVER
        self.codes: dict[str, str] = {}
        found = store.among("SELECT item, fact, reach FROM settled WHERE item IN ({})", items)
        self._marks: dict[str, tuple[str, int]] = {item: (fact, far) for item, fact, far in found}
        added: defaultdict[str, list[Link]] = defaultdict(list)
        for item, link in fresh.links if fresh else ():
            added[item].append(link)
            self.codes[link.id] = "[]"
        self._strands = self._since(added) if fresh else {}
        whole = self._links(_ALL, [item for item in items if item not in self._strands])
        for item in items:
            if item not in self._strands:
                self._strands[item] = Strand(_ordered([*whole[item], *added[item]]))

    def __getitem__(self, item: str) -> Strand:
        """Return the strand of an item."""
        return self._strands[item]

    def loans(self) -> Iterator[tuple[int, Tenure]]:
        """Yield the loans that these facts came to, each with its mark of being over the limit."""
        latest = {item: one for item, one in self._strands.items() if one.since is not None}
        for over, *row in self._store.among(_LOANS, self._strands.keys() - latest.keys()):
            yield over, Tenure(*row)
        here = {link.id for one in latest.values() for link in one.links}
        for over, *row in self._store.among(_LATEST_LOANS, latest):
            if row[0] in here:
                yield over, Tenure(*row)

    def settle(self) -> None:
        """Note from where to reckon next time, for items whose strand is long."""
        marks, gone = [], []
        for item, strand in self._strands.items():
            if len(strand.links) > LONG and (back := settled(strand.links, KEEP)):
                before = strand.links[: strand.links.index(back) + 1]
                marks.append((item, back.id, back.at, max(strand.reach, reach(before))))
            elif strand.since is None and item in self._marks:
                gone.append((item,))
        self._store.many("DELETE FROM settled WHERE item = ?", gone)
        self._store.many("INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?)", marks)

    def _since(self, added: Mapping[str, list[Link]]) -> dict[str, Strand]:
        """Return the strands since a settled fact, of items to which nothing earlier was added."""
        found = {}
        for item, links in self._links(_LATEST, self._marks).items():
            links.sort(key=_place)
            fact, far = self._marks[item]
            at = next((n for n, one in enumerate(links) if one.id == fact), None)
            if at is None or at + 1 == len(links):
                continue
            rest = [*links[at + 1 :], *added[item]]
            if is_beyond(rest, far) and all(one.place > rest[0].place for one in added[item]):
                found[item] = Strand(_ordered(rest), links[at], far)
        return found

    def _links(self, sql: str, items: Collection[str]) -> defaultdict[str, list[Link]]:
        found: defaultdict[str, list[Link]] = defaultdict(list)
        for *known, item, assessed, chained in self._store.among(sql, items, self._after):
            link = link_of(_assessed.decode(assessed), *known)
            found[item].append(link)
            self.codes[link.id] = chained
        return found


def _place(link: Link) -> tuple[int, str, str, int, str]:
    return link.place


def _ordered(links: list[Link]) -> list[Link]:
    if len(links) > 1:
        links.sort(key=_place)
    return links


def link_of(
    known: Assessed, ident: str, kind: Kind, at: int, unc: int, device: str, epoch: str,
    seq: int, arrival: int, card: str,
) -> Link:  # fmt: skip
    """Return a fact as the chain of its item has it."""
    return Link(
        id=ident,
        kind=kind,
        at=at,
        unc=unc,
        device=device,
        epoch=epoch,
        seq=seq,
        arrival=arrival,
        card=card,
        reader=known.reader,
        due=known.due,
        view=known.view,
        policy=known.policy,
        cap=known.limit if known.offline else 0,
        held=known.held,
        held_for=known.held_for,
    )
