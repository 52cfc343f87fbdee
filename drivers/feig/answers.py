"""What the replies of a FEIG reader say, as values. A reply that does not fit raises FrameError."""

from dataclasses import dataclass, field, replace

from drivers.errors import FrameError
from drivers.feig.fields import Fields
from drivers.feig.status import Status
from drivers.ports import AirTag, SeenTag, Sighting, TagInfo

UID_BYTES = 8
CONFIG_BYTES = 14
ISO15693, ISO14443A, ISO14443B, GEN2 = 0x03, 0x04, 0x05, 0x84
_UIDS_OF_14443A = (7, 10)
_AFTER_TYPE_OF_14443B = 9

TR1_SNR, TR1_DATA, TR1_EAS, TR1_LSB_FIRST = 0x01, 0x02, 0x04, 0x08
TR1_ANTENNA, TR1_TIME, TR1_DATE, TR1_MORE = 0x10, 0x20, 0x40, 0x80
TR2_INPUT, TR2_MAC, TR2_AFI, TR2_ANTENNAS, TR2_DIRECTION = 0x01, 0x02, 0x04, 0x10, 0x20
_TIME_BYTES, _DATE_BYTES, _INPUT_BYTES, _MAC_BYTES = 4, 5, 2, 6
_REST_OF_ANTENNA = 4
_OLD_BLOCK = 4
_OLD_FLAGS = TR1_SNR | TR1_DATA | TR1_TIME | TR1_DATE | TR1_ANTENNA
_OLD_WITHOUT_LENGTH = frozenset({0x06, GEN2})
"""Types whose serial number has no fixed length."""
_WITH_TID = 2
"""IDDT of a Gen2 tag whose TID follows its EPC."""
_EXTENDED_PC = 0x0200


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its status and what follows it."""

    status: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Version:
    """Software and hardware of a reader."""

    software: int
    hardware: int
    reader_type: int
    tag_types: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """A page of an inventory; ``more`` when the reader has further tags to tell."""

    tags: list[SeenTag] = field(default_factory=list)
    others: int = 0
    """Tags of other kinds (ISO 14443 cards)."""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of a tag, each as the wire had it."""

    size: int
    blocks: list[bytes]
    locked: list[bool]


@dataclass(frozen=True, slots=True)
class Passage:
    """A record of a gate reader's buffer; block bytes are as the wire had them.

    ``air`` is a UHF tag, which its site has to judge; ``tid`` what the record tells of its TID.
    """

    sighting: Sighting
    block_size: int = 0
    lsb_first: bool = False
    """The record itself says that the bytes of its blocks come in memory order."""
    air: AirTag | None = None
    tid: bytes = b""


@dataclass(frozen=True, slots=True)
class BufferPage:
    """A page of a gate reader's buffer."""

    passages: list[Passage] = field(default_factory=list)
    skipped: int = 0
    """Records of tags of other kinds."""
    more: bool = False
    overflow: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """The digital inputs of a reader, IN1 first; ``raw`` is the byte as it came."""

    levels: tuple[bool, bool, bool]
    raw: int


@dataclass(frozen=True, slots=True)
class BufferInfo:
    """How large a gate reader's buffer is, where it begins, and how many records wait in it."""

    size: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class People:
    """A people counter: how many went in and out, at both of its beams."""

    in_1: int
    out_1: int
    in_2: int
    out_2: int


def nothing(reply: Reply) -> None:
    """Expect no data, or none that we use."""


def raw(reply: Reply) -> bytes:
    """Return the data as they are."""
    return reply.data


def version(reply: Reply) -> Version:
    """Read the reply to 65, and the general one to 66, which begins in the same way."""
    fields = Fields(reply.data)
    software = fields.number(2)
    fields.take(1)
    return Version(software, fields.number(), fields.number(), fields.number(2))


def config(reply: Reply) -> bytes:
    """Read a configuration block."""
    if len(reply.data) != CONFIG_BYTES:
        raise FrameError(f"a configuration block has {CONFIG_BYTES} bytes, not {len(reply.data)}")
    return reply.data


