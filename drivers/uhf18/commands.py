"""The commands of UHFReader18 / 288 readers, one row each, and what their replies say.

read    ENUM EPC BANK WORD COUNT PASSWORD4           reply STATUS words…
write   WNUM ENUM EPC BANK WORD DATA PASSWORD4       reply STATUS
        ENUM, WNUM: words of the EPC, words to write
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from drivers.errors import FrameError
from drivers.fields import Fields
from drivers.ports import AirTag, Bank
from drivers.uhf18.status import INVENTORY_GOOD, Status

R = TypeVar("R")

MAX_EPC_WORDS = 31
MAX_WORDS = 32
"""Words to read or write in one command; every model takes so many."""
_WITH_TID, _LENGTH_BITS, _TID_BYTES = 0x80, 0x3F, 12
_OK = frozenset({int(Status.OK)})
ANTENNAS = {1 << number: number + 1 for number in range(8)}
_INVENTORY_SECONDS = 4.0
_TAG_SECONDS = 1.5


class Model(Enum):
    """The two dialects of the family: what an inventory looks like."""

    R18 = "18"
    R288 = "288"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its status and what follows it."""

    status: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class ReaderInfo:
    """What a reader says of itself. ``power`` in dBm, ``scan_time`` in units of 100 ms."""

    version: tuple[int, int]
    kind: int
    protocols: int
    max_frequency: int
    min_frequency: int
    power: int
    scan_time: int

    @property
    def model(self) -> Model:
        """Return the dialect of this kind of reader; the older one when it is not known."""
        return Model.R288 if self.kind in _KINDS_288 else Model.R18

    @property
    def name(self) -> str:
        """Return what the kind is called."""
        return KINDS.get(self.kind, f"type {self.kind:02X}")


KINDS = {
    0x03: "RRU9803M", 0x08: "RRU9803M", 0x09: "UHFReader18", 0x0C: "UHFReader288M",
    0x0F: "UHFReader86", 0x10: "UHFReader86", 0x16: "RRU9883M", 0x20: "UHFReader288MP",
    0x8B: "UHFReader288ADV",
}  # fmt: skip
_KINDS_288 = frozenset({0x0C, 0x0F, 0x10, 0x16, 0x20, 0x8B})


@dataclass(frozen=True, slots=True)
class Command(Generic[R]):
    """A command. Statuses in ``good`` are parsed, all others raise."""

    name: str
    code: int
    parse: Callable[[Reply], R]
    timeout: float = 0.5
    good: frozenset[int] = _OK


def nothing(reply: Reply) -> None:
    """Expect no data, or none that we use."""


def raw(reply: Reply) -> bytes:
    """Return the data as they are."""
    return reply.data


def info(reply: Reply) -> ReaderInfo:
    """Read the reply to 21; newer models add bytes about their antennas."""
    fields = Fields(reply.data)
    version = (fields.number(), fields.number())
    return ReaderInfo(version, *(fields.number() for _ in range(6)))


def tags_18(reply: Reply) -> list[AirTag]:
    """Read a reply to 01 of the older dialect: NUM {len EPC}."""
    if not reply.data:
        return []
    fields = Fields(reply.data)
    tags = [AirTag(_epc(fields)[0]) for _ in range(fields.number())]
    fields.end()
    return tags


def tags_288(reply: Reply) -> list[AirTag]:
    """Read a reply to 01 of the newer dialect: ANT NUM {len EPC RSSI}."""
    if not reply.data:
        return []
    fields = Fields(reply.data)
    antenna = ANTENNAS.get(fields.number(), 0)
    tags = []
    for _ in range(fields.number()):
        epc, _ = _epc(fields)
        tags.append(AirTag(epc, antenna=antenna, rssi=fields.number()))
    fields.end()
    return tags


def _epc(fields: Fields) -> tuple[bytes, bytes]:
    """Take an EPC, and the TID behind it when the top bit of the length says so."""
    length = fields.number()
    data = fields.take(length & _LENGTH_BITS)
    tid = b""
    if length & _WITH_TID:
        if len(data) < _TID_BYTES:
            raise FrameError(f"{len(data)} bytes are too few for an EPC with its TID")
        data, tid = data[:-_TID_BYTES], data[-_TID_BYTES:]
    if not data or len(data) % 2:
        raise FrameError(f"an EPC cannot have {len(data)} bytes")
    return data, tid


def is_last(data: bytes) -> bool:
    """Say whether a reply to an inventory is the last one."""
    return data[0] != Status.MORE


INVENTORY_18 = Command("inventory", 0x01, tags_18, _INVENTORY_SECONDS, INVENTORY_GOOD)
INVENTORY_288 = Command("inventory", 0x01, tags_288, _INVENTORY_SECONDS, INVENTORY_GOOD)
READ = Command("read", 0x02, raw, _TAG_SECONDS)
WRITE = Command("write", 0x03, nothing, _TAG_SECONDS)
WRITE_EPC = Command("write EPC", 0x04, nothing, _TAG_SECONDS)
SINGLE = Command("single inventory", 0x0F, raw, _TAG_SECONDS, INVENTORY_GOOD)
INFO = Command("reader information", 0x21, info)
SET_REGION = Command("set frequency region", 0x22, nothing)
SET_ADDRESS = Command("set address", 0x24, nothing)
SET_SCAN_TIME = Command("set scan time", 0x25, nothing)
SET_BAUD = Command("set baud rate", 0x28, nothing)
SET_POWER = Command("set power", 0x2F, nothing)
BEEP = Command("beep and flash", 0x33, nothing)
SET_MODE_18 = Command("set work mode", 0x35, nothing)
GET_MODE_18 = Command("get work mode", 0x36, raw)
SET_BUZZER = Command("switch buzzer", 0x40, nothing)
SET_OUTPUT = Command("set outputs", 0x46, nothing)
GET_INPUT = Command("get inputs", 0x47, raw)
SET_MODE_288 = Command("set mode", 0x76, nothing)
ALL: tuple[Command[Any], ...] = (
    INVENTORY_18, READ, WRITE, WRITE_EPC, SINGLE, INFO, SET_REGION, SET_ADDRESS, SET_SCAN_TIME,
    SET_BAUD, SET_POWER, BEEP, SET_MODE_18, GET_MODE_18, SET_BUZZER, SET_OUTPUT, GET_INPUT,
    SET_MODE_288,
)  # fmt: skip
"""What driver and simulator speak. The irreversible ones (kill, lock) are left out on purpose."""


def read_request(epc: bytes, bank: Bank, first: int, words: int, password: bytes) -> bytes:
    """Return what follows 02."""
    return _head(epc) + bytes((bank, first, words)) + password


def write_request(epc: bytes, bank: Bank, first: int, data: bytes, password: bytes) -> bytes:
    """Return what follows 03."""
    return bytes((len(data) // 2,)) + _head(epc) + bytes((bank, first)) + data + password


def inventory_request_288(
    antenna: int | None, *, q: int = 4, session: int = 0, scan_time: int = 0
) -> bytes:
    """Return what follows 01 in the newer dialect: Q, session, no mask, target A, antenna, time."""
    mask = b"\x01\x00\x00\x00"
    if antenna is None:
        return bytes((q, session))
    return bytes((q, session)) + mask + bytes((0, 0x80 | (antenna - 1), scan_time))


def _head(epc: bytes) -> bytes:
    if len(epc) % 2 or len(epc) > 2 * MAX_EPC_WORDS:
        raise ValueError(f"an EPC of {len(epc)} bytes is not whole words, at most {MAX_EPC_WORDS}")
    return bytes((len(epc) // 2,)) + epc
