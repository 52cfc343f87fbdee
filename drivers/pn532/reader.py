"""The card reader: notice a card that is laid down, and find out whose it is."""

import asyncio
from dataclasses import dataclass, field

from drivers.errors import OptionError
from drivers.pn532 import commands, ndef
from drivers.pn532.chip import Chip
from drivers.pn532.commands import Target
from drivers.ports import Card, Transport

SEVERAL = "several"
"""Kind of the card that stands for two or more cards at once; it can identify nobody."""
NTAG, CLASSIC, SMART, OTHER = "ntag", "mifare-classic", "iso14443-4", "iso14443a"

_MAX_TARGETS = 2
_LOOKS_UNTIL_GONE = 2
_TRIES_TO_READ = 3
_READ, _AUTHENTICATE_A = 0x30, 0x60
_CAPABILITY_PAGE, _FIRST_PAGE, _MAX_NDEF = 3, 4, 888


@dataclass(frozen=True, slots=True)
class CardOptions:
    """Options of a PN532 card reader."""

    url: str = field(metadata={"help": "where it is, such as serial:///dev/ttyUSB1"})
    poll_ms: int = field(
        default=150, metadata={"help": "pause between two looks for a card, milliseconds"}
    )
    read_text: bool = field(
        default=True,
        metadata={"help": "take the card number from NDEF text or URI if there is one"},
    )
    uri_prefix: str = field(
        default="", metadata={"help": "what to cut off in front of a card number that is a URI"}
    )
    mifare_block: int = field(
        default=0, metadata={"help": "MIFARE Classic block that holds the card number, 0 for none"}
    )
    mifare_key: str = field(
        default="FFFFFFFFFFFF", metadata={"help": "key A of that block, 12 hex digits"}
    )


class _TornAwayError(Exception):
    """The card left while it was being read."""


class Pn532CardReader:
    """Implements :class:`drivers.ports.CardReader` with a PN532."""

    def __init__(self, transport: Transport, options: CardOptions) -> None:
        """Use a chip on ``transport``; :meth:`start` comes first."""
        self._chip = Chip(transport)
        self._options = options
        self._key = _key(options)
        self._told: set[bytes] = set()
        self._told_several = False
        self._misses = 0
        self._torn = 0

    async def start(self) -> None:
        """Wake the chip; RefusedError or NoReplyError if it is not a PN532 that works."""
        await self._chip.wake(retries=2)

    async def next_card(self) -> Card:
        """Wait for a card to be newly presented and return it; a card left lying comes once."""
        while True:
            card = await self._look()
            if card is not None:
                return card
            await asyncio.sleep(self._options.poll_ms / 1000)

    async def _look(self) -> Card | None:
        targets = await self._chip.call(commands.LIST_TARGETS, bytes((_MAX_TARGETS, 0x00)))
        card = await self._recognise(targets)
        # Off between two looks: saves power, and a card that went astray starts afresh.
        await self._chip.call(commands.RF_CONFIGURATION, commands.FIELD_OFF)
        if card is not None:
            self._tell(card)
        return card

    async def _recognise(self, targets: list[Target]) -> Card | None:
        """Return a card that has not been told yet."""
        if not targets:
            self._nothing_there()
            return None
        self._misses = 0
        if len(targets) > 1:
            return None if self._told_several else Card(b"", SEVERAL, uid_is_random=True)
        self._told_several = False
        target = targets[0]
        self._told &= {_identity(target)}
        if self._told:
            return None
        return await self._read(target)

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
            self._told.add(b"" if card.uid_is_random else card.uid)

    async def _read(self, target: Target) -> Card | None:
        number = None
        try:
            number = await self._number(target)
        except _TornAwayError:
            self._torn += 1
            if self._torn < _TRIES_TO_READ:
                return None
        return Card(target.uid, _kind(target), number, _is_random(target.uid))

    async def _number(self, target: Target) -> str | None:
        kind = _kind(target)
        if kind == NTAG and self._options.read_text:
            return await self._ndef_text()
        if kind == CLASSIC and self._options.mifare_block:
            return await self._mifare_text(target.uid)
        return None

    async def _ndef_text(self) -> str | None:
        capability = await self._pages(_CAPABILITY_PAGE)
        if capability[0] != ndef.TYPE_2_CAPABILITY:
            return None
        limit = min(capability[2] * 8, _MAX_NDEF)
        memory = capability[4:]
        while len(memory) < min(ndef.needed(memory), limit):
            memory += await self._pages(_FIRST_PAGE + len(memory) // 4)
        return ndef.text(memory, self._options.uri_prefix)

    async def _pages(self, first: int) -> bytes:
        """Read four pages of a type 2 tag."""
        answer = await self._ask_card(bytes((_READ, first)))
        if answer.status or len(answer.data) < 16:
            raise _TornAwayError
        return answer.data[:16]

    async def _mifare_text(self, uid: bytes) -> str | None:
        block = self._options.mifare_block
        opened = await self._ask_card(bytes((_AUTHENTICATE_A, block)) + self._key + uid[-4:])
        if opened.status:
            if opened.status == 0x14:
                return None
            raise _TornAwayError
        answer = await self._ask_card(bytes((_READ, block)))
        if answer.status:
            raise _TornAwayError
        text = answer.data.rstrip(b"\0\xff ").lstrip(b"\0 ")
        return text.decode("ascii") if text.isascii() and text else None

    async def _ask_card(self, data: bytes) -> commands.Exchange:
        return await self._chip.call(commands.EXCHANGE, b"\x01" + data)


def _key(options: CardOptions) -> bytes:
    if not 0 <= options.mifare_block < 256:
        raise OptionError(f"mifare_block {options.mifare_block} is not a block: allowed are 0..255")
    if options.poll_ms < 10:
        raise OptionError(f"poll_ms {options.poll_ms} is too short: allowed are 10 and more")
    try:
        key = bytes.fromhex(options.mifare_key)
    except ValueError:
        key = b""
    if len(key) != 6:
        raise OptionError("mifare_key is not a key: write 12 hex digits")
    return key


def _kind(target: Target) -> str:
    if target.sel_res & 0x20:
        return SMART
    if target.sel_res & 0x08:
        return CLASSIC
    if not target.sel_res & 0x60 and target.sens_res & 0xFF == 0x44:
        return NTAG
    return OTHER


def _is_random(uid: bytes) -> bool:
    """True for a UID that changes at every presentation (ISO 14443-3: four bytes from 08 on)."""
    return len(uid) == 4 and uid[0] == 0x08


def _identity(target: Target) -> bytes:
    """Return what tells a card that lies there from a new one."""
    return b"" if _is_random(target.uid) else target.uid
