"""The air identity of the Chinese university alliance (Gen2 tags, not ISO).

    0      lent (80), reserved (30), sorting (0F)
    1      packing of the item number (C0), version - 1 (3F)
    2, 3   map of the elements in the user bank
    4-     item number: length in the low nibble of the first byte, then as packed

Packings: 0 for 96-bit chips, 1 for 128-bit chips, 2 UTF-8. Short numbers (below 8 or 12
characters) are plain ASCII behind the length.
"""

from drivers.tags.model import TagError

_HEAD = 4
_LONGEST = 14


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
    if length < (8, 12)[packing]:
        return data[1 : 1 + length].decode("latin-1")
    if len(data) < (8, 12)[packing]:
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
