"""Write a tag so that no tear leaves a wrong number, and prove it by reading back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from drivers.errors import DriverError, RefusedError
from drivers.ports import AirItemReader, Bank, BankKind, DsfidWriter, ItemReader, TagInfo, UserBank
from drivers.tags import (
    AFI_IN,
    AFI_OUT,
    DSFID,
    Format,
    NewTag,
    TagContent,
    TagError,
    choose,
    decode,
    encode,
    encode_over,
    encode_user,
    is_known_user,
)
from edge.tagtools.intents import Intent, Intents, Step

_ROUNDS = 3


class NotTakenError(DriverError):
    """The tag does not hold what was written; the text says which part."""

    hint = "Try once more; if it fails again the tag is worn or locked: take a new one."


class OtherItemError(DriverError):
    """The tag belongs to another item, or to a card."""

    hint = "Check that this is the right book; to write over it all the same use --overwrite."


@dataclass(frozen=True, slots=True)
class Found:
    """A tag as it was read; ``user`` is the user bank of a UHF tag, ``told`` what that says."""

    info: TagInfo
    memory: bytes
    content: TagContent
    user: bytes = b""
    told: TagContent | None = None

    @property
    def uid(self) -> bytes:
        """The tag's own number."""
        return self.info.uid


@dataclass(frozen=True, slots=True)
class Rules:
    """How this library's tags look. ``format`` None: as the tag has it, else the usual one."""

    owner: str = ""
    format: Format | None = None
    usage: int = 0x10
    afi: str = "auto"
    """in, out, keep; auto: keep what the library uses, else in."""
    afi_in: int = AFI_IN
    afi_out: int = AFI_OUT
    overwrite: bool = False

    def state(self, now: int | None) -> int:
        """Return the loan state of a UHF tag that is written anew; auto and keep: as it is now."""
        if self.afi in ("auto", "keep") and now in (self.afi_in, self.afi_out):
            return now
        return self.afi_out if self.afi == "out" else self.afi_in

    def wanted_afi(self, now: int | None) -> int | None:
        """Return the AFI to write, None to leave it."""
        if now is None or self.afi == "keep":
            return None
        if self.afi == "auto":
            return None if now in (self.afi_in, self.afi_out) else self.afi_in
        wanted = self.afi_out if self.afi == "out" else self.afi_in
        return None if wanted == now else wanted


