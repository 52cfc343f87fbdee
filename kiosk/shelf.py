"""The shelf of a visit: what lies on the pad, what was done with it, and what may be done next."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edge.items import PadItem

MISSES = 3
"""A thing that misses so many looks in a row has left the pad; tags in a stack flicker."""
LIFTED = 8
"""A thing that missed so many was lifted by a hand: put down again it may be for something else."""
RESCUABLE = frozenset({"blank", "unreadable", "torn", "template"})
"""Tags whose number a barcode can give."""


class RowState(StrEnum):
    """How a row stands; the page has an icon and a colour for each."""

    READY = "ready"
    WORKING = "working"
    LENT = "lent"
    RETURNED = "returned"
    ALREADY = "already"
    REFUSED = "refused"
    ARMED = "armed"
    PUT_BACK = "put_back"
    TROUBLE = "trouble"
    LEFT = "left"


R = RowState
SETTLED = frozenset({R.LENT, R.RETURNED, R.ALREADY, R.REFUSED, R.ARMED})


class Deed(StrEnum):
    """What was done, as it stands on the receipt."""

    LENT = "lent"
    RETURNED = "returned"
    RENEWED = "renewed"


@dataclass(frozen=True, slots=True)
class Done:
    """A line of the receipt. ``due`` in ms, 0 for returns; ``sure``: the centre agreed."""

    deed: Deed
    item: str
    title: str
    due: int = 0
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A thing of this visit. ``say`` is the key of its sentence, ``due`` and ``n`` belong to it.

    ``left``: it lay there when the visit began. ``deed``: what was recorded of it in this visit.
    """

    key: str
    pad: PadItem
    state: RowState = R.READY
    say: str = "row.ready"
    due: int = 0
    n: int = 0
    deed: Deed | None = None
    on_pad: bool = True
    misses: int = 0
    left: bool = False

    @property
    def waits(self) -> bool:
        """Whether something can be done with it now."""
        return self.deed is None and self.state in (R.READY, R.PUT_BACK)


@dataclass(frozen=True, slots=True)
class Change:
    """What a look changed: rows came or went; some came; some of them are new; all are gone."""

    any: bool = False
    came: bool = False
    new: bool = False
    cleared: bool = False


def key_of(pad: PadItem) -> str:
    """Return what names a thing in this visit: its number, or its tag."""
    return pad.item if pad.item else f"tag:{pad.key}"


def arrival(pad: PadItem, *, left: bool = False) -> Row:
    """Return the row of a thing that was just put down."""
    row = Row(key_of(pad), pad, left=left)
    if pad.trouble:
        return replace(row, state=R.TROUBLE, say=f"tag.{_word(pad.trouble)}")
    if left:
        return replace(row, state=R.LEFT, say="row.left")
    if pad.missing:
        return replace(row, state=R.PUT_BACK, say="bor.partial_set")
    return row


def _word(trouble: str) -> str:
    known = {"blank", "unreadable", "foreign", "card", "torn"}
    return trouble if trouble in known else "blank" if trouble == "template" else "unreadable"


