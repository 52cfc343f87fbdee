"""The items on an antenna: tags read, understood and matched with the catalogue, once each.

A tag is read when it comes and remembered while it stays. Several tags of one copy (a set in parts,
an old label under a new one) are one item with several tags.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drivers.errors import RefusedError, TagLostError
from drivers.ports import ItemReader, SeenTag, TagInfo
from drivers.tags import TagContent, decode
from edge.circulation.model import ItemView
from edge.wire.facts import Evidence

if TYPE_CHECKING:
    from edge.device import Device
    from edge.replica import Replica

HEAD_BYTES = 36
"""Enough for a whole ISO 28560-3 basic block (34 bytes with a long owner)."""
FORGET_AFTER = 3
"""A tag may miss so many looks in a row and is still remembered: tags in a stack flicker."""
GIVE_UP_AFTER = 3
"""A tag that is in the field and could not be read so many times is shown as unreadable."""
SMALLEST = 8
"""Blocks that every ISO 15693 tag has, also one that does not tell its size."""


@dataclass(frozen=True, slots=True)
class PadItem:
    """An item as it lies there.

    ``trouble`` is empty, or why it cannot be handled: ``blank``, ``unreadable``, ``torn``,
    ``template`` (a well-formed tag without a number), ``foreign`` (another library's), ``card``.
    ``tags`` are all tags of the copy with their AFI (None: not known), ``uid`` the first of them;
    no tag at all when the number came ``by`` barcode and the catalogue knows no tag. ``missing``
    counts the parts of a set that were not seen. ``reads``: looks that saw it; ``missed``: looks
    that did not, though it lay there, because it was seen again.
    """

    uid: bytes
    item: str | None = None
    title: str = ""
    author: str = ""
    format: str = ""
    owner: str | None = None
    part: int | None = None
    parts: int | None = None
    afi: int | None = None
    trouble: str = ""
    by: str = "tag"
    tags: tuple[tuple[bytes, int | None], ...] = ()
    missing: int = 0
    reads: int = 0
    missed: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The UID in hex, as facts, catalogue and screens say it; empty without a tag."""
        return self.uid.hex().upper()

    def evidence(self, afi_after: int | None = None) -> Evidence:
        """Return how this item was identified, with its security byte before and after."""
        return Evidence(
            by="barcode" if self.by == "barcode" else "tag",
            uid=self.key or None,
            format=self.format or None,
            reads=self.reads,
            afi_before=self.afi,
            afi_after=afi_after,
        )


@dataclass(slots=True)
class _Seen:
    """What is remembered of a tag while it stays."""

    item: PadItem | None = None
    looks: int = 0
    failures: int = 0
    absent: int = 0
    missed: int = 0
    order: int = 0
    antenna: int = 0


@dataclass(slots=True)
class Reads:
    """How well an antenna sees what lies there."""

    seen: int = 0
    missed: int = 0

    @property
    def percent(self) -> float:
        """Return the looks out of a hundred that saw."""
        return round(100 * self.seen / max(1, self.seen + self.missed), 1)


class PadWatch:
    """Looks at the items over one RFID reader."""

    def __init__(self, device: "Device[ItemReader]", replica: "Replica") -> None:
        self._device = device
        self._replica = replica
        self._seen: dict[bytes, _Seen] = {}
        self._arrivals = 0
        self._reads: dict[int, Reads] = {}

    async def look(self) -> list[PadItem]:
        """Return the items that are there now, in order of arrival.

        A tag that leaves while it is read is left out. Raises what the device raises when it is
        away; what was known stays known.
        """
        tags = await self._device.call(lambda reader: reader.inventory())
        self._age({tag.uid for tag in tags})
        for tag in tags:
            seen = self._seen.get(tag.uid) or self._arrived(tag.uid)
            self._count(seen, tag.antenna)
            if seen.item is None or seen.failures:
                seen.item = await self._read(tag, seen)
        here = sorted((s for s in self._seen.values() if s.item and not s.absent), key=_arrival)
        return together(replace(s.item, reads=s.looks, missed=s.missed) for s in here if s.item)

    @property
    def reads_percent(self) -> float:
        """How many looks out of a hundred saw a tag that lay there."""
        known = self._reads.values()
        return Reads(sum(r.seen for r in known), sum(r.missed for r in known)).percent

    def antennas(self) -> dict[int, float]:
        """Return the same for each antenna, where the reader tells which one saw a tag."""
        return {antenna: found.percent for antenna, found in self._reads.items() if antenna}

    def _count(self, seen: "_Seen", antenna: int) -> None:
        """Count a look that saw; those that missed it before go to the antenna that had seen it."""
        if seen.absent:
            self._reads.setdefault(seen.antenna, Reads()).missed += seen.absent
        self._reads.setdefault(antenna, Reads()).seen += 1
        seen.looks, seen.missed, seen.absent = seen.looks + 1, seen.missed + seen.absent, 0
        seen.antenna = antenna

    def note_afi(self, uid: bytes, afi: int) -> None:
        """Remember that this tag's security byte was changed and read back."""
        seen = self._seen.get(uid)
        if seen is not None and seen.item is not None:
            seen.item = replace(seen.item, afi=afi, tags=((uid, afi),))

    def forget(self) -> None:
        """Read every tag anew at the next look."""
        self._seen.clear()

    def _arrived(self, uid: bytes) -> _Seen:
        self._arrivals += 1
        self._seen[uid] = _Seen(order=self._arrivals)
        return self._seen[uid]

    def _age(self, here: set[bytes]) -> None:
        for uid, seen in list(self._seen.items()):
            seen.absent += uid not in here
            if seen.absent > FORGET_AFTER:
                del self._seen[uid]

    async def _read(self, tag: SeenTag, seen: _Seen) -> PadItem | None:
        try:
            info = await self._info(tag)
            content = await self._content(info)
        except (TagLostError, RefusedError):
            seen.failures += 1
            if seen.failures < GIVE_UP_AFTER:
                return None
            return identify(self._replica, TagInfo(tag.uid, tag.dsfid, None, 4, SMALLEST), None)
        seen.failures = 0
        return identify(self._replica, info, content)

    async def _info(self, tag: SeenTag) -> TagInfo:
        try:
            return await self._device.call(lambda reader: reader.info(tag.uid))
        except RefusedError:  # the oldest tags do not know the question
            return TagInfo(tag.uid, tag.dsfid, None, 4, SMALLEST)

    async def _content(self, info: TagInfo) -> TagContent:
        """Read as few blocks as the tag's format needs."""
        head = min(info.block_count, -(-HEAD_BYTES // info.block_size))
        if info.bank:  # short, and understood as a whole only
            head = info.block_count
        memory = await self._device.call(lambda reader: reader.read(info.uid, 0, head))
        content = understand(memory, info, partial=head < info.block_count)
        if head == info.block_count or _settled(content, self._replica.policy.owners):
            return content
        rest = info.block_count - head
        memory += await self._device.call(lambda reader: reader.read(info.uid, head, rest))
        return understand(memory, info)


def understand(memory: bytes, info: TagInfo, *, partial: bool = False) -> TagContent:
    """Decode a tag's memory, or the head of it, with what the tag says of itself."""
    return decode(
        memory, dsfid=info.dsfid, block_size=info.block_size, bank=info.bank, partial=partial
    )


def identify(replica: "Replica", info: TagInfo, content: TagContent | None) -> PadItem:
    """Return what an item is: by its tag, or else by the UID if the catalogue knows the tag."""
    trouble = _trouble(content, replica.policy.owners)
    view = replica.item(content.item_id) if content and content.item_id and not trouble else None
    if trouble in ("blank", "unreadable", "torn", "template"):
        view = replica.item_by_uid(info.uid)
        trouble = "" if view else trouble
    item_id = view.item if view else content.item_id if content and not trouble else None
    return PadItem(
        uid=info.uid,
        item=item_id,
        title=view.title if view else "",
        author=view.author if view else "",
        format=content.format if content else "",
        owner=content.owner if content else None,
        part=content.part if content else None,
        parts=content.parts if content else None,
        afi=info.afi,
        trouble=trouble,
        tags=((info.uid, info.afi),),
        warnings=tuple(content.warnings) if content else ("the tag could not be read",),
    )


def by_barcode(replica: "Replica", text: str) -> PadItem | None:
    """Return the item of a scanned number, or None when the catalogue does not have it."""
    view: ItemView | None = replica.item(text.strip())
    if view is None:
        return None
    uid = bytes.fromhex(view.uid) if view.uid else b""
    tags = ((uid, None),) if uid else ()
    return PadItem(
        uid=uid, item=view.item, title=view.title, author=view.author, by="barcode", tags=tags
    )


def together(items: Iterable[PadItem]) -> list[PadItem]:
    """Make one item of all tags that carry the same number, in order of first arrival."""
    groups: dict[object, list[PadItem]] = {}
    for one in items:
        groups.setdefault(one.item or one.uid, []).append(one)
    return [_join(group) for group in groups.values()]


def _join(group: Sequence[PadItem]) -> PadItem:
    first = group[0]
    parts = max((one.parts or 1 for one in group), default=1)
    seen = {one.part or 1 for one in group}
    return replace(
        first,
        tags=tuple(tag for one in group for tag in one.tags),
        missing=max(0, parts - len(seen)) if first.item and not first.trouble else 0,
        reads=max(one.reads for one in group),
        missed=max(one.missed for one in group),
        warnings=tuple(dict.fromkeys(w for one in group for w in one.warnings)),
    )


def _trouble(content: TagContent | None, owners: Sequence[str]) -> str:
    if content is None:
        return "unreadable"
    if content.is_card:
        return "card"
    if content.format == "blank":
        return "blank"
    if content.checksum == "bad":
        return "torn"
    if content.format == "unknown":
        return "unreadable"
    if not content.item_id:
        return "template"
    if owners and content.owner and content.owner not in owners:
        return "foreign"
    return ""


def _settled(content: TagContent, owners: Sequence[str]) -> bool:
    """Whether the head of the memory says all that is needed."""
    if content.format == "iso28560-3" and content.checksum == "ok":
        return True
    return bool(content.item_id) and bool(content.owner or not owners)


def _arrival(seen: _Seen) -> int:
    return seen.order
