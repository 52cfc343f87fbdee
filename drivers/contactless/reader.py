"""The card reader: notice a card that is laid down, and find out whose it is."""

import asyncio
from collections.abc import Sequence

from drivers.contactless import ndef
from drivers.contactless.antenna import (
    CLASSIC,
    NTAG,
    SEVERAL,
    Antenna,
    Found,
    TornAwayError,
    is_random,
)
from drivers.contactless.options import ContactlessOptions
from drivers.ports import Card

_LOOKS_UNTIL_GONE = 2
_TRIES_TO_READ = 3
_CAPABILITY_PAGE, _FIRST_PAGE, _MAX_NDEF = 3, 4, 888
_SHORTEST_LONG_UID = 7


class PollingCardReader:
    """Implements :class:`drivers.ports.CardReader` over any antenna."""

    def __init__(self, antenna: Antenna, options: ContactlessOptions) -> None:
        """Look for cards with ``antenna``; OptionError for options that cannot be."""
        self._antenna = antenna
        self._options = options
        self._key = options.check()
        self._told: set[bytes] = set()
        self._told_several = False
        self._misses = 0
        self._torn = 0

    async def next_card(self) -> Card:
        """Wait for a card to be newly presented and return it; a card left lying comes once."""
        while True:
            card = await self._look()
            if card is not None:
                return card
            await asyncio.sleep(self._options.poll_ms / 1000)

    async def _look(self) -> Card | None:
        found = await self._antenna.targets()
        card = await self._recognise(found)
        # Off between two looks: saves power, and a card that went astray starts afresh.
        await self._antenna.rest()
        if card is not None:
            self._tell(card)
        return card

    async def _recognise(self, found: Sequence[Found]) -> Card | None:
        """Return a card that has not been told yet."""
        if not found:
            self._nothing_there()
            return None
        self._misses = 0
        if len(found) > 1:
            return None if self._told_several else Card(b"", SEVERAL, uid_is_random=True)
        self._told_several = False
        [one] = found
        self._told &= {_identity(one.uid)}
        return None if self._told else await self._read(one)

    def _nothing_there(self) -> None:
        self._misses += 1
        if self._misses >= _LOOKS_UNTIL_GONE:
            self._told.clear()
            self._told_several = False
            self._torn = 0

    def _tell(self, card: Card) -> None:
        self._torn = 0
        if card.kind == SEVERAL:
            self._told_several = True
        else:
            self._told.add(_identity(card.uid))

    async def _read(self, one: Found) -> Card | None:
        number = None
        try:
            number = await self._number(one)
        except TornAwayError:
            self._torn += 1
            if self._torn < _TRIES_TO_READ:
                return None
        return Card(one.uid, one.kind, number, uid_is_random=not self._may_identify(one.uid))

    def _may_identify(self, uid: bytes) -> bool:
        match self._options.uid:
            case "never":
                return False
            case "long":
                return len(uid) >= _SHORTEST_LONG_UID
            case _:
                return not is_random(uid)

    async def _number(self, one: Found) -> str | None:
        if one.kind == NTAG and self._options.read_text:
            return await self._ndef_text()
        if one.kind == CLASSIC and self._options.mifare_block:
            return await self._mifare_text(one.uid)
        return None

    async def _ndef_text(self) -> str | None:
        capability = await self._antenna.read(_CAPABILITY_PAGE)
        if capability[0] != ndef.TYPE_2_CAPABILITY:
            return None
        limit = min(capability[2] * 8, _MAX_NDEF)
        memory = capability[4:]
        while len(memory) < min(ndef.needed(memory), limit):
            memory += await self._antenna.read(_FIRST_PAGE + len(memory) // 4)
        return ndef.text(memory, self._options.uri_prefix)

    async def _mifare_text(self, uid: bytes) -> str | None:
        block = self._options.mifare_block
        if not await self._antenna.unlock(block, self._key, uid):
            return None
        data = await self._antenna.read(block)
        text = data.rstrip(b"\0\xff ").lstrip(b"\0 ")
        return text.decode("ascii") if text.isascii() and text else None


def _identity(uid: bytes) -> bytes:
    """Return what tells a card that lies there from a new one."""
    return b"" if is_random(uid) else uid