@dataclass(slots=True)
class Shelf:
    """The rows of a visit in order of arrival, and the receipt as it grows.

    ``goal`` is what things put down now are for; ``latest`` came together last; ``known`` were
    seen at any time.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    goal: Deed | None = None
    latest: frozenset[str] = frozenset()
    known: set[str] = field(default_factory=set)

    def look(self, seen: Iterable[PadItem]) -> Change:
        """Take in what a look at the pad saw."""
        before = self._on_pad()
        here = {self._key(pad): pad for pad in seen}
        came = frozenset(key for key, pad in here.items() if self._met(key, pad))
        new = came - self.known
        self.known |= came
        self.latest = came or self.latest
        for key, row in list(self.rows.items()):
            if key not in here and row.pad.by == "tag":
                self._missed(key, row)
        after = self._on_pad()
        return Change(before != after, bool(came), bool(new), bool(before) and not after)

    def add(self, pad: PadItem) -> bool:
        """Add a book by its barcode; False when it is here already.

        When exactly one tag on the pad could not be read, it is taken for this book's.
        """
        if pad.item is None or (pad.item in self.rows and self.rows[pad.item].deed is None):
            return False
        lost = [r for r in self.rows.values() if r.on_pad and r.pad.trouble in RESCUABLE]
        if len(lost) == 1:
            tag = lost[0].pad
            del self.rows[lost[0].key]
            pad = replace(pad, uid=tag.uid, tags=tag.tags, afi=tag.afi, format=tag.format)
        self.rows[pad.item or ""] = Row(pad.item or "", pad)
        return True

    def put(self, key: str, state: RowState, say: str, due: int = 0, n: int = 0) -> None:
        """Change how a row stands."""
        if key in self.rows:
            self.rows[key] = replace(self.rows[key], state=state, say=say, due=due, n=n)

    def note(self, done: Done, key: str = "") -> None:
        """Write a line on the receipt, and on the row it belongs to."""
        self.done.append(done)
        if key in self.rows:
            self.rows[key] = replace(self.rows[key], deed=done.deed)

    def waiting(self, *, returning: bool = False) -> list[Row]:
        """Return the rows that something can be done with; a set in parts only when returning."""
        return [
            row
            for row in self.rows.values()
            if row.on_pad and row.waits and (returning or not row.pad.missing)
        ]

    def own(self) -> list[Row]:
        """Return what lies here and is on loan to this reader already; nobody asked to keep it yet."""
        return [
            row
            for row in self.rows.values()
            if row.on_pad and row.state is R.ALREADY and row.say == "row.already"
        ]

    def shaky(self) -> list[Row]:
        """Return up to two rows that the pad sees least surely: books that hide another's tag."""
        here = [row for row in self.rows.values() if row.on_pad and row.pad.missed]
        return sorted(here, key=lambda row: row.pad.reads / row.pad.missed)[:2]

    def counted(self, deed: Deed) -> int:
        """Return how many lines of the receipt are of this kind."""
        return sum(done.deed is deed for done in self.done)

    def forget(self, fresh: frozenset[str] = frozenset()) -> "Shelf":
        """Return the shelf of the next visit: what still lies there was left, but for the fresh."""
        rows = [
            arrival(row.pad, left=key not in fresh)
            for key, row in self.rows.items()
            if row.on_pad and _real(row)
        ]
        return Shelf({row.key: row for row in rows}, known=set(self.rows))

    def _key(self, pad: PadItem) -> str:
        """Return the row of a thing; a tag without a number may belong to a scanned book."""
        if pad.item is None:
            for key, row in self.rows.items():
                if row.pad.by == "barcode" and row.pad.uid == pad.uid:
                    return key
        return key_of(pad)

    def _met(self, key: str, pad: PadItem) -> bool:
        """Update or add a row; return whether it is one that came now."""
        old = self.rows.get(key)
        if old is None or self._anew(old, pad):
            self.rows[key] = arrival(pad, left=old.left and old.on_pad if old else False)
            return not self.rows[key].left
        self.rows[key] = replace(old, pad=_merged(old.pad, pad), on_pad=True, misses=0)
        return False

    def _anew(self, old: Row, pad: PadItem) -> bool:
        """Whether what is seen again is a new thing to do."""
        if old.deed is None:
            return not old.on_pad or old.pad.missing != pad.missing
        return self.goal is not None and old.deed is not self.goal and old.misses >= LIFTED

    def _missed(self, key: str, row: Row) -> None:
        if row.state is R.WORKING:
            return
        misses = min(row.misses + 1, LIFTED)
        keeps = (
            row.deed or row.state in SETTLED or (row.state is R.PUT_BACK and not row.pad.missing)
        )
        if misses >= MISSES and not keeps:
            del self.rows[key]
        else:
            self.rows[key] = replace(row, on_pad=misses < MISSES, misses=misses)

    @property
    def holds_tags(self) -> bool:
        """Whether anything with a tag lies on the pad now."""
        return any(row.on_pad and row.pad.by == "tag" for row in self.rows.values())

    def _on_pad(self) -> set[str]:
        return {key for key, row in self.rows.items() if row.on_pad and _real(row)}


def _merged(old: PadItem, new: PadItem) -> PadItem:
    """Keep the number that a barcode gave, with the tags as they are now."""
    if old.by == "tag" or not new.tags:
        return new
    return replace(old, tags=new.tags, uid=new.uid, afi=new.afi)


def _real(row: Row) -> bool:
    return row.pad.by == "tag"
