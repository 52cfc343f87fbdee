"""What is lent elsewhere in the province, as gates are told it: fingerprints, no numbers, no readers.

A device asks (``up/elsewhere``, Wanted) and is told on ``down/elsewhere``, signed like the parts of a
replica: what changed since a version, now and then, and, when asked, older loans, the newest first.

```
rows     one after another: item (6 bytes) | tag (6) | minutes since 1970 (4, little-endian)
```
Item and tag (a UID in upper-case hex; zeros: not known) are BLAKE2b under the site's key, so a row of
one site means nothing at another. 0 minutes: it is not lent any more.
"""

import hashlib
import hmac
import struct
from collections.abc import Iterable, Iterator

from edge.wire.errors import WireError
from edge.wire.messages import Message
from edge.wire.parts import pack, unpack
from edge.wire.seal import Seal, Trust

PRINT = 6
"""Bytes of a fingerprint: of a million loans one strange tag in 280 million looks like a lent one."""
NOTHING = bytes(PRINT)
MINUTE_MS = 60_000
MOST_ROWS = 20_000
"""Rows of one message."""
_ROW = struct.Struct(f"<{PRINT}s{PRINT}sI")
_WHAT = b"shelfwire elsewhere"

Row = tuple[bytes, bytes, int]
"""Fingerprints of item and tag, and since when it is lent (ms, kept to the minute; 0: it is not)."""


class Wanted(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A device knows what changed up to the version ``after`` (0: nothing at all).

    It wants the loans too that are older than ``before`` (ms; 0: has them) and ``item``, which the
    last message named, but none from before ``since`` (ms). News shall come every ``seconds`` at
    most; 0: no more. ``key``: name (hex) of the newest key of the centre that the device knows.
    """

    after: int = 0
    before: int = 0
    item: str = ""
    since: int = 0
    seconds: float = 0.0
    key: str = ""


class Elsewhere(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What changed after ``start`` up to ``version``; ``start`` 0: forget all that was known.

    ``more``: there are older loans, before this time (ms) and item; None: nothing is said of that,
    (0, ""): these were the last. ``nothing``: the site's own copy holds every branch; no more comes.
    """

    version: int
    start: int = 0
    rows: bytes = b""
    more: tuple[int, str] | None = None
    nothing: bool = False


class Prints:
    """Fingerprints under a site's key."""

    def __init__(self, site_key: bytes) -> None:
        key = hmac.digest(site_key, b"elsewhere", "sha256")
        self._item = hashlib.blake2b(b"item:", digest_size=PRINT, key=key)
        self._tag = hashlib.blake2b(b"tag:", digest_size=PRINT, key=key)
        self.check = hashlib.blake2b(b"", digest_size=8, key=key).digest()

    def item(self, item: str) -> bytes:
        """Return the fingerprint of an item's number."""
        return _print(self._item, item)

    def tag(self, uid: str) -> bytes:
        """Return the fingerprint of a tag's UID (hex, any case); of an empty one, zeros."""
        return _print(self._tag, uid.upper()) if uid else NOTHING

    def row(self, item: str, uid: str, since: int) -> Row:
        """Return the row of an item."""
        return self.item(item), self.tag(uid), since


def pack_rows(rows: Iterable[Row]) -> bytes:
    """Return rows as they travel."""
    return b"".join(
        _ROW.pack(item, tag, min(max(0, since) // MINUTE_MS, 0xFFFFFFFF))
        for item, tag, since in rows
    )


def unpack_rows(data: bytes) -> Iterator[Row]:
    """Yield the rows of a message that was decoded."""
    for item, tag, minutes in _ROW.iter_unpack(data):
        yield item, tag, minutes * MINUTE_MS


def encode_elsewhere(message: Elsewhere, site: str, seal: Seal | None = None) -> bytes:
    """Return a message as it travels to a site, without the certificate."""
    return pack(message, site, seal, _WHAT)


def decode_elsewhere(data: bytes, site: str, trust: Trust | None = None) -> Elsewhere:
    """Return a message for a site; with ``trust`` only one that the centre signed.

    Raises WireError: UnknownKeyError when the key was never met and no certificate came along.
    """
    message = unpack(data, Elsewhere, site, trust, _WHAT)
    if len(message.rows) % _ROW.size or len(message.rows) > MOST_ROWS * _ROW.size:
        raise WireError(f"Elsewhere.rows: {len(message.rows)} bytes")
    return message


def _print(hasher: "hashlib.blake2b", text: str) -> bytes:
    made = hasher.copy()
    made.update(text.encode())
    return made.digest()
