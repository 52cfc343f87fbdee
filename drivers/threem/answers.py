"""What the replies of a 3M pad say, as values. A reply that does not fit raises FrameError."""

from dataclasses import dataclass

from drivers.errors import FrameError
from drivers.fields import Fields
from drivers.threem.status import Status

UID_BYTES = 8
BLOCK_BYTES = 4
"""A pad knows only blocks of this size."""
WITH_UID, WITH_DSFID = 0x01, 0x02
HAS_DSFID, HAS_AFI, HAS_SIZE, HAS_CHIP = 1, 2, 4, 8
_LOCKED_OR_FREE = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its status and what follows it, without the UID that was asked."""

    status: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Version:
    """What a pad says of itself; family 0x0A is 3M's."""

    family: int
    major: int
    minor: int
    build: int


@dataclass(frozen=True, slots=True)
class Info:
    """What a pad can tell of a tag; None for what the tag does not have."""

    dsfid: int | None = None
    afi: int | None = None
    block_size: int | None = None
    block_count: int | None = None
    chip: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a tag, in memory order."""

    number: int
    locked: bool
    data: bytes


def nothing(reply: Reply) -> None:
    """Expect no data, or none that we use."""


def number(reply: Reply) -> int:
    """Read one byte."""
    return Fields(reply.data).number()


def version(reply: Reply) -> Version | None:
    """Read the version; None when the pad does not tell it."""
    if reply.status != Status.OK:
        return None
    fields = Fields(reply.data)
    return Version(*(fields.number() for _ in range(4)))


def inventory(reply: Reply) -> list[bytes]:
    """Read UIDs: AFI and options as they were asked, count, then the tags; some may come twice."""
    if reply.status == Status.NO_TAG:
        return []
    fields = Fields(reply.data)
    fields.take(1)
    options = fields.number()
    uids = []
    for _ in range(fields.number()):
        fields.take(1 if options & WITH_DSFID else 0)
        uids.append(fields.take(UID_BYTES if options & WITH_UID else 0))
    fields.end()
    return uids


def blocks(reply: Reply) -> list[Block]:
    """Read blocks: count, then number, lock and data of each."""
    fields = Fields(reply.data)
    found = []
    for _ in range(fields.number()):
        place, lock = fields.number(), fields.number()
        if lock > _LOCKED_OR_FREE:
            raise FrameError(f"block {place} could not be read, error {lock:02X}")
        found.append(Block(place, bool(lock), fields.take(BLOCK_BYTES)))
    fields.end()
    return found


def info(reply: Reply) -> Info:
    """Read what is there of DSFID, AFI, size and chip; the wire counts sizes from 0."""
    fields = Fields(reply.data)
    there = fields.number()
    dsfid = fields.number() if there & HAS_DSFID else None
    afi = fields.number() if there & HAS_AFI else None
    size = (fields.number() & 0x1F) + 1 if there & HAS_SIZE else None
    count = fields.number() + 1 if there & HAS_SIZE else None
    chip = fields.number(2) if there & HAS_CHIP else None
    return Info(dsfid, afi, size, count, chip)
