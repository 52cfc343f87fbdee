"""The air identity of the Chinese university alliance (Gen2 tags, not ISO).

    0      lent (80), reserved (70), sorting (0F)
    1      packing of the item number (C0), version - 1 (3F)
    2, 3   map of the elements in the user bank (alliance_user.MAPPED)
    4-     item number: length in the low nibble of the first byte, then as packed

Packings: 0 for 96-bit chips, 1 for 128-bit chips, 2 UTF-8. Short numbers (below 8 or 12
characters) are plain ASCII behind the length.
"""

from dataclasses import dataclass

from drivers.tags.model import TagError

_HEAD = 4
_LONGEST = 14
_PACKED_FROM = (8, 12)
"""Shorter numbers are plain ASCII behind the length, in as many bytes; by packing."""
_FOR_96, _FOR_128, _UTF8 = 0, 1, 2
_MIDDLE_BITS = 30
_LONGEST_UTF8 = 58


def decode_alliance(uii: bytes) -> tuple[str, bool]:
    """Return the item number and whether the tag says it is lent; TagError if it is not packed so."""
    if len(uii) <= _HEAD:
        raise TagError("an alliance identity has more than four bytes")
    lent, packing, data = bool(uii[0] & 0x80), uii[1] >> 6, uii[_HEAD:]
    if packing == 3:
        raise TagError("packing 3 of the item number is not in use")
    text = data.decode("utf-8", "replace").rstrip("\0") if packing == 2 else _packed(data, packing)
    if not (text.isascii() and text.isprintable() and text):
        raise TagError("the item number is not printable")
    return text, lent


def _packed(data: bytes, packing: int) -> str:
    length = data[0] & 0x0F
    if not 1 <= length <= _LONGEST:
        raise TagError(f"an item number of {length} characters does not exist")
    if length < _PACKED_FROM[packing]:
        return data[1 : 1 + length].decode("latin-1")
    if len(data) < _PACKED_FROM[packing]:
        raise TagError("the item number is cut off")
    words = [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data) - 3, 4)]
    return (_for_96_bits, _for_128_bits)[packing](words, length)


def _for_96_bits(words: list[int], length: int) -> str:
    low, high = words[0] >> 4, words[1]
    last, low = chr(low & 0xFF), low >> 8
    head = _six_bit(low, 3)
    fourth = chr((low >> 18 & 3 | (high & 3) << 2) + 0x30)
    middle = str(high >> 2).zfill(length - 5)
    if len(middle) != length - 5:
        raise TagError("the item number is longer than it says")
    return head + fourth + middle + last


def _for_128_bits(words: list[int], length: int) -> str:
    low = words[0] >> 4
    last, low = chr(low & 0xFF), low >> 8
    return _six_bit(words[2], 5) + _six_bit(words[1], 5) + _six_bit(low, length - 11) + last


def _six_bit(value: int, count: int) -> str:
    return "".join(chr((value >> 6 * i & 0x3F) + 0x30) for i in reversed(range(count)))


@dataclass(frozen=True, slots=True)
class AllianceHead:
    """The four bytes in front of the item number."""

    lent: bool = False
    sorting: int = 0
    """The seven bits behind the lent bit: three reserved ones, four for sorting."""
    version: int = 1
    content: int = 0
    """Map of the elements in the user bank, 16 bits."""


def alliance_head(uii: bytes) -> AllianceHead | None:
    """Return the head of an alliance identity, None if it is none."""
    try:
        _, lent = decode_alliance(uii)
    except TagError:
        return None
    return AllianceHead(
        lent, uii[0] & 0x7F, (uii[1] & 0x3F) + 1, int.from_bytes(uii[2:_HEAD], "big")
    )


def encode_alliance(item_id: str, head: AllianceHead | None = None) -> bytes:
    """Return the UII for an item number, in the shortest packing that holds it; TagError if none.

    A 96-bit chip is enough for up to 7 characters of any kind, and for 8 to 14 of the form that
    packing 0 knows; else a 128-bit chip is, or UTF-8 in as many words as it takes.
    """
    head = head or AllianceHead()
    if not (item_id.isascii() and item_id.isprintable() and item_id):
        raise TagError(f"item number {item_id!r}: use printable ASCII")
    if not (0 <= head.sorting <= 0x7F and 1 <= head.version <= 64 and 0 <= head.content <= 0xFFFF):
        raise TagError("sorting 0 to 127, version 1 to 64, content 0 to FFFF")
    packing, data = _pack(item_id)
    first = (0x80 if head.lent else 0) | head.sorting
    second = packing << 6 | (head.version - 1)
    return bytes((first, second)) + head.content.to_bytes(2, "big") + data


def _pack(text: str) -> tuple[int, bytes]:
    for packing, pack in ((_FOR_96, _pack_96), (_FOR_128, _pack_128)):
        size = _PACKED_FROM[packing]
        if len(text) < size:
            return packing, (bytes((len(text),)) + text.encode()).ljust(size, b"\0")
        words = pack(text) if len(text) <= _LONGEST else None
        if words is not None:
            return packing, b"".join(word.to_bytes(4, "little") for word in words)
    data = text.encode()
    if len(data) > _LONGEST_UTF8:
        raise TagError(f"item number {text!r} is longer than {_LONGEST_UTF8} characters")
    return _UTF8, data + bytes(len(data) % 2)


def _pack_96(text: str) -> list[int] | None:
    head, fourth, middle, last = text[:3], text[3], text[4:-1], text[-1]
    fits = _is_six_bit(head) and "0" <= fourth <= "?" and middle.isdecimal()
    if not fits or int(middle) >> _MIDDLE_BITS:
        return None
    quad = ord(fourth) - 0x30
    low = (quad & 3) << 18 | _bits(head)
    return [(low << 8 | ord(last)) << 4 | len(text), int(middle) << 2 | quad >> 2]


def _pack_128(text: str) -> list[int] | None:
    if not _is_six_bit(text[:-1]):
        return None
    low = _bits(text[10:-1])
    return [(low << 8 | ord(text[-1])) << 4 | len(text), _bits(text[5:10]), _bits(text[:5])]


def _is_six_bit(text: str) -> bool:
    return all(0x30 <= ord(char) < 0x70 for char in text)


def _bits(text: str) -> int:
    value = 0
    for char in text:
        value = value << 6 | (ord(char) - 0x30)
    return value
