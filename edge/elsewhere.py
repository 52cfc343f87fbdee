"""What this device knows of loans elsewhere in the province: small, and good for gates only.

The site's own copy comes first. This one holds what the centre told of the other branches
(:mod:`edge.wire.elsewhere`), by fingerprints, and forgets the oldest loans when it is full.
"""

import logging
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from edge.files import write_whole
from edge.table import Table
from edge.wire.elsewhere import MINUTE_MS, NOTHING, Elsewhere, Prints, unpack_rows

log = logging.getLogger(__name__)
MOST = 250_000
"""Loans that are kept; beside a site's own copy they take some 8 MB."""
_MAGIC = b"SWE1"
_HEAD = struct.Struct("<4s8sQQ16pQQ")
"""Magic, key check, version, before (ms), item, loans, tags."""
_ITEM = 15
"""An item's number that is longer than this is not kept over a restart; then history ends there."""


class Lent:
    """Loans elsewhere. Nothing is kept or wanted before :meth:`begin`, which a gate calls."""

    def __init__(self, site_key: bytes, path: Path) -> None:
        self._prints, self._path = Prints(site_key), path
        self._followers: list[Callable[[], None]] = []
        self._loans, self._tags = Table("I"), Table("Q")
        self._kept = 0
        self.version = self.before = 0
        self.item = ""
        self.wanted = self.nothing = False

    def begin(self) -> None:
        """Let it be kept, and fetched."""
        if not self.wanted:
            self.wanted = True
            self._read()

    def follow(self, follower: Callable[[], None]) -> None:
        """Call ``follower`` after each message of the centre."""
        self._followers.append(follower)

    def since(self, item: str | None, uid: str) -> int | None:
        """Return since when (ms) an item, by its number or else by its tag, is lent elsewhere."""
        if not self.version:
            return None
        key = _key(self._prints.item(item)) if item else self._tags.get(_key(self._prints.tag(uid)))
        minutes = None if key is None else self._loans.get(key)
        return None if minutes is None else minutes * MINUTE_MS

    def drop(self, item: str) -> None:
        """It came back here; the centre will say so too."""
        self._loans.pop(_key(self._prints.item(item)))

    def take(self, message: Elsewhere) -> bool:
        """Take in what the centre said; return False when it does not follow on what is known."""
        if message.start not in (0, self.version):
            return message.version <= self.version
        if not message.start:
            self._forget()
        for item, tag, since in unpack_rows(message.rows):
            self._put(_key(item), _key(tag) if tag != NOTHING else None, since // MINUTE_MS)
        self.version, self.nothing = message.version, message.nothing
        if message.more is not None:
            self.before, self.item = message.more
        if len(self._loans) > MOST:
            self._make_room()
        for follower in self._followers:
            follower()
        return True

    def __len__(self) -> int:
        """Return how many loans there are."""
        return len(self._loans) if self.version else 0

    def keep(self) -> None:
        """Write the file, if there is news; one that cannot be written is fetched again."""
        if not self.wanted or self._kept == self.version:
            return
        item = self.item.encode()
        before = self.before if len(item) <= _ITEM else 0
        counts = len(self._loans), len(self._tags)
        head = _HEAD.pack(_MAGIC, self._prints.check, self.version, before, item, *counts)
        data = head + self._loans.dump() + self._tags.dump()
        try:
            write_whole(self._path, data + zlib.crc32(data).to_bytes(4, "little"))
            self._kept = self.version
        except OSError as error:
            log.info("the loans elsewhere could not be kept: %s", error)

    def _put(self, item: int, tag: int | None, minutes: int) -> None:
        if not minutes:
            self._loans.pop(item)
            return
        self._loans.put(item, minutes)
        if tag is not None:
            self._tags.put(tag, item)

    def _make_room(self) -> None:
        """Forget the oldest; tags of items that are not lent any more go too."""
        log.info("more than %d loans elsewhere: the oldest are forgotten", MOST)
        edge = sorted(self._loans.values())[len(self._loans) - MOST * 9 // 10]
        self._loans.keep(lambda minutes: minutes >= edge)
        self._tags.keep(lambda item: self._loans.get(item) is not None)
        self.before, self.item = 0, ""

    def _forget(self) -> None:
        self.version = self.before = 0
        self.item = ""
        self._loans, self._tags = Table("I"), Table("Q")

    def _read(self) -> None:
        """Take in the file; a damaged one, or one of another key, counts as none."""
        try:
            data = self._path.read_bytes()
            magic, check, version, before, item, loans, tags = _HEAD.unpack_from(data)
        except (OSError, struct.error):
            return
        body = memoryview(data)[_HEAD.size : -4]
        if (
            (magic, check) == (_MAGIC, self._prints.check)
            and len(body) == 12 * loans + 16 * tags
            and zlib.crc32(data[:-4]).to_bytes(4, "little") == data[-4:]
        ):
            self._loans.load(loans, body[: 12 * loans])
            self._tags.load(tags, body[12 * loans :])
            self.version, self.before, self.item = version, before, item.decode()
            self._kept = version


def _key(fingerprint: bytes) -> int:
    """Return a fingerprint as a number whose top bits spread it."""
    return int.from_bytes(fingerprint, "big") << 16