def people(reply: Reply) -> People:
    """Read the reply to 77; told unasked, the counter's bus address follows."""
    fields = Fields(reply.data)
    return People(*(fields.number(4) for _ in range(4)))


def inputs(reply: Reply) -> Inputs:
    """Read the reply to 74: bits 0 to 2 are IN1 to IN3; what changed follows above."""
    raw_bits = Fields(reply.data).number()
    one, two, three = (bool(raw_bits >> bit & 1) for bit in range(3))
    return Inputs((one, two, three), raw_bits)


def buffer_info(reply: Reply) -> BufferInfo:
    """Read the reply to 31."""
    fields = Fields(reply.data)
    return BufferInfo(fields.number(2), fields.number(2), fields.number(2))


def inventory(reply: Reply) -> Inventory:
    """Read the reply to B0 01."""
    if reply.status == Status.NO_TAG:
        return Inventory()
    error: FrameError | None = None
    for uid_bytes in _UIDS_OF_14443A:
        try:
            return _inventory(reply, uid_bytes)
        except FrameError as failed:
            error = error or failed
    raise error or FrameError("no inventory")


def _inventory(reply: Reply, uid_bytes_a: int) -> Inventory:
    fields, tags = Fields(reply.data), []
    count = fields.number()
    for _ in range(count):
        kind = fields.number()
        if kind == ISO15693:
            dsfid = fields.number()
            tags.append(SeenTag(fields.take(UID_BYTES), dsfid))
        elif kind == ISO14443A:
            fields.take(2 + uid_bytes_a)
        elif kind == ISO14443B:
            fields.take(_AFTER_TYPE_OF_14443B)
        else:
            raise FrameError(f"inventory holds a tag of unknown type {kind:02X}")
    fields.end()
    return Inventory(tags, count - len(tags), more=reply.status == Status.MORE_DATA)


def blocks(reply: Reply) -> Blocks:
    """Read the reply to B0 23."""
    fields = Fields(reply.data)
    count, size = fields.number(), fields.number()
    found = [(fields.number(), fields.take(size)) for _ in range(count)]
    fields.end()
    return Blocks(size, [block for _, block in found], [bool(lock & 1) for lock, _ in found])


def system_info(reply: Reply) -> TagInfo:
    """Read the reply to B0 2B; the wire counts blocks and bytes from 0."""
    fields = Fields(reply.data)
    dsfid, uid, afi = fields.number(), fields.take(UID_BYTES), fields.number()
    block_size, block_count = (fields.number() & 0x1F) + 1, fields.number() + 1
    chip = fields.number() if len(fields) else None
    return TagInfo(uid, dsfid, afi, block_size, block_count, chip)


def buffer(reply: Reply) -> BufferPage:
    """Read the reply to 22.

    TR-DATA1 [TR-DATA2] COUNT, then records; flags in TR-DATA say which parts are there, in this order:
    LEN (of all, itself too) [TYPE IDDT LEN [AFI DSFID] UID, or TYPE IDDT LEN PC [XPC] EPC [TID]]
    [N SIZE DATA] [TIME] [DATE] [ANT] [INPUT STATE] [MAC] [N {ANT RSSI and four more}] [DIRECTION].
    Some models send records with an overflow too.
    """
    if reply.status == Status.NO_VALID_DATA:
        return BufferPage()
    if reply.status == Status.BUFFER_OVERFLOW:
        try:
            return replace(_records(reply), overflow=True)
        except FrameError:  # it must be told and cleared, whatever comes with it
            return BufferPage(overflow=True)
    return _records(reply)


def _records(reply: Reply) -> BufferPage:
    fields = Fields(reply.data)
    first = fields.number()
    second = fields.number() if first & TR1_MORE else 0
    if not first & TR1_SNR:
        raise FrameError(f"the buffer has records of unknown layout, TR-DATA1 {first:02X}")
    count = fields.number(2)
    records = [Fields(fields.take(max(fields.number(2) - 2, 0))) for _ in range(count)]
    passages = [found for record in records if (found := _passage(record, first, second))]
    more = reply.status == Status.MORE_DATA
    return BufferPage(passages, count - len(passages), more=more)


