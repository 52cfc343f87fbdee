"""What a tag is meant to hold, kept until it does: one SQLite file, one row for each tag."""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from drivers.ports import Bank, BankKind
from drivers.tags import air_write_plan, is_torn, is_torn_user, write_plan

_STEPS = (
    """
CREATE TABLE intent (
    uid        TEXT    PRIMARY KEY,
    item       TEXT    NOT NULL,
    block_size INTEGER NOT NULL,
    before     BLOB    NOT NULL,
    image      BLOB    NOT NULL,
    dsfid      INTEGER,
    afi        INTEGER,
    made_ms    INTEGER NOT NULL
) STRICT;
""",
    "ALTER TABLE intent ADD COLUMN bank TEXT NOT NULL DEFAULT '';",
    """
ALTER TABLE intent ADD COLUMN user_before BLOB NOT NULL DEFAULT x'';
ALTER TABLE intent ADD COLUMN user_image  BLOB NOT NULL DEFAULT x'';
""",
)
"""From each version of the file to the next."""


Step = tuple[Bank | None, int, bytes]


class IntentsError(Exception):
    """The file of open work cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that has begun and is not verified.

    ``before`` is the memory as it was read, ``image`` as it is to be; ``dsfid`` and ``afi`` are None
    where the tag keeps its own. With ``bank`` the memory is bank 01 of a UHF tag, its CRC word the
    chip's own, and ``user_image`` is its bank 11, empty to leave that alone. ``format`` is for people
    and not kept.
    """

    uid: bytes
    item: str
    block_size: int
    before: bytes
    image: bytes
    dsfid: int | None = None
    afi: int | None = None
    format: str = ""
    bank: BankKind = ""
    user_before: bytes = b""
    user_image: bytes = b""

    def steps(self, memory: bytes, user: bytes = b"") -> list[Step]:
        """Return ``(bank, block, data)`` in the order to write over what the tag holds; none: done.

        ``user`` is what its user bank holds, where that is written too; the bank is None for the
        memory of the tag.
        """
        if self.bank:
            steps = air_write_plan(memory, self.image, user, self.user_image)
            return [(at if at is Bank.USER else None, word, data) for at, word, data in steps]
        return [(None, *step) for step in write_plan(memory, self.image, self.block_size)]

    def belongs(self, memory: bytes, user: bytes = b"") -> bool:
        """Whether a memory is one that this write leaves behind, wherever it was torn.

        Each block is as before, as it is to be, or (the first) wiped. Anything else was written by
        somebody else since, and is not ours to change.
        """
        if self.bank:
            return is_torn(memory, self.before, self.image) and (
                not self.user_image or is_torn_user(user, self.user_before, self.user_image)
            )
        if len(memory) != len(self.image):
            return False
        size = self.block_size
        return all(
            memory[at : at + size] in (self.before[at : at + size], self.image[at : at + size])
            or (at == 0 and not any(memory[:size]))
            for at in range(0, len(memory), size)
        )


class Intents:
    """The open writes of this bench. Each change is on the disk when the call returns."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; IntentsError if that cannot be."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise IntentsError(f"{path}: {error}; give another file with --intents") from error
        try:
            self._prepare(path)
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        """Use it as a context that closes the file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._db.close()

    def keep(self, intent: Intent) -> None:
        """Remember a write, before the first byte of the tag is changed."""
        self._db.execute(
            "INSERT OR REPLACE INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (_name(intent.uid), intent.item, intent.block_size, intent.before, intent.image,
             intent.dsfid, intent.afi, time.time_ns() // 1_000_000, intent.bank,
             intent.user_before, intent.user_image),
        )  # fmt: skip

    def of(self, uid: bytes) -> Intent | None:
        """Return the open write of a tag."""
        row = self._db.execute(f"{_SELECT} WHERE uid = ?", (_name(uid),)).fetchone()
        return _intent(row) if row else None

    def done(self, uid: bytes) -> None:
        """Forget a write: the tag was read back and is right, or the work is given up."""
        self._db.execute("DELETE FROM intent WHERE uid = ?", (_name(uid),))

    def all(self) -> list[Intent]:
        """Return every open write, the oldest first."""
        return [_intent(row) for row in self._db.execute(f"{_SELECT} ORDER BY made_ms, uid")]

    def _prepare(self, path: Path) -> None:
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if steps := _STEPS[version:]:
                self._db.executescript(
                    f"BEGIN IMMEDIATE; {''.join(steps)} PRAGMA user_version = {len(_STEPS)}; COMMIT"
                )
        except sqlite3.Error as error:
            raise IntentsError(f"{path}: {error}; give another file with --intents") from error
        if version > len(_STEPS):
            raise IntentsError(f"{path}: written by a newer version of this program; use that one")


_SELECT = (
    "SELECT uid, item, block_size, before, image, dsfid, afi, bank, user_before, user_image"
    " FROM intent"
)
_Row = tuple[str, str, int, bytes, bytes, int | None, int | None, BankKind, bytes, bytes]


def _intent(row: _Row) -> Intent:
    uid, item, block_size, before, image, dsfid, afi, bank, user_before, user_image = row
    return Intent(
        bytes.fromhex(uid), item, block_size, before, image, dsfid=dsfid, afi=afi, bank=bank,
        user_before=user_before, user_image=user_image,
    )  # fmt: skip


def _name(uid: bytes) -> str:
    return uid.hex().upper()
