"""The ISIL codec of ISO 28560-2: library codes in 4 and 5 bit symbols with shifts and latches.

Three sets, U (capitals, 5 bit), L (small letters, 5 bit), D (digits, 4 bit); reading starts in U.
The four highest symbols of U and L (28..31) and of D (12..15) change the set: first latch, then
shift (one character only) for each of the two other sets.
"""

from drivers.tags.bits import BitReader, BitWriter
from drivers.tags.model import TagError

_SETS: dict[str, tuple[int, str, str]] = {
    # set: (width, symbols in order of value, the other sets in order of their control codes)
    "U": (5, "-ABCDEFGHIJKLMNOPQRSTUVWXYZ:", "LD"),
    "L": (5, "-abcdefghijklmnopqrstuvwxyz/", "UD"),
    "D": (4, "0123456789-:", "UL"),
}
_FIRST_CONTROL = {"U": 28, "L": 28, "D": 12}
MAX_LENGTH = 16


def decode_isil(data: bytes) -> str:
    """Return the library code; TagError if a shift hangs in the air."""
    bits, text, locked, current = BitReader(data), "", "U", "U"
    while bits.left >= _SETS[current][0]:
        width, symbols, others = _SETS[current]
        value = bits.take(width)
        if value < len(symbols):
            text += symbols[value]
            current = locked
        elif current != locked:
            # Padding of ones can look like two controls in a row; nothing sensible follows.
            break
        else:
            latch, target = divmod(value - _FIRST_CONTROL[current], 2)
            current = others[latch]
            if target == 0:
                locked = current
    return text


def encode_isil(text: str) -> bytes:
    """Return the packed library code; TagError when a character has no place in the codec."""
    if len(text) > MAX_LENGTH:
        raise TagError(f"library code {text!r} is longer than {MAX_LENGTH} characters")
    bits, current = BitWriter(), "U"
    for index, char in enumerate(text):
        if char in _SETS[current][1]:
            _put(bits, current, char)
            continue
        target = _set_of(char)
        following = text[index + 1 : index + 2]
        width, _, others = _SETS[current]
        shift = not following or following in _SETS[current][1]
        bits.put(_FIRST_CONTROL[current] + 2 * others.index(target) + shift, width)
        _put(bits, target, char)
        if not shift:
            current = target
    return bits.fill("1111111")


def _put(bits: BitWriter, name: str, char: str) -> None:
    width, symbols, _ = _SETS[name]
    bits.put(symbols.index(char), width)


def _set_of(char: str) -> str:
    for name, (_, symbols, _) in _SETS.items():
        if char in symbols:
            return name
    raise TagError(f"library code holds {char!r}; only letters, digits and - / : have a place")
