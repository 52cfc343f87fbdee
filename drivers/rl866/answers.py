"""What the replies of an RL866 reader say, as values. A reply that does not fit raises FrameError."""

from dataclasses import dataclass, field

from drivers.errors import FrameError
from drivers.fields import Fields
from drivers.ports import TagInfo

UID_BYTES = 8
CONFIG_BYTES = 14
MORE_TO_TELL = 1
ISO15693 = 1

HAS_ANTENNA, HAS_PROTOCOL, HAS_TYPE, HAS_SERIAL, HAS_MEMORY = 0x01, 0x02, 0x04, 0x08, 0x10
_KNOWN_PARTS = HAS_ANTENNA | HAS_PROTOCOL | HAS_TYPE | HAS_SERIAL | HAS_MEMORY
HAS_DSFID, HAS_AFI, HAS_SIZE, HAS_CHIP = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its status and what follows it."""

    status: int
    data: bytes = b""

    @property
    def fields(self) -> Fields:
        """A cursor over the data; words are least significant byte first."""
        return Fields(self.data, "little")


@dataclass(frozen=True, slots=True)
class Report:
    """A tag of an inventory; ``kind`` is the reader's number for its chip family."""

    uid: bytes
    dsfid: int | None = None
    kind: int = 0
    antenna: int = 0


@dataclass(frozen=True, slots=True)
class Inventory:
    """A page of an inventory; ``more`` when the reader has further tags to tell."""

    tags: list[Report] = field(default_factory=list)
    others: int = 0
    """Tags of other kinds (ISO 14443 cards)."""
    total: int = 0
    more: bool = False


def nothing(reply: Reply) -> None:
    """Expect no data, or none that we use."""


def raw(reply: Reply) -> bytes:
    """Return the data as they are."""
    return reply.data


def config(reply: Reply) -> list[bytes]:
    """Read configuration blocks: count, then the blocks."""
    fields = reply.fields
    blocks = [fields.take(CONFIG_BYTES) for _ in range(fields.number())]
    fields.end()
    return blocks


def handle(reply: Reply) -> int:
    """Read the handle of a tag that was connected."""
    return reply.fields.number()


def inventory(reply: Reply) -> Inventory:
    """Read how the inventory ended, how many tags there are in all and here, and the tags."""
    if not reply.data:
        return Inventory()
    fields = reply.fields
    end, total, count = fields.number(), fields.number(2), fields.number()
    found = [_report(fields) for _ in range(count)]
    fields.end()
    tags = [report for report in found if report]
    return Inventory(tags, count - len(tags), total, more=end == MORE_TO_TELL)


def _report(fields: Fields) -> Report | None:
    """Read one tag; None for other kinds than ISO 15693."""
    parts = fields.number()
    if parts & ~_KNOWN_PARTS:
        raise FrameError(f"a tag is told with unknown parts {parts:02X}")
    antenna = fields.number() if parts & HAS_ANTENNA else 0
    protocol = fields.number() if parts & HAS_PROTOCOL else ISO15693
    kind = fields.number() if parts & HAS_TYPE else 0
    serial = fields.take(fields.number()) if parts & HAS_SERIAL else b""
    if parts & HAS_MEMORY:
        fields.take((fields.number(2) + 7) // 8)
    if protocol != ISO15693:
        return None
    if len(serial) < UID_BYTES:
        raise FrameError(f"a serial number of {len(serial)} bytes is no UID")
    # A ninth byte is the DSFID, or an end mark that is always 0: only another value says something.
    dsfid = serial[UID_BYTES] if len(serial) > UID_BYTES else 0
    return Report(serial[UID_BYTES - 1 :: -1], dsfid or None, kind, antenna)


def blocks(reply: Reply) -> tuple[int, bytes]:
    """Read blocks: how many, and their bytes in memory order."""
    fields = reply.fields
    count, data = fields.number(2), fields.rest()
    if not count or not data or len(data) % count:
        raise FrameError(f"{len(data)} bytes are not {count} whole blocks")
    return count, data


def system_info(reply: Reply) -> TagInfo:
    """Read what a tag says of itself; the wire counts blocks and bytes from 0."""
    fields = reply.fields
    parts, uid = fields.number(), fields.take(UID_BYTES)[::-1]
    # All fields are there; a bit says only whether one is meant.
    dsfid, afi, count, size = (fields.number() for _ in range(4))
    chip = fields.number() if len(fields) else None
    if not parts & HAS_SIZE:
        raise FrameError("the tag does not tell its size")
    return TagInfo(
        uid,
        dsfid if parts & HAS_DSFID else None,
        afi if parts & HAS_AFI else None,
        (size & 0x1F) + 1,
        count + 1,
        chip if parts & HAS_CHIP else None,
    )


def access(reply: Reply) -> tuple[int, Reply]:
    """Read the result of an access to a tag: its code and the reply to it.

    length of the rest, code u16, 01 data… when it went well or 00 status u16 when not.
    """
    fields = reply.fields
    inner = Fields(fields.take(ebv(fields)), "little")
    fields.end()
    code = inner.number(2)
    if inner.number() == 1:
        return code, Reply(0, inner.rest())
    status = inner.number(2)
    if not status:
        raise FrameError(f"access {code:04X} failed without a reason")
    return code, Reply(status)


def ebv(fields: Fields) -> int:
    """Read a length of one or more bytes: bit 7 says that another follows, high bits first."""
    value = 0
    while True:
        byte = fields.number()
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value


def to_ebv(value: int) -> bytes:
    """Return a length as :func:`ebv` reads it."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))
