"""The compaction schemes of ISO/IEC 15962: text <-> the fewest bytes.

0 application defined, 1 integer, 2 numeric, 3 five bit, 4 six bit, 5 seven bit, 6 octets, 7 UTF-8.
"""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.tags.bits import BitReader, BitWriter
from drivers.tags.model import TagError

APPLICATION, INTEGER, NUMERIC, FIVE_BIT, SIX_BIT, SEVEN_BIT, OCTETS, UTF8 = range(8)
MAX_INTEGER = 9_999_999_999_999_999_999


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to pack a text; ``fits`` says which texts it may carry."""

    code: int
    fits: Callable[[str], bool]
    pack: Callable[[str], bytes]
    unpack: Callable[[bytes], str]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _fits_integer(text: str) -> bool:
    digits = _is_number(text) and 2 <= len(text) <= 19
    return digits and text[0] != "0" and int(text) <= MAX_INTEGER


def _pack_integer(text: str) -> bytes:
    number = int(text)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _unpack_integer(data: bytes) -> str:
    text = str(int.from_bytes(data, "big")) if len(data) <= 16 else ""
    if not 2 <= len(text) <= 19:
        raise TagError("an integer of ISO/IEC 15962 has 2 to 19 digits")
    return text


def _pack_numeric(text: str) -> bytes:
    return bytes.fromhex(text + "f" * (len(text) % 2))


def _unpack_numeric(data: bytes) -> str:
    text = data.hex()
    text = text.removesuffix("f")
    if not _is_number(text):
        raise TagError(f"numeric data holds {text!r}, which is not a number")
    return text


def _pack_five(text: str) -> bytes:
    bits = BitWriter()
    for char in text:
        bits.put(ord(char) & 0x1F, 5)
    return bits.fill("0000000")


def _unpack_five(data: bytes) -> str:
    bits, text = BitReader(data), ""
    while bits.left >= 5 and (value := bits.take(5)):
        text += chr(value | 0x40)
    return text


def _pack_six(text: str) -> bytes:
    bits = BitWriter()
    for char in text:
        bits.put(ord(char) & 0x3F, 6)
    return bits.fill("1000000")


def _unpack_six(data: bytes) -> str:
    bits, values = BitReader(data), []
    while bits.left >= 6:
        values.append(bits.take(6))
    if values and values[-1] == 0x20 and bits.left == 0:
        values.pop()
    return "".join(chr(value if value & 0x20 else value | 0x40) for value in values)


def _pack_seven(text: str) -> bytes:
    bits = BitWriter()
    for char in text:
        bits.put(ord(char), 7)
    return bits.fill("1111111")


def _unpack_seven(data: bytes) -> str:
    bits, values = BitReader(data), []
    while bits.left >= 7:
        values.append(bits.take(7))
    if values and values[-1] == 0x7F:
        values.pop()
    return "".join(map(chr, values))


def _unpack_utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TagError(f"text is not UTF-8 at byte {error.start}") from None


def _in_range(least: int, low: str, high: str) -> Callable[[str], bool]:
    return lambda text: len(text) >= least and all(low <= char <= high for char in text)


_six_range = _in_range(4, " ", "_")

SCHEMES = (
    Scheme(INTEGER, _fits_integer, _pack_integer, _unpack_integer),
    Scheme(NUMERIC, lambda t: len(t) >= 2 and _is_number(t), _pack_numeric, _unpack_numeric),
    Scheme(FIVE_BIT, _in_range(3, "A", "_"), _pack_five, _unpack_five),
    Scheme(SIX_BIT, lambda t: _six_range(t) and t[-1] != " ", _pack_six, _unpack_six),
    Scheme(SEVEN_BIT, _in_range(8, "\0", "~"), _pack_seven, _unpack_seven),
    Scheme(
        OCTETS,
        _in_range(0, "\0", "\xff"),
        lambda text: text.encode("latin-1"),
        lambda data: data.decode("latin-1"),
    ),
    Scheme(UTF8, lambda text: True, lambda text: text.encode("utf-8"), _unpack_utf8),  # noqa: ARG005
)
_BY_CODE = {scheme.code: scheme for scheme in SCHEMES}


def compact(text: str) -> tuple[int, bytes]:
    """Pack a text with the first scheme that can carry it; return its code and the bytes."""
    scheme = next(scheme for scheme in SCHEMES if scheme.fits(text))
    return scheme.code, scheme.pack(text)


def expand(code: int, data: bytes) -> str:
    """Unpack bytes of a scheme 1 to 7; TagError if they are none of its."""
    if code not in _BY_CODE:
        raise TagError(f"compaction {code} carries no text")
    return _BY_CODE[code].unpack(data)
