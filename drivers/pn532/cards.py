"""Simulated ISO 14443 type A cards: what a PN532 finds in its field.

A card answers a command (without its CRC) with bytes, or with None when it says nothing. The
answer of a card that only acknowledges is the 4-bit word ``0A``.
"""

from dataclasses import dataclass, field
from typing import Protocol

from drivers.contactless import ndef

TAKEN_ACK = b"\x0a"
REFUSED = b"\x00"
PAGE = 4
BLOCK = 16
DEFAULT_KEY = bytes.fromhex("ffffffffffff")


class SimCard(Protocol):
    """A card, a sticker or a phone."""

    uid: bytes
    sens_res: int
    sel_res: int
    ats: bytes
    kind: str

    def reset(self) -> None:
        """Forget what was agreed with a reader (the field went off)."""

    def answer(self, command: bytes) -> bytes | None:
        """Return the answer to a command that the reader passes on as it is."""


@dataclass(eq=False)
class Ntag213:
    """A type 2 tag with 45 pages of 4 bytes, of which 36 hold NDEF."""

    uid: bytes
    memory: bytearray = field(default_factory=lambda: bytearray(45 * PAGE))
    sens_res: int = 0x0044
    sel_res: int = 0x00
    ats: bytes = b""
    kind: str = "ntag213"

    def __post_init__(self) -> None:
        if len(self.uid) != 7:
            raise ValueError("an NTAG has a UID of 7 bytes")
        uid = self.uid
        check = (0x88 ^ uid[0] ^ uid[1] ^ uid[2], uid[3] ^ uid[4] ^ uid[5] ^ uid[6])
        self.memory[0:9] = uid[:3] + bytes(check[:1]) + uid[3:] + bytes(check[1:])
        self.memory[9:16] = bytes.fromhex("480000e1101200")

    def write_text(self, value: str) -> None:
        """Put a text as the NDEF message."""
        data = ndef.encode_text(value)
        if len(data) > 144:
            raise ValueError("the text does not fit the card")
        self.memory[16 : 16 + len(data)] = data

    def reset(self) -> None:
        """Forget nothing: this card keeps no state."""

    def answer(self, command: bytes) -> bytes | None:
        """Know GET_VERSION, READ, FAST_READ and WRITE."""
        match command[:1], len(command):
            case b"\x60", 1:
                return bytes.fromhex("0004040201000f03")
            case b"\x30", 2 if command[1] * PAGE < len(self.memory):
                start = command[1] * PAGE
                return bytes((self.memory + self.memory)[start : start + 16])
            case b"\x3a", 3 if command[1] <= command[2] < len(self.memory) // PAGE:
                return bytes(self.memory[command[1] * PAGE : (command[2] + 1) * PAGE])
            case b"\xa2", 6 if 4 <= command[1] < len(self.memory) // PAGE:
                self.memory[command[1] * PAGE : (command[1] + 1) * PAGE] = command[2:]
                return TAKEN_ACK
            case b"\x50", _:
                return None
            case _:
                return REFUSED


@dataclass(eq=False)
class Classic1k:
    """A MIFARE Classic 1K: 16 sectors of 4 blocks, the fourth holds the keys."""

    uid: bytes
    key: bytes = DEFAULT_KEY
    memory: bytearray = field(default_factory=lambda: bytearray(64 * BLOCK))
    sens_res: int = 0x0004
    sel_res: int = 0x08
    ats: bytes = b""
    kind: str = "classic1k"
    _open_sector: int | None = None

    def __post_init__(self) -> None:
        if len(self.uid) != 4:
            raise ValueError("this MIFARE Classic has a UID of 4 bytes")
        check = self.uid[0] ^ self.uid[1] ^ self.uid[2] ^ self.uid[3]
        self.memory[0:8] = self.uid + bytes((check, 0x08, 0x04, 0x00))
        for sector in range(16):
            trailer = (sector * 4 + 3) * BLOCK
            self.memory[trailer : trailer + BLOCK] = self.key + b"\xff\x07\x80\x69" + self.key

    def write_text(self, value: str, sector: int = 1) -> None:
        """Put a number as plain text into the first block of a sector."""
        data = value.encode()
        if len(data) > BLOCK:
            raise ValueError("the text does not fit a block")
        start = sector * 4 * BLOCK
        self.memory[start : start + BLOCK] = data.ljust(BLOCK, b"\0")

    def reset(self) -> None:
        """Close the sector that was opened with a key."""
        self._open_sector = None

    def answer(self, command: bytes) -> bytes | None:
        """Know authentication with key A or B, READ and WRITE of an opened sector."""
        code, block = command[:1], command[1] if len(command) > 1 else 0xFF
        if code in (b"\x60", b"\x61"):
            good = command[2:8] == self.key and command[8:12] == self.uid and block < 64
            self._open_sector = block // 4 if good else None
            return b"" if good else None
        if block // 4 != self._open_sector:
            return None
        at = block * BLOCK
        if code == b"\x30":
            data = bytes(self.memory[at : at + BLOCK])
            return data if block % 4 != 3 else bytes(6) + data[6:10] + self.key
        if code == b"\xa0" and len(command) == 2 + BLOCK and block:
            self.memory[at : at + BLOCK] = command[2:]
            return TAKEN_ACK
        return REFUSED


@dataclass(eq=False)
class SmartCard:
    """An ISO 14443-4 card (bank card, identity card, phone) that knows none of our applications."""

    uid: bytes
    sens_res: int = 0x0344
    sel_res: int = 0x20
    ats: bytes = bytes.fromhex("7577810280")
    kind: str = "iso14443-4"

    def __post_init__(self) -> None:
        if len(self.uid) == 4:
            self.sens_res = 0x0304

    def reset(self) -> None:
        """Forget nothing: no application is ever open."""

    def answer(self, command: bytes) -> bytes | None:
        """Answer every command: there is no such file or application."""
        return b"\x6a\x82" if len(command) >= 4 else b"\x67\x00"


AnyCard = Ntag213 | Classic1k | SmartCard


def make_card(kind: str, uid: bytes, text: str = "") -> AnyCard:
    """Return a card of a kind by name: ntag213, classic1k or iso14443-4."""
    if kind == "ntag213":
        ntag = Ntag213(uid)
        if text:
            ntag.write_text(text)
        return ntag
    if kind == "classic1k":
        classic = Classic1k(uid)
        if text:
            classic.write_text(text)
        return classic
    if kind == "iso14443-4":
        return SmartCard(uid)
    raise ValueError(f"no card of kind {kind!r}: use ntag213, classic1k or iso14443-4")
