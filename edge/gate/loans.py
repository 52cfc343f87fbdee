"""Which items are on loan, small and quick enough for a million loans on a Pi. No I/O.

Two sorted tables of 64-bit keyed fingerprints: item -> when it was lent (minutes), tag -> item.
Whoever steals the file learns neither numbers nor readers.

```
file     "SWL1" | key check 8 | base version 8 | loans 8 | tags 8 | loans | tags | CRC-32
loans    fingerprints (8 bytes each), then minutes (4 each);   tags   fingerprints, items (8 each)
```
"""

import hashlib
import struct
import zlib

from edge.table import Table

MINUTE_MS = 60_000
_MAGIC = b"SWL1"
_HEAD = struct.Struct("<4s8sQQQ")


class Loans:
    """The open loans under a key. Times are ms since 1970, kept to the minute."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32, person=b"shelfwire loans").digest()
        self._of_item = hashlib.blake2b(b"item:", digest_size=8, key=self._key)
        self._of_tag = hashlib.blake2b(b"tag:", digest_size=8, key=self._key)
        self._loans, self._tags = Table("I"), Table("Q")

    def since(self, item: str | None, uid: str) -> int | None:
        """Return since when an item (by its number, else by its tag's UID) is on loan, or None."""
        key = _print(self._of_item, item) if item else self._tags.get(_print(self._of_tag, uid))
        minutes = None if key is None else self._loans.get(key)
        return None if minutes is None else minutes * MINUTE_MS

    def put(self, item: str, since: int, uid: str = "") -> None:
        """Note that an item is on loan."""
        key = _print(self._of_item, item)
        self._loans.put(key, max(0, since) // MINUTE_MS & 0xFFFFFFFF)
        if uid:
            self._tags.put(_print(self._of_tag, uid), key)

    def drop(self, item: str) -> None:
        """Note that an item is not on loan."""
        self._loans.pop(_print(self._of_item, item))

    def __len__(self) -> int:
        """Return how many loans there are."""
        return len(self._loans)

    def dump(self, version: int) -> bytes:
        """Return the file of this copy of a base of ``version``."""
        head = _HEAD.pack(_MAGIC, self._key[:8], version, len(self._loans), len(self._tags))
        data = head + self._loans.dump() + self._tags.dump()
        return data + zlib.crc32(data).to_bytes(4, "little")

    def load(self, data: bytes, version: int) -> bool:
        """Take in a file; return False, and change nothing, when it is not one of this base."""
        if len(data) < _HEAD.size + 4:
            return False
        magic, check, base, loans, tags = _HEAD.unpack_from(data)
        body = memoryview(data)[_HEAD.size : -4]
        if (
            (magic, check, base) != (_MAGIC, self._key[:8], version)
            or len(body) != 12 * loans + 16 * tags
            or zlib.crc32(data[:-4]).to_bytes(4, "little") != data[-4:]
        ):
            return False
        self._loans.load(loans, body[: 12 * loans])
        self._tags.load(tags, body[12 * loans :])
        return True


def _print(hasher: hashlib.blake2b, text: str) -> int:
    """Return the fingerprint of a text; ``hasher`` holds the key and the kind."""
    made = hasher.copy()
    made.update(text.encode())
    return int.from_bytes(made.digest(), "big")
