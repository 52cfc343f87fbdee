"""The commands of A0 readers, one row each, and what their replies say.

inventory  89 REPEAT                        replies FREQ+ANT PC EPC RSSI …, at the end ANT RATE2 TOTAL4
match      85 MODE LEN EPC                  whom read and write are for: mode 0 this EPC, 1 everybody
read       81 BANK WORD COUNT PASSWORD4     reply COUNT2 LEN PC EPC CRC words READLEN ANT TIMES
write      82 PASSWORD4 BANK WORD COUNT …   reply COUNT2 LEN PC EPC CRC STATUS ANT TIMES
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from drivers.a0.status import Status
from drivers.errors import FrameError
from drivers.fields import Fields
from drivers.ports import AirTag, Bank

R = TypeVar("R")

MAX_WORDS = 32
"""Words to read or write in one command; every model takes so many."""
MAX_EPC_BYTES = 62
MATCH_EPC, MATCH_ANY = b"\x00", b"\x01"
ONE_ROUND = b"\x01"
_RSSI_TO_DBM = 129
_ANTENNA_BITS, _SECOND_GROUP, _RSSI_BITS = 0x03, 0x80, 0x7F
_END_BYTES = 7
_PHASE_BYTES = (0, 2)
_TAG_SECONDS, _INVENTORY_SECONDS = 1.5, 4.0


@dataclass(frozen=True, slots=True)
class RoundEnd:
    """The end of an inventory: how fast, and how many reads (a tag may be read more than once)."""

    antenna: int
    rate: int
    total: int


@dataclass(frozen=True, slots=True)
class Access:
    """One tag that was read or written: its identity, the words, the status of a write."""

    pc: int
    epc: bytes
    words: bytes = b""
    status: int = Status.OK


@dataclass(frozen=True, slots=True)
class Command(Generic[R]):
    """A command; a reply of one byte is a status, which raises unless ``is_value``."""

    name: str
    code: int
    parse: Callable[[bytes], R]
    timeout: float = 0.5
    is_value: bool = False
    """True when the answer itself may be one byte that is no status."""


def nothing(data: bytes) -> None:
    """Expect the status OK, which the caller has looked at."""
    if len(data) != 1:
        raise FrameError(f"expected a status, got {data.hex(' ')}")


def raw(data: bytes) -> bytes:
    """Return the data as they are."""
    return data


def version(data: bytes) -> tuple[int, int]:
    """Read the reply to 72."""
    fields = Fields(data)
    found = fields.number(), fields.number()
    fields.end()
    return found


def is_status(data: bytes) -> bool:
    """Say whether a reply is nothing but a status."""
    return len(data) == 1


def is_last(data: bytes) -> bool:
    """Say whether a reply to an inventory is the last one."""
    return len(data) in (1, _END_BYTES)


def seen(data: bytes) -> AirTag | RoundEnd:
    """Read a reply to an inventory that is no status."""
    fields = Fields(data)
    if len(data) == _END_BYTES:
        return RoundEnd(fields.number() + 1, fields.number(2), fields.number(4))
    where, pc = fields.number(), fields.number(2)
    epc = fields.take((pc >> 11) * 2)
    rssi = fields.number()
    if not epc or len(fields) not in _PHASE_BYTES:
        raise FrameError(f"PC {pc:04x} does not fit what follows: {data.hex(' ')}")
    antenna = (where & _ANTENNA_BITS) + 1 + (4 if rssi & _SECOND_GROUP else 0)
    return AirTag(epc, pc, antenna, (rssi & _RSSI_BITS) - _RSSI_TO_DBM)


def read_words(data: bytes) -> Access:
    """Read one reply to 81."""
    fields = Fields(data)
    fields.number(2)
    inner = Fields(fields.take(fields.number()))
    size = fields.number()
    fields.number(2)
    fields.end()
    pc, epc = _identity(inner)
    words = inner.take(size)
    inner.end()
    return Access(pc, epc, words)


def written(data: bytes) -> Access:
    """Read one reply to 82 or 94."""
    fields = Fields(data)
    fields.number(2)
    inner = Fields(fields.take(fields.number()))
    status = fields.number()
    fields.number(2)
    fields.end()
    pc, epc = _identity(inner)
    inner.end()
    return Access(pc, epc, status=status)


def _identity(fields: Fields) -> tuple[int, bytes]:
    pc = fields.number(2)
    epc = fields.take((pc >> 11) * 2)
    fields.take(2)  # the CRC that the reader has checked
    return pc, epc


READ_GPIO = Command("read inputs", 0x60, raw)
WRITE_GPIO = Command("set output", 0x61, nothing)
SET_DETECTOR = Command("set antenna detector", 0x62, nothing)
GET_DETECTOR = Command("get antenna detector", 0x63, raw, is_value=True)
TEMPORARY_POWER = Command("set power for now", 0x66, nothing)
GET_IDENTIFIER = Command("get identifier", 0x68, raw)
VERSION = Command("firmware version", 0x72, version)
SET_ANTENNA = Command("set antenna", 0x74, nothing)
GET_ANTENNA = Command("get antenna", 0x75, raw, is_value=True)
SET_POWER = Command("set power", 0x76, nothing)
GET_POWER = Command("get power", 0x77, raw, is_value=True)
GET_REGION = Command("get frequency region", 0x79, raw)
SET_BEEPER = Command("set beeper", 0x7A, nothing)
TEMPERATURE = Command("temperature", 0x7B, raw)
READ: Command[Access] = Command("read", 0x81, read_words, _TAG_SECONDS)
WRITE: Command[Access] = Command("write", 0x82, written, _TAG_SECONDS)
MATCH = Command("set match", 0x85, nothing)
GET_MATCH = Command("get match", 0x86, raw, is_value=True)
INVENTORY: Command[AirTag | RoundEnd] = Command("inventory", 0x89, seen, _INVENTORY_SECONDS)
SESSION_INVENTORY: Command[AirTag | RoundEnd] = Command(
    "session inventory", 0x8B, seen, _INVENTORY_SECONDS
)
BLOCK_WRITE: Command[Access] = Command("write blocks", 0x94, written, _TAG_SECONDS)
ALL: tuple[Command[Any], ...] = (
    READ_GPIO, WRITE_GPIO, SET_DETECTOR, GET_DETECTOR, TEMPORARY_POWER, GET_IDENTIFIER, VERSION,
    SET_ANTENNA, GET_ANTENNA, SET_POWER, GET_POWER, GET_REGION, SET_BEEPER, TEMPERATURE, READ, WRITE,
    MATCH, GET_MATCH, INVENTORY, SESSION_INVENTORY, BLOCK_WRITE,
)  # fmt: skip
"""What driver and simulator speak. The irreversible ones (kill, lock) are left out on purpose."""


def match_request(epc: bytes) -> bytes:
    """Return what follows 85 so that read and write are for this EPC only."""
    if len(epc) % 2 or not 2 <= len(epc) <= MAX_EPC_BYTES:
        raise ValueError(f"an EPC of {len(epc)} bytes is not 1 to {MAX_EPC_BYTES // 2} words")
    return MATCH_EPC + bytes((len(epc),)) + epc


def read_request(bank: Bank, first: int, words: int, password: bytes) -> bytes:
    """Return what follows 81."""
    return bytes((bank, first, words)) + password


def write_request(bank: Bank, first: int, data: bytes, password: bytes) -> bytes:
    """Return what follows 82."""
    return password + bytes((bank, first, len(data) // 2)) + data
