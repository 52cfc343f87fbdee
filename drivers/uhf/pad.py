"""A UHF reader as the reader under a pad, a desk or a drop.

A tag shows its bank 01 (CRC, PC, EPC) as blocks of one word. Its UID stays while it lies there, also
when its EPC is written anew.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from drivers.errors import RefusedError, TagLostError
from drivers.ports import AirTag, Bank, Identified, SeenTag, TagInfo, UhfReader
from drivers.tags.uhf import bank_image
from drivers.uhf.names import Names
from drivers.uhf.rule import EPC_WORD, PC_WORD, UhfRule, is_lasting
from drivers.uhf.user import user_bank

R = TypeVar("R")
WORD = 2
_KEPT = 512
_SECURITY_NOT_ON_TAG = 0xA0


class UhfPad:
    """Implements :class:`drivers.ports.ItemReader` over any UHF reader."""

    def __init__(self, reader: UhfReader, rule: UhfRule, *, foreign: bool = False) -> None:
        """Use a reader that is ready; ``foreign`` shows tags too that are no library's."""
        self._reader = reader
        self._rule = rule
        self._foreign = foreign
        self._names = Names(reader, rule)
        self._epcs: OrderedDict[bytes, bytes] = OrderedDict()
        self._uids: dict[bytes, bytes] = {}
        self._states: dict[bytes, int] = {}

    async def identity(self) -> str:
        """Return model and firmware in words."""
        return (
            await self._reader.identity() if isinstance(self._reader, Identified) else "UHF reader"
        )

    async def inventory(self) -> list[SeenTag]:
        """Return every tag in the field now, each once, in no order."""
        seen = {await self._uid(tag): tag.antenna for tag in await self._ours()}
        self._forget_makeshift(seen)
        return [SeenTag(uid, antenna=antenna) for uid, antenna in seen.items()]

    async def info(self, uid: bytes) -> TagInfo:
        """Return size and security state of one tag; TagLostError if it does not answer."""
        epc, head = await self._found(uid, self._head)
        pc = int.from_bytes(head[WORD : 2 * WORD], "big")
        state = self._rule.security.state(pc, head[2 * WORD :])
        return TagInfo(
            uid,
            None,
            self._states.get(uid) if state is None else state,
            WORD,
            EPC_WORD + len(epc) // WORD,
            bank=self._rule.bank,
        )

    async def read(self, uid: bytes, first: int, count: int) -> bytes:
        """Return ``count`` words of bank 01; TagLostError if the tag leaves."""

        def ask(epc: bytes) -> Awaitable[bytes]:
            return self._reader.read(epc, Bank.EPC, first, count)

        return (await self._found(uid, ask))[1]

    async def write(self, uid: bytes, first: int, data: bytes, block_size: int) -> None:
        """Write words of bank 01; the CRC word is the chip's own and is left out."""
        if block_size != WORD or len(data) % WORD:
            raise ValueError(f"a UHF tag is written in blocks of {WORD} bytes, not {block_size}")
        if first < PC_WORD:
            first, data = PC_WORD, data[(PC_WORD - first) * WORD :]
        if not data:
            return
        epc, old = await self._found(uid, self._head)
        await self._reader.write(epc, Bank.EPC, first, data)
        image = bytearray(old.ljust((first + len(data)) * WORD, b"\0"))
        image[first * WORD : first * WORD + len(data)] = data
        end = (2 + (int.from_bytes(image[WORD : 2 * WORD], "big") >> 11)) * WORD
        if end <= len(image):
            self._moved(uid, epc, bytes(image[2 * WORD : end]))
        else:  # the EPC has grown by words that were never read
            self._uids.pop(epc, None)
            self._epcs.pop(uid, None)

    async def read_user(self, uid: bytes, words: int | None = None) -> bytes:
        """Return so many words of the user bank, else all that there are; TagLostError if it leaves."""
        epc, _ = await self._found(uid, self._head)
        if words is None:
            return await user_bank(self._reader, epc)
        return await self._reader.read(epc, Bank.USER, 0, words)

    async def write_user(self, uid: bytes, first: int, data: bytes) -> None:
        """Write whole words from word ``first``; after TagLostError any part may be written."""
        epc, _ = await self._found(uid, self._head)
        await self._reader.write(epc, Bank.USER, first, data)

    async def write_afi(self, uid: bytes, afi: int) -> None:
        """Write the security state of exactly this tag; verify with :meth:`info`.

        With a loan list nothing stands on the tag: the state is remembered here, so that a station
        can go on, and the gate asks the list.
        """
        epc, head = await self._found(uid, self._head)
        pc = int.from_bytes(head[WORD : 2 * WORD], "big")
        change = self._rule.security.change(pc, epc, afi)
        if change is not None:
            await self._reader.write(epc, Bank.EPC, change.first, change.data)
            self._moved(uid, epc, change.epc)
        elif not self._rule.security.on_tag:
            self._states[uid] = afi
        else:
            raise RefusedError(_SECURITY_NOT_ON_TAG, "the EPC is too short for the security bit")

    def with_state(self, bank: bytes, afi: int) -> bytes:
        """Return a bank 01 as it is with this loan state; unchanged where none stands in it."""
        pc, uii = int.from_bytes(bank[WORD : 2 * WORD], "big"), bank[2 * WORD :]
        change = self._rule.security.change(pc, uii, afi)
        if change is None:
            return bank
        words = bytearray(bank)
        words[change.first * WORD : change.first * WORD + len(change.data)] = change.data
        return bank_image(int.from_bytes(words[WORD : 2 * WORD], "big"), bytes(words[2 * WORD :]))

    def is_lasting(self, uid: bytes) -> bool:
        """Say whether a tag keeps this UID when bank 01 is written anew."""
        return is_lasting(uid)

    def _head(self, epc: bytes) -> Awaitable[bytes]:
        return self._reader.read(epc, Bank.EPC, 0, EPC_WORD + len(epc) // WORD)

    async def _ours(self) -> list[AirTag]:
        tags = await self._reader.inventory()
        kept = []
        for tag in tags:
            if tag.epc in self._uids or self._foreign or self._rule.is_ours(await self._whole(tag)):
                kept.append(tag)
        return kept

    async def _whole(self, tag: AirTag) -> AirTag:
        """Ask for the PC word where the reader did not tell it and the rule needs it."""
        if tag.pc is not None or not self._rule.security.needs_pc:
            return tag
        try:
            word = await self._reader.read(tag.epc, Bank.EPC, PC_WORD, 1)
        except (TagLostError, RefusedError):
            return tag
        return AirTag(tag.epc, int.from_bytes(word, "big"), tag.antenna, tag.rssi)

    async def _uid(self, tag: AirTag) -> bytes:
        uid = self._uids.get(tag.epc)
        if uid is None:
            uid = await self._names.uid(tag)
            self._moved(uid, b"", tag.epc)
        return uid

    def _forget_makeshift(self, there: Collection[bytes]) -> None:
        """Let a tag that was named by its EPC for want of a TID be named anew when it comes back."""
        if self._rule.named_by == "tid":
            for uid in [one for one in self._epcs if one not in there and not is_lasting(one)]:
                self._uids.pop(self._epcs.pop(uid), None)

    def _moved(self, uid: bytes, old: bytes, new: bytes) -> None:
        """Keep the UID of a tag whose EPC is another now."""
        if old == new:
            return
        self._names.moved(old, new)
        self._uids.pop(old, None)
        self._epcs[uid], self._uids[new] = new, uid
        self._epcs.move_to_end(uid)
        if len(self._epcs) > _KEPT:
            gone, epc = self._epcs.popitem(last=False)
            self._uids.pop(epc, None)
            self._states.pop(gone, None)

    async def _found(self, uid: bytes, ask: Callable[[bytes], Awaitable[R]]) -> tuple[bytes, R]:
        """Ask the tag by its EPC; look once more if that is not its EPC any more.

        A write that was torn, or another desk, may have changed it.
        """
        epc = self._epcs.get(uid)
        if epc is not None:
            try:
                return epc, await ask(epc)
            except TagLostError:
                if await self._look_again(uid) == epc:
                    raise
        else:
            await self._look_again(uid)
        epc = self._epcs.get(uid)
        if epc is None:
            raise TagLostError(f"tag {uid.hex().upper()} is not in the field")
        return epc, await ask(epc)

    async def _look_again(self, uid: bytes) -> bytes | None:
        """Find the tag by its name among those that are there; return its EPC now."""
        for tag in await self._reader.inventory():
            if await self._names.uid(tag) == uid:
                self._uids.pop(self._epcs.get(uid, b""), None)
                self._epcs[uid], self._uids[tag.epc] = tag.epc, uid
        return self._epcs.get(uid)