class Outcome(StrEnum):
    """What became of a tag."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    RESUMED = "resumed"
    NOTHING = "nothing"
    GIVEN_UP = "given_up"
    """The open write was for a tag that somebody else has written since."""


class TagBench:
    """One RFID reader, the open writes, and the rules. Errors are DriverErrors and TagErrors."""

    def __init__(self, reader: ItemReader, intents: Intents, rules: Rules | None = None) -> None:
        """Work with ``reader``."""
        self._reader = reader
        self._intents = intents
        self.rules = rules or Rules()

    async def seen(self) -> list[bytes]:
        """Return the UIDs of the tags in the field, sorted."""
        return sorted(tag.uid for tag in await self._reader.inventory())

    async def read(self, uid: bytes) -> Found:
        """Return everything a tag holds; TagLostError if it leaves."""
        info = await self._reader.info(uid)
        memory = await self._reader.read(uid, 0, info.block_count)
        content = decode(
            memory, dsfid=info.dsfid, afi=info.afi, block_size=info.block_size, bank=info.bank,
            afis=(self.rules.afi_in, self.rules.afi_out),
        )  # fmt: skip
        user = b""
        if info.bank and isinstance(self._reader, UserBank):
            user = await self._reader.read_user(uid)
        kind: BankKind = "mb11-alliance" if info.bank == "mb01-alliance" else "mb11"
        told = decode(user, bank=kind) if any(user) else None
        return Found(info, memory, content, user, told)

    def plan(self, found: Found, tag: NewTag) -> Intent:
        """Return what to write; OtherItemError or TagError if that must not or cannot be."""
        held = found.content
        if not self.rules.overwrite:
            if held.is_card:
                raise OtherItemError("this is a reader's card, not a book")
            if held.item_id not in (None, tag.item_id):
                raise OtherItemError(f"this tag belongs to item {held.item_id}")
            if held.format == "unknown" and held.checksum != "bad":
                raise OtherItemError("this tag holds something that we do not know")
        if found.info.bank:
            return self._plan_air(found, tag)
        size, block_size = len(found.memory), found.info.block_size
        chosen = self.rules.format or choose(tag, size, block_size, found=held.format)
        image = encode(tag, chosen, size, block_size, keep=_not_ours(found))
        dsfid = DSFID[chosen] if self._can_label(found) else None
        told = DSFID[chosen] if dsfid is not None else found.info.dsfid
        _prove(tag, decode(image, dsfid=told, block_size=block_size))
        return Intent(
            found.uid, tag.item_id, block_size, found.memory, image,
            dsfid=None if dsfid == found.info.dsfid else dsfid,
            afi=self.rules.wanted_afi(found.info.afi), format=chosen,
        )  # fmt: skip

    def steps(self, intent: Intent) -> Sequence[Step]:
        """Return the blocks that a write would change, in their order (for a dry run)."""
        return intent.steps(intent.before, intent.user_before)

    def remark(self, found: Found, intent: Intent) -> str:
        """Return what this reader leaves undone, in words; empty when nothing is."""
        right = DSFID.get(intent.format)  # type: ignore[call-overload]
        if found.info.dsfid in (None, right) or right is None or self._can_label(found):
            return ""
        now = _hex(found.info.dsfid)
        return f"DSFID stays {now}, {_hex(right)} is usual: this reader cannot write it"

    async def write(self, intent: Intent) -> Outcome:
        """Write and verify. After TagLostError the rest is kept, and :meth:`resume` does it.

        A tag that refuses a block gets back what it held, and RefusedError is raised.
        """
        if not self.steps(intent) and intent.dsfid is None and intent.afi is None:
            return Outcome.UNCHANGED
        self._intents.keep(intent)
        try:
            await self._finish(intent)
        except RefusedError:
            undo = replace(
                intent, image=intent.before, before=intent.image, dsfid=None, afi=None,
                user_image=intent.user_before, user_before=intent.user_image,
            )  # fmt: skip
            self._intents.keep(undo)
            await self._finish(undo)
            raise
        return Outcome.WRITTEN

    async def resume(self, uid: bytes) -> Outcome:
        """Finish a write that was torn; NOTHING if there is none."""
        intent = self._intents.of(uid)
        if intent is None:
            return Outcome.NOTHING
        found = await self.read(uid)
        if not intent.belongs(found.memory, found.user[: len(intent.user_image)]):
            self._intents.done(uid)
            return Outcome.GIVEN_UP
        await self._finish(intent)
        return Outcome.RESUMED

    def open_item(self, uid: bytes) -> str | None:
        """Return the item of a write that is open on this tag."""
        intent = self._intents.of(uid)
        return intent.item if intent else None

    async def set_labels(self, found: Found) -> bool:
        """Put DSFID and AFI right for what a good tag holds; say whether anything was changed.

        A UHF reader sees far, and parcels carry ISO words too: there the owner must be ours.
        """
        if found.info.bank and not (self.rules.owner and found.content.owner == self.rules.owner):
            return False
        model = found.content.format
        right = DSFID.get(model) if found.content.item_id else None  # type: ignore[call-overload]
        dsfid = right if self._can_label(found) and right != found.info.dsfid else None
        afi = self.rules.wanted_afi(found.info.afi)
        await self._set_labels(found.uid, dsfid, afi)
        return dsfid is not None or afi is not None

    def _plan_air(self, found: Found, tag: NewTag) -> Intent:
        """Return what to write on a UHF tag: its loan state stands in the image itself."""
        reader, kind = self._reader, found.info.bank
        if self.rules.format is not None:
            raise TagError(f"a UHF tag is written as its reader is set ({kind}): no --format")
        if not isinstance(reader, AirItemReader) or not reader.is_lasting(found.uid):
            raise TagError("the tag's own number (TID) was not heard: lay it down once more")
        afi = self.rules.state(found.info.afi if found.content.item_id else None)
        user = self._plan_user(found, tag)
        used = any(user) if user else None
        image = reader.with_state(encode_over(tag, found.memory, kind, afi, user=used), afi)
        told = decode(image, bank=kind)
        _prove(tag, told)
        return Intent(
            found.uid, tag.item_id, found.info.block_size, found.memory, image,
            format=told.format, bank=kind,
            user_before=found.user if user else b"", user_image=user,
        )  # fmt: skip

    def _plan_user(self, found: Found, tag: NewTag) -> bytes:
        """Return the user bank to write, empty to leave it alone."""
        kind = found.info.bank
        user = encode_user(tag, found.user, kind)
        if is_known_user(found.user, kind) or self.rules.overwrite:
            return user
        if any(user):
            raise OtherItemError("the user bank of this tag holds something that we do not know")
        return b""

    def _can_label(self, found: Found) -> bool:
        return found.info.dsfid is not None and isinstance(self._reader, DsfidWriter)

    async def _finish(self, intent: Intent) -> None:
        """Write what differs until reading back shows that nothing does."""
        for _ in range(_ROUNDS):
            steps = intent.steps(*await self._memory(intent))
            if not steps:
                break
            for step in steps:
                await self._write(intent, *step)
        else:
            memory, user = await self._memory(intent)
            if intent.steps(memory, user):
                where = _differing(memory, intent.image, intent.block_size)
                where += _differing(user, intent.user_image, intent.block_size, "user bank ")
                raise NotTakenError(f"blocks {', '.join(where)} do not keep their data")
        await self._set_labels(intent.uid, intent.dsfid, intent.afi)
        self._intents.done(intent.uid)

    async def _write(self, intent: Intent, bank: Bank | None, first: int, data: bytes) -> None:
        if bank is None:
            await self._reader.write(intent.uid, first, data, intent.block_size)
        elif isinstance(self._reader, UserBank):
            await self._reader.write_user(intent.uid, first, data)

    async def _memory(self, intent: Intent) -> tuple[bytes, bytes]:
        """Read what is to be compared with the images; a UHF tag has as many words as it says now."""
        count = len(intent.image) // intent.block_size
        if intent.bank:
            count = (await self._reader.info(intent.uid)).block_count
        memory = await self._reader.read(intent.uid, 0, count)
        user = b""
        if intent.user_image and isinstance(self._reader, UserBank):
            user = await self._reader.read_user(intent.uid, len(intent.user_image) // 2)
        return memory, user

    async def _set_labels(self, uid: bytes, dsfid: int | None, afi: int | None) -> None:
        if dsfid is not None and isinstance(self._reader, DsfidWriter):
            await self._reader.write_dsfid(uid, dsfid)
        if afi is not None:
            await self._reader.write_afi(uid, afi)
        if dsfid is None and afi is None:
            return
        info = await self._reader.info(uid)
        if dsfid is not None and info.dsfid != dsfid:
            raise NotTakenError(f"DSFID is {_hex(info.dsfid)} and not {_hex(dsfid)}")
        if afi is not None and info.afi != afi:
            raise NotTakenError(f"AFI is {_hex(info.afi)} and not {_hex(afi)}")


def faults(found: Found, rules: Rules, item: str | None = None) -> list[str]:
    """Return what is wrong with a tag, in words; empty when all is well."""
    content, info = found.content, found.info
    if content.format == "blank":
        return ["the tag is blank"]
    words = []
    if content.checksum == "bad":
        words.append("the data are damaged (checksum)")
    if content.item_id is None:
        words.append("there is no item number that can be trusted")
    elif item is not None and content.item_id != item:
        words.append(f"the tag says {content.item_id}, expected was {item}")
    if rules.owner and content.owner != rules.owner:
        words.append(f"the owner is {content.owner or 'not told'} and not {rules.owner}")
    right = DSFID.get(content.format)  # type: ignore[call-overload]
    if right is not None and info.dsfid not in (None, right):
        words.append(f"DSFID is {_hex(info.dsfid)} and not {_hex(right)}")
    if info.afi not in (None, rules.afi_in, rules.afi_out):
        words.append(f"AFI is {_hex(info.afi)}, which is neither in stock nor on loan")
    return words + [text for text in content.warnings if not text.startswith("AFI ")]


def _prove(tag: NewTag, told: TagContent) -> None:
    """Raise TagError if any reader of the image would be told something else than was asked for."""
    if told.item_id != tag.item_id:
        raise TagError(
            f"item {tag.item_id!r} would be read as {told.item_id!r}; choose another --format"
        )
    if tag.owner and told.owner != tag.owner:
        raise TagError(
            f"{told.format} cannot say that the owner is {tag.owner}: leave --owner out, "
            f"or choose another --format"
        )


def _not_ours(found: Found) -> bytes:
    """Return what stays behind the item: a vendor's mark in the last block, and no old data."""
    size = found.info.block_size
    memory = found.memory
    if found.content.format in ("blank", "unknown"):
        mark = memory[-size:] if not any(memory[:-size]) else b""
    else:
        mark = memory[-size:] if not any(memory[-2 * size : -size]) else b""
    return mark.rjust(len(memory), b"\0") if mark else b""


def _differing(memory: bytes, image: bytes, size: int, name: str = "") -> list[str]:
    return [
        f"{name}{at // size}"
        for at in range(0, len(image), size)
        if memory[at : at + size] != image[at : at + size]
    ]


def _hex(value: int | None) -> str:
    return "not told" if value is None else f"{value:02X}"