def buffer_old(reply: Reply) -> BufferPage:
    """Read the reply to 21, the form of older readers.

    TR-DATA COUNT(1), then records without a length: [TYPE, UID of 8 bytes] [FIRST N DATA] [TIME] [DATE]
    [ANT]. Blocks have 4 bytes, for their size is not told. Nor is the end of a record that holds
    something else, so a page with an EPC of the old kind is no answer that we know.
    """
    if reply.status == Status.NO_VALID_DATA:
        return BufferPage()
    try:
        passages, others = _old_records(Fields(reply.data))
    except FrameError:
        if reply.status != Status.BUFFER_OVERFLOW:
            raise
        passages, others = [], 0
    return BufferPage(
        passages,
        others,
        more=reply.status == Status.MORE_DATA,
        overflow=reply.status == Status.BUFFER_OVERFLOW,
    )


def _old_records(fields: Fields) -> tuple[list[Passage], int]:
    flags, count = fields.number(), fields.number()
    if not flags & TR1_SNR or flags & ~_OLD_FLAGS:
        raise FrameError(f"the buffer has records of unknown layout, TR-DATA {flags:02X}")
    passages = []
    for _ in range(count):
        kind, uid, content = fields.number(), b"", b""
        if kind in _OLD_WITHOUT_LENGTH:
            raise FrameError(f"the buffer has a record of unknown layout, type {kind:02X}")
        uid = fields.take(UID_BYTES)
        if flags & TR1_DATA:
            fields.take(1)
            content = fields.take(fields.number() * _OLD_BLOCK)
        antenna, _ = _antenna(fields, flags, 0)
        if kind == ISO15693:
            passages.append(Passage(Sighting(uid, None, None, antenna, content), _OLD_BLOCK))
    fields.end()
    return passages, count - len(passages)


def _passage(record: Fields, first: int, second: int) -> Passage | None:
    """Return what a record says; None for tags of other kinds."""
    kind, form = record.number(), record.number()
    serial = Fields(record.take(record.number()))
    if kind not in (ISO15693, GEN2):
        return None
    size, content = 0, b""
    if first & TR1_DATA:
        count, size = record.number(2), record.number()
        content = record.take(count * size)
    antenna, rssi = _antenna(record, first, second)
    lsb_first = bool(first & TR1_LSB_FIRST)
    if kind == GEN2:
        air, tid = _air(serial, form, antenna)
        return Passage(Sighting(b"", antenna=antenna, rssi=rssi), size, lsb_first, air, tid)
    afi = dsfid = None
    if second & TR2_AFI:
        afi, dsfid = serial.number(), serial.number()
    uid = serial.take(UID_BYTES)
    return Passage(Sighting(uid, afi, dsfid, antenna, content, rssi=rssi), size, lsb_first)


def _antenna(record: Fields, first: int, second: int) -> tuple[int, float | None]:
    """Return the antenna that heard the tag best (0: none is told), and how well (dBm)."""
    record.take(_TIME_BYTES if first & TR1_TIME else 0)
    record.take(_DATE_BYTES if first & TR1_DATE else 0)
    antenna = record.number() if first & TR1_ANTENNA else 0
    record.take(_INPUT_BYTES if second & TR2_INPUT else 0)
    record.take(_MAC_BYTES if second & TR2_MAC else 0)
    strength = None
    if second & TR2_ANTENNAS:
        heard = []
        for _ in range(record.number()):
            number, rssi = record.number(), record.number()
            heard.append((-rssi, number))
            record.take(_REST_OF_ANTENNA)
        antenna = antenna or (max(heard)[1] if heard else 0)
        strength = next(
            (dbm for dbm, number in sorted(heard, reverse=True) if number == antenna), None
        )
    return antenna, strength


def _air(serial: Fields, form: int, antenna: int) -> tuple[AirTag, bytes]:
    """Read PC word and EPC, and the TID where the record says that it follows."""
    pc = serial.number(2)
    if pc & _EXTENDED_PC:
        serial.take(2)
    epc, tid = serial.rest(), b""
    if form == _WITH_TID:
        length = (pc >> 11) * 2
        epc, tid = epc[:length], epc[length:]
    return AirTag(epc, pc, antenna), tid
