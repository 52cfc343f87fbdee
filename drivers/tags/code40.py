"""URN Code 40: the text of a Gen2 air identity, three characters in two bytes.

Two bytes hold 1600 a + 40 b + c + 1 with 1-26 = A-Z, 27 '-', 28 '.', 29 ':', 30-39 = 0-9, 0 = filler.
A first byte of FB to FE is an escape: FB a long number (next byte: digits - 9, bytes - 4), FC one
character, FD and FE a character of two and three bytes of UTF-8.
"""

import re

from drivers.tags.model import TagError, clean_text

_SYMBOLS = "\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"
_NUMBER = 0xFB
_CHARACTER = {0xFC: 1, 0xFD: 2, 0xFE: 3}
_ESCAPES = {size: escape for escape, size in _CHARACTER.items()}
_LONGEST_CHARACTER = 3
_ALPHABET = frozenset(_SYMBOLS[1:])
_NUMBER_RUN = re.compile("[0-9]{9,24}")


def decode_code40(data: bytes) -> str:
    """Return the text; TagError when a code has no meaning or runs over the end."""
    text, at = "", 0
    while at < len(data):
        first = data[at]
        if first == _NUMBER:
            number, at = _long_number(data, at + 1)
            text += number
        elif first in _CHARACTER:
            end = at + 1 + _CHARACTER[first]
            text, at = text + _character(data[at + 1 : end]), end
        elif at + 1 == len(data):
            if first:
                raise TagError("the text ends in the middle of three characters")
            break
        else:
            text, at = text + _three(int.from_bytes(data[at : at + 2], "big")), at + 2
    return text


def _three(value: int) -> str:
    if value == 0:
        return ""
    high, last = divmod(value - 1, 40)
    first, second = divmod(high, 40)
    if first >= len(_SYMBOLS):
        raise TagError(f"code {value} stands for no characters")
    return "".join(_SYMBOLS[i] for i in (first, second, last)).replace("\0", "")


def _long_number(data: bytes, at: int) -> tuple[str, int]:
    if at >= len(data):
        raise TagError("a long number is cut off")
    digits, size = (data[at] >> 4) + 9, (data[at] & 0x0F) + 4
    raw = data[at + 1 : at + 1 + size]
    text = str(int.from_bytes(raw, "big")).zfill(digits)
    if len(raw) < size or len(text) > digits:
        raise TagError("a long number is cut off or too long")
    return text, at + 1 + size


def _character(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if len(text) != 1:
        raise TagError("an escaped character is damaged")
    return text


def encode_code40(text: str) -> bytes:
    """Return the packed text, in as few bytes as the escapes allow, without filler behind it.

    TagError for a character that has no place: control characters, and what needs four bytes of
    UTF-8.
    """
    for char in text:
        if not clean_text(char) or len(char.encode()) > _LONGEST_CHARACTER:
            raise TagError(f"{char!r} has no place in URN Code 40")
    with_numbers = _runs(text, _NUMBER_RUN)
    without = _runs(text, None)
    return with_numbers if len(with_numbers) < len(without) else without


def _runs(text: str, number: re.Pattern[str] | None) -> bytes:
    """Pack the text, its long numbers each as one number when ``number`` finds them."""
    data, begin = b"", 0
    for found in number.finditer(text) if number else ():
        data += _plain(text[begin : found.start()]) + _as_number(found[0])
        begin = found.end()
    return data + _plain(text[begin:])


def _plain(text: str) -> bytes:
    """Pack a text in threes; what is not in the alphabet goes between them as an escape."""
    data, three = b"", ""
    for char in text:
        if char in _ALPHABET:
            three += char
            if len(three) == 3:
                data, three = data + _pack(three), ""
        else:
            raw = char.encode()
            data, three = data + _pack(three) + bytes([_ESCAPES[len(raw)]]) + raw, ""
    return data + _pack(three)


def _pack(three: str) -> bytes:
    if not three:
        return b""
    a, b, c = (_SYMBOLS.index(char) for char in three.ljust(3, "\0"))
    return (1600 * a + 40 * b + c + 1).to_bytes(2, "big")


def _as_number(digits: str) -> bytes:
    number = int(digits)
    size = max(4, (number.bit_length() + 7) // 8)
    head = (len(digits) - 9) << 4 | (size - 4)
    return bytes([_NUMBER, head]) + number.to_bytes(size, "big")
