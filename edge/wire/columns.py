"""Columns of numbers and texts for the compact codec: what was said before is said by a number.

```
number   zigzag, 7 bits a byte, low first, top bit: more follows
text     0 literal | k: the k-th last new text of this kind, 1 the newest (uid: 1 is that of its
         item, as said before in the batch or else as the catalogue says)
literal  form, then: 0 length, UTF-8 | 1 lower, 2 upper hex: length, bytes | 3 a UUID: 16 bytes
         4 upper hex that begins like the last one: the rest | 5 prefix (text), digits, number
         6 two times 4 bytes of lower hex with a - between (a boot)
         7 length, bytes that only this card reference begins with, in lower hex
```
"""

import re
from binascii import hexlify
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from edge.wire.errors import UnresolvedError, WireError

UTF8, LOWER, UPPER, UUID, TAIL, COUNTED, PAIR, BEGINS = range(8)
MOST = 4 * 1024 * 1024
"""All texts of a batch together are never longer than this."""
_HEAD = 3
"""Bytes that tags of one maker share."""
_UID = 8
_LOWER = re.compile(r"(?:[0-9a-f]{2}){3,64}\Z")
_UPPER = re.compile(r"(?:[0-9A-F]{2}){3,64}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_PAIR = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}\Z")
_COUNTED = re.compile(r"(.{0,16}?)([0-9]{2,16})\Z", re.ASCII | re.DOTALL)
_WIDTHS = [((10**digits - 1).bit_length() + 7) // 8 for digits in range(17)]


Words = Mapping[str, tuple[str, ...]]
"""Texts that both sides know beforehand, by kind."""


class Known(Protocol):
    """What a side knows besides the batch: its copy of the catalogue.

    The copies may differ: whoever unpacks compares a checksum, and asks for the batch in full.
    """

    def uid(self, item: str) -> str:
        """Return the UID of an item's tag; empty: not known."""

    def shorten(self, card: str) -> bytes:
        """Return the first bytes of a card reference that no other reader's has; empty: none."""

    def card(self, begins: bytes) -> str:
        """Return the only card reference that begins so; empty: none does, or several."""

    def before(self, seq: int) -> "Before | None":
        """Return the event under this number of the device that a batch is from; None: not here."""


@dataclass(frozen=True, slots=True)
class Before:
    """An event that both sides have: its stream, and its JSON."""

    device: str
    epoch: str
    body: bytes


class Nothing:
    """A side that knows nothing besides the batch."""

    def uid(self, item: str) -> str:  # noqa: ARG002
        """Know no tag."""
        return ""

    def shorten(self, card: str) -> bytes:  # noqa: ARG002
        """Know no other reader."""
        return b""

    def card(self, begins: bytes) -> str:  # noqa: ARG002
        """Know no reader."""
        return ""

    def before(self, seq: int) -> Before | None:  # noqa: ARG002
        """Have no event."""
        return None


NOTHING = Nothing()


class Texts:
    """Texts said so far, by kind; both sides keep the same, so that a number is enough."""

    def __init__(self, words: Words = MappingProxyType({})) -> None:
        self.numbers: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.said: defaultdict[str, list[str]] = defaultdict(list)
        self.uid_of: dict[str, str] = {}
        self.head = b""
        for kind, known in words.items():
            for text in known:
                self.add(kind, text)

    def add(self, kind: str, text: str) -> None:
        """Note a text that was said as a literal."""
        self.numbers[kind][text] = len(self.said[kind])
        self.said[kind].append(text)


class Out:
    """Writes; without ``apart`` everything goes into one stream (few events: fewer lengths).

    ``texts`` were said before; they grow.
    """

    def __init__(self, *, apart: bool, texts: Texts | None = None, known: Known = NOTHING) -> None:
        self._known = known
        self._one = None if apart else bytearray()
        self.streams: defaultdict[str, bytearray] = defaultdict(bytearray)
        self._texts = texts or Texts()

    def to(self, column: str) -> bytearray:
        """Return the stream of a column."""
        return self.streams[column] if self._one is None else self._one

    def whole(self) -> bytes:
        """Return the one stream."""
        return bytes(self._one or b"")

    def number(self, column: str, value: int) -> None:
        """Write a number of at most 64 bits."""
        put(self.to(column), value)

    def text(self, column: str, kind: str, text: str, item: str = "") -> None:
        """Write a text."""
        texts, stream = self._texts, self.to(column)
        if kind == "uid" and text and text == (texts.uid_of.get(item) or self._known.uid(item)):
            put_plain(stream, 1)
            return
        number = texts.numbers[kind].get(text)
        if number is not None:
            put_plain(stream, len(texts.said[kind]) - number + (kind == "uid"))
        else:
            stream.append(0)
            self._literal(column, kind, text)
            texts.add(kind, text)
        if kind == "uid" and item:
            texts.uid_of[item] = text

    def _literal(self, column: str, kind: str, text: str) -> None:
        form, stream = self.to(column + "'"), self.to(column + '"')
        if column.endswith("+"):
            _plain(form, stream, text)
        elif kind == "card" and (begins := self._known.shorten(text)):
            form += bytes((BEGINS, len(begins)))
            stream += begins
        elif _UUID.match(text):
            form.append(UUID)
            stream += bytes.fromhex(text.replace("-", ""))
        elif _PAIR.match(text):
            form.append(PAIR)
            stream += bytes.fromhex(text.replace("-", ""))
        elif (upper := bool(_UPPER.match(text))) or _LOWER.match(text):
            self._hex(form, stream, bytes.fromhex(text), upper=upper and not text.isdigit())
        elif match := _COUNTED.match(text):
            form.append(COUNTED)
            prefix, digits = match[1], match[2]
            form.append(len(digits))
            self.text(column + "+", "prefix", prefix)
            stream += int(digits).to_bytes(_WIDTHS[len(digits)], "big")
        else:
            _plain(form, stream, text)

    def _hex(self, form: bytearray, stream: bytearray, data: bytes, *, upper: bool) -> None:
        texts = self._texts
        if upper and len(data) == _UID and data[:_HEAD] == texts.head:
            form.append(TAIL)
            stream += data[_HEAD:]
            return
        form.append(UPPER if upper else LOWER)
        form.append(len(data))
        stream += data
        if upper and len(data) == _UID:
            texts.head = data[:_HEAD]


def _plain(form: bytearray, stream: bytearray, text: str) -> None:
    data = text.encode()
    form.append(UTF8)
    put_plain(form, len(data))
    stream += data


class In:
    """Reads what :class:`Out` wrote; raises WireError or one of :data:`BROKEN`."""

    def __init__(
        self,
        streams: dict[str, bytes] | None,
        one: bytes = b"",
        texts: Texts | None = None,
        known: Known = NOTHING,
    ) -> None:
        self._known = known
        self._one = Stream(one) if streams is None else None
        self._streams = {name: Stream(data) for name, data in (streams or {}).items()}
        self._texts = texts or Texts()
        self._size = 0

    def of(self, column: str) -> "Stream":
        """Return the stream of a column; one that was not sent is empty."""
        if self._one is not None:
            return self._one
        return self._streams.get(column) or self._streams.setdefault(column, Stream(b""))

    def number(self, column: str) -> int:
        """Read a number."""
        return self.of(column).number()

    def text(self, column: str, kind: str, item: str = "") -> str:
        """Read a text."""
        texts = self._texts
        back = self.of(column).plain()
        if kind == "uid" and back:
            back -= 1
            if not back:
                return self._spend(texts.uid_of.get(item) or self._resolved(self._known.uid(item)))
        if back:
            said = texts.said[kind]
            if back > len(said):
                raise WireError("batch: a text is named that was not said")
            text = said[-back]
        else:
            text = self._literal(column)
            texts.add(kind, text)
        if kind == "uid" and item:
            texts.uid_of[item] = text
        return self._spend(text)

    def end(self) -> None:
        """Raise WireError unless everything was read."""
        streams = self._streams.values() if self._one is None else [self._one]
        if any(stream.left() for stream in streams):
            raise WireError("batch: more bytes than its events need")

    def _resolved(self, text: str) -> str:
        if not text:
            raise UnresolvedError("batch: refers to what the catalogue here does not know")
        return text

    def _spend(self, text: str) -> str:
        self._size += len(text)
        if self._size > MOST:
            raise WireError(f"batch: unpacks to more than {MOST} bytes")
        return text

    def _literal(self, column: str) -> str:
        form, stream = self.of(column + "'"), self.of(column + '"')
        match form.byte():
            case 0:
                return stream.take(form.plain()).decode()
            case 1:
                return stream.take(form.byte()).hex()
            case 2:
                data = stream.take(form.byte())
                if len(data) == _UID:
                    self._texts.head = data[:_HEAD]
                return data.hex().upper()
            case 3:
                text = hexlify(stream.take(16)).decode()
                return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
            case 4:
                return (self._texts.head + stream.take(_UID - _HEAD)).hex().upper()
            case 5:
                digits = form.byte()
                prefix = self.text(column + "+", "prefix")
                number = int.from_bytes(stream.take(_WIDTHS[digits]), "big")
                return f"{prefix}{number:0{digits}}"
            case 6:
                text = hexlify(stream.take(8)).decode()
                return f"{text[:8]}-{text[8:]}"
            case 7:
                return self._resolved(self._known.card(stream.take(form.byte())))
            case _:
                raise WireError("batch: a text of an unknown form")


class Stream:
    """Bytes that are taken from the front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def left(self) -> int:
        """Return how many bytes are left."""
        return len(self._data) - self._at

    def back(self, left: int) -> None:
        """Go back to where so many bytes were left."""
        self._at = len(self._data) - left

    def byte(self) -> int:
        """Take one byte."""
        self._at += 1
        return self._data[self._at - 1]

    def take(self, count: int) -> bytes:
        """Take so many bytes."""
        if count > self.left():
            raise WireError("batch: ends too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def plain(self) -> int:
        """Take a number that is not negative."""
        value = shift = 0
        while (byte := self.byte()) >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise WireError("batch: a number is too long")
        return value | byte << shift

    def number(self) -> int:
        """Take a number."""
        value = self.plain()
        return (value >> 1) ^ -(value & 1)


BROKEN = (IndexError, KeyError, ValueError, OverflowError, TypeError)
"""What reading damaged bytes can raise besides WireError."""


def put_plain(stream: bytearray, value: int) -> None:
    """Append a number that is not negative."""
    while value >= 0x80:
        stream.append(value & 0x7F | 0x80)
        value >>= 7
    stream.append(value)


def put(stream: bytearray, value: int) -> None:
    """Append a number of at most 64 bits."""
    put_plain(stream, value << 1 if value >= 0 else (-value << 1) - 1)


def split(stream: Stream, names: tuple[str, ...], counts: tuple[int, ...]) -> dict[str, bytes]:
    """Return columns by name; of ``counts`` (lengths in front) the first that fits is meant."""
    begins = stream.left()
    for count in counts:
        stream.back(begins)
        lengths = [stream.plain() for _ in range(count)]
        if sum(lengths) == stream.left():
            return {name: stream.take(n) for name, n in zip(names, lengths, strict=False) if n}
    raise WireError("batch: its columns are not as long as it says")
