"""What ``shelfwire simulate`` makes of words: tags, cards, numbers."""

from typing import TypeVar

from drivers.pn532.cards import AnyCard, make_card
from drivers.testing.gen2 import Gen2Tag
from drivers.testing.tag15693 import Tag

T = TypeVar("T")

UID_LEAD = 0xE0
SMALLEST_MEMORY = 112


class AirTagMaker:
    """Make UHF tags from words: an EPC, of ISO with the given AFI unless a PC word says otherwise."""

    def __init__(self, afi: str) -> None:
        """Use this AFI, two hex digits."""
        self._afi = byte("--afi", afi)
        self._made = 0

    def __call__(self, text: str) -> Gen2Tag:
        """Return the tag for EPC or EPC=PC."""
        left, equals, right = text.strip().partition("=")
        epc = digits("EPC", left)
        if len(epc) % 2 or len(epc) > 32:
            raise ValueError(f"EPC {left}: use whole words of 2 bytes, at most 16")
        pc = (len(epc) // 2) << 11 | 0x0100 | self._afi
        if equals:
            word = digits("PC", right)
            pc = int.from_bytes(word, "big")
            if len(word) != 2 or pc >> 11 != len(epc) // 2:
                raise ValueError(
                    f"PC {right}: two bytes, whose top five bits count the EPC's words"
                )
        self._made += 1
        return Gen2Tag(bytes.fromhex("e28011052000") + self._made.to_bytes(6, "big"), epc, pc)


class TagMaker:
    """Make item tags from words; a tag without a UID gets one of its own."""

    def __init__(self, block_size: int, dsfid: str, afi: str) -> None:
        """Use these for every tag; ``dsfid`` and ``afi`` are two hex digits."""
        if not 1 <= block_size <= 32:
            raise ValueError(f"--block-size {block_size}: a block has 1 to 32 bytes")
        self._block_size = block_size
        self._dsfid = byte("--dsfid", dsfid)
        self._afi = byte("--afi", afi)
        self._made = 0

    def __call__(self, text: str) -> Tag:
        """Return the tag for UID, MEMORY or UID=MEMORY."""
        left, equals, right = text.strip().partition("=")
        first = digits("TAG", left)
        is_uid = bool(equals) or (len(first) == 8 and first[0] == UID_LEAD)
        self._made += 1
        uid = first if is_uid else bytes.fromhex("e00401") + self._made.to_bytes(5, "big")
        memory = digits("TAG", right) if equals and right.strip() else b"" if is_uid else first
        whole = max(len(memory), SMALLEST_MEMORY if is_uid and not memory else 0)
        whole += -whole % self._block_size
        return Tag(
            uid, bytearray(memory.ljust(whole, b"\0")), self._block_size, self._dsfid, self._afi
        )


def card(text: str) -> AnyCard:
    """Return the card for UID or UID=TEXT: 4 bytes MIFARE Classic (08…: a phone), 7 bytes NTAG."""
    number, _, words = text.strip().partition("=")
    uid = digits("UID", number)
    if len(uid) == 4:
        return make_card("iso14443-4" if uid[0] == 0x08 else "classic1k", uid, words)
    if len(uid) == 7:
        return make_card("ntag213", uid, words)
    raise ValueError(f"UID {number}: a card has 4 or 7 bytes, not {len(uid)}")


def digits(name: str, text: str) -> bytes:
    """Return hexadecimal digits as bytes; ValueError names what they were for."""
    try:
        data = bytes.fromhex(text.replace(":", " ").replace("-", " "))
    except ValueError:
        raise ValueError(f"{name} {text.strip()!r} is not hexadecimal: use 0-9 and A-F") from None
    if not data:
        raise ValueError(f"{name}: there are no digits")
    return data


def byte(name: str, text: str) -> int:
    """Return two hexadecimal digits as a number."""
    data = digits(name, text)
    if len(data) != 1:
        raise ValueError(f"{name} {text!r} is not one byte: use two digits, such as 07")
    return data[0]


def one_of(known: dict[str, T], rest: str) -> T:
    """Return what a word stands for; ValueError tells the words that there are."""
    word = rest.strip()
    if word not in known:
        raise ValueError(f"{word!r}: use {' or '.join(known)}")
    return known[word]


def within(name: str, rest: str, least: float, most: float) -> float:
    """Return a number between two others."""
    try:
        value = float(rest.strip().rstrip("%"))
    except ValueError:
        raise ValueError(f"{name} {rest.strip()!r}: use a number") from None
    if not least <= value <= most:
        raise ValueError(f"{name} {value:g}: use {least:g} to {most:g}")
    return value
