"""SIP2 messages as text: two digits, fixed fields in order, then two letters and a value each. Pure.

```
09 N 20261122    140000 20261122    140000 AO<library>|AB<item>|AC|AP<place>|
id |  transaction date    return date      fields, in any order, some repeat
```
What is not in the table of a message is kept all the same: every library system has fields of its own.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.sip2.errors import GarbledError

DATE = 18
MOST_BYTES = 255
"""A value is never sent longer."""

FIXED: Mapping[str, tuple[tuple[str, int], ...]] = {
    "01": (("card_retained", 1), ("date", DATE)),
    "09": (("no_block", 1), ("date", DATE), ("return_date", DATE)),
    "10": (("ok", 1), ("resensitize", 1), ("magnetic", 1), ("alert", 1), ("date", DATE)),
    "11": (("renewal_policy", 1), ("no_block", 1), ("date", DATE), ("nb_due", DATE)),
    "12": (("ok", 1), ("renewal_ok", 1), ("magnetic", 1), ("desensitize", 1), ("date", DATE)),
    "15": (("mode", 1), ("date", DATE)),
    "16": (("ok", 1), ("available", 1), ("date", DATE)),
    "17": (("date", DATE),),
    "18": (("status", 2), ("security", 2), ("fee_type", 2), ("date", DATE)),
    "19": (("date", DATE),),
    "20": (("ok", 1), ("date", DATE)),
    "23": (("language", 3), ("date", DATE)),
    "24": (("patron_status", 14), ("language", 3), ("date", DATE)),
    "25": (("date", DATE),),
    "26": (("patron_status", 14), ("language", 3), ("date", DATE)),
    "29": (("third_party", 1), ("no_block", 1), ("date", DATE), ("nb_due", DATE)),
    "30": (("ok", 1), ("renewal_ok", 1), ("magnetic", 1), ("desensitize", 1), ("date", DATE)),
    "35": (("date", DATE),),
    "36": (("end", 1), ("date", DATE)),
    "37": (("date", DATE), ("fee_type", 2), ("pay_type", 2), ("currency", 3)),
    "38": (("accepted", 1), ("date", DATE)),
    "63": (("language", 3), ("date", DATE), ("summary", 10)),
    "64": (
        ("patron_status", 14), ("language", 3), ("date", DATE), ("holds", 4), ("overdue", 4),
        ("charged", 4), ("fines", 4), ("recalls", 4), ("unavailable", 4),
    ),
    "65": (("date", DATE),),
    "66": (("ok", 1), ("renewed", 4), ("unrenewed", 4), ("date", DATE)),
    "93": (("uid_algorithm", 1), ("pwd_algorithm", 1)),
    "94": (("ok", 1),),
    "96": (),
    "97": (),
    "98": (
        ("online", 1), ("checkin", 1), ("checkout", 1), ("renewal", 1), ("status_update", 1),
        ("offline", 1), ("timeout", 3), ("retries", 3), ("date", DATE), ("version", 4),
    ),
    "99": (("status", 1), ("width", 3), ("version", 4)),
}  # fmt: skip
"""The fixed fields of every message, in order, with their lengths."""

ANSWERS: Mapping[str, str] = {
    "01": "24", "09": "10", "11": "12", "15": "16", "17": "18", "19": "20", "23": "24", "25": "26",
    "29": "30", "35": "36", "37": "38", "63": "64", "65": "66", "93": "94", "99": "98",
}  # fmt: skip
"""Which message answers which."""

_UNSAFE = dict.fromkeys((*range(32), 127), " ")
_PLAIN = str.maketrans({"đ": "d", "Đ": "D"})


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``fixed`` by the names of :data:`FIXED`; ``fields`` in their order, repeats kept."""

    code: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, name: str) -> str:
        """Return a fixed field, or the first field of two letters; empty when it is not there."""
        if name in self.fixed:
            return self.fixed[name]
        return next((value for key, value in self.fields if key == name), "")

    def every(self, name: str) -> list[str]:
        """Return all values of a field that may repeat."""
        return [value for key, value in self.fields if key == name]


def read_message(text: str, delimiter: str = "|") -> Message:
    """Return the message of a line without its checksum; raise GarbledError naming what is wrong."""
    code, at = text[:2], 2
    if code not in FIXED:
        raise GarbledError(f"message {code!r} is not known")
    fixed = {}
    for name, length in FIXED[code]:
        value = text[at : at + length]
        if len(value) < length or delimiter in value:
            raise GarbledError(f"message {code}: its {name} is cut off")
        fixed[name] = value
        at += length
    rest = text[at:].split(delimiter)
    fields = tuple((part[:2], _opened(part[2:])) for part in rest if len(part.strip()) >= 2)
    return Message(code, fixed, fields)


def write_message(message: Message, delimiter: str = "|") -> str:
    """Return the text of a message without its checksum; raise GarbledError for what has no place."""
    if message.code not in FIXED:
        raise GarbledError(f"message {message.code!r} is not known")
    parts = [message.code]
    for name, length in FIXED[message.code]:
        value = _clean(message.fixed.get(name, ""), delimiter)
        if len(value) > length:
            raise GarbledError(f"message {message.code}: {name} {value!r} is too long")
        parts.append(value.ljust(length))
    for key, value in message.fields:
        if len(key) != 2 or not key.isascii() or not key.isalnum():
            raise GarbledError(f"message {message.code}: {key!r} is no name of a field")
        parts.append(f"{key}{_clean(value, delimiter)}{delimiter}")
    return "".join(parts)


def to_bytes(text: str, charset: str) -> bytes:
    """Return text in a character set; letters it lacks lose their marks, others become ``?``."""
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        return b"".join(_letter(one, charset) for one in text)


def to_text(data: bytes, charset: str) -> str:
    """Return the text of what came in, in NFC.

    Some servers mix UTF-8 and Latin-1 from message to message: what is no UTF-8 is read as cp1252.
    """
    if charset.lower().replace("_", "-") in ("utf-8", "utf8"):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    else:
        text = data.decode(charset, "replace")
    return unicodedata.normalize("NFC", text)


def _letter(one: str, charset: str) -> bytes:
    try:
        return one.encode(charset)
    except UnicodeEncodeError:
        bare = unicodedata.normalize("NFD", one.translate(_PLAIN))
        kept = "".join(part for part in bare if not unicodedata.combining(part))
        return kept.encode(charset, "replace")


def _clean(value: str, delimiter: str) -> str:
    """Return a value that ends no field and no line, and is not too long."""
    text = unicodedata.normalize("NFC", value).translate(_UNSAFE).replace(delimiter, " ")
    if len(text.encode("utf-8", "replace")) <= MOST_BYTES:
        return text
    return text.encode("utf-8", "replace")[:MOST_BYTES].decode("utf-8", "ignore")


def _opened(value: str) -> str:
    """Return a value as it was meant: Perl servers write ``&#124;`` for the delimiter."""
    return value.replace("&#124;", "|").translate(_UNSAFE).strip()
