"""URN Code 40: the text of a Gen2 air identity, three characters in two bytes.

Two bytes hold 1600 a + 40 b + c + 1 with 1-26 = A-Z, 27 '-', 28 '.', 29 ':', 30-39 = 0-9, 0 = filler.
A first byte of FB to FE is an escape: FB a long number (next byte: digits - 9, bytes - 4), FC one
character, FD and FE a character of two and three bytes of UTF-8.
"""

from drivers.tags.model import TagError

_SYMBOLS = "\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"
_NUMBER = 0xFB
_CHARACTER = {0xFC: 1, 0xFD: 2, 0xFE: 3}


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
    """Return the packed capitals, digits, ``-``, ``.`` and ``:`` of a text (no escapes)."""
    if bad := set(text) - set(_SYMBOLS[1:]):
        raise TagError(f"{min(bad)!r} has no place in URN Code 40")
    data = b""
    for at in range(0, len(text), 3):
        a, b, c = (_SYMBOLS.index(char) for char in text[at : at + 3].ljust(3, "\0"))
        data += (1600 * a + 40 * b + c + 1).to_bytes(2, "big")
    return data
