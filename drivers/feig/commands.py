"""The commands of FEIG readers, one row each: code, what the answer is, how long it may take.

host commands   B0 SUB MODE [UID] …        MODE 01 = to the tag with this UID
chip's own      B1 MFR SUB MODE [UID] …    MFR 04 = NXP
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from drivers.feig import answers
from drivers.feig.answers import Blocks, Reply
from drivers.feig.status import Status
from drivers.ports import TagInfo

R = TypeVar("R")

TO_TAGS, TO_CHIPS = 0xB0, 0xB1
NXP = b"\x04"
_READ_BUFFER, _READ_BUFFER_OLD = 0x22, 0x21
ADDRESSED = b"\x01"
MODE_NEW, MODE_MORE = 0x00, 0x80
MAX_BYTES = 128
"""Most data bytes of a tag that a reader takes or gives in one command."""
CONFIG_BLOCK = 0x3F
CONFIG_EEPROM = 0x80

_OK = frozenset({int(Status.OK)})
_RF_SECONDS = 1.5
"""A reader may try for 1 s to reach a tag; then it says so."""


@dataclass(frozen=True, slots=True)
class Command(Generic[R]):
    """A command. Statuses in ``good`` are parsed, all others raise."""

    name: str
    code: int
    parse: Callable[[Reply], R]
    sub: int | None = None
    timeout: float = 0.5
    good: frozenset[int] = _OK

    @property
    def is_to_tag(self) -> bool:
        """True when a missing tag is why it may fail."""
        return self.code == TO_CHIPS or (self.sub is not None and self is not INVENTORY)

    @property
    def gives_data(self) -> bool:
        """True when its reply says something of tags."""
        return self.parse is not answers.nothing and self.code in (
            TO_TAGS,
            _READ_BUFFER,
            _READ_BUFFER_OLD,
        )

    def request(self, data: bytes = b"") -> bytes:
        """Return what follows the command code in the request."""
        return data if self.sub is None else bytes((self.sub,)) + data


def _to_tag(name: str, sub: int, parse: Callable[[Reply], R]) -> Command[R]:
    return Command(name, TO_TAGS, parse, sub, _RF_SECONDS)


BAUD_DETECT = Command("baud rate detection", 0x52, answers.nothing)
CPU_RESET = Command("CPU reset", 0x63, answers.nothing, timeout=2.0)
SYSTEM_RESET = Command("system reset", 0x64, answers.nothing, timeout=2.0)
VERSION = Command("software version", 0x65, answers.version)
READER_INFO = Command("reader info", 0x66, answers.version)
RF_RESET = Command("RF reset", 0x69, answers.nothing)
RF_OUTPUT = Command("RF output", 0x6A, answers.nothing)
SET_OUTPUT_CPR = Command("set output (CPR)", 0x71, answers.nothing)
SET_OUTPUT = Command("set output", 0x72, answers.nothing)
GET_INPUT = Command("get input", 0x74, answers.inputs)
READ_CONFIG = Command("read configuration", 0x80, answers.config)
WRITE_CONFIG = Command("write configuration", 0x81, answers.nothing)
SAVE_CONFIG = Command("save configuration", 0x82, answers.nothing, timeout=2.0)
DEFAULT_CONFIG = Command("default configuration", 0x83, answers.nothing, timeout=2.0)
LOGIN = Command("login", 0xA0, answers.nothing)

INVENTORY = Command(
    "inventory",
    TO_TAGS,
    answers.inventory,
    sub=0x01,
    timeout=_RF_SECONDS,
    good=frozenset({Status.OK, Status.NO_TAG, Status.MORE_DATA}),
)
STAY_QUIET = _to_tag("stay quiet", 0x02, answers.nothing)
LOCK_BLOCKS = _to_tag("lock blocks", 0x22, answers.nothing)
READ_BLOCKS: Command[Blocks] = _to_tag("read blocks", 0x23, answers.blocks)
WRITE_BLOCKS = _to_tag("write blocks", 0x24, answers.nothing)
SELECT = _to_tag("select", 0x25, answers.nothing)
RESET_TO_READY = _to_tag("reset to ready", 0x26, answers.nothing)
WRITE_AFI = _to_tag("write AFI", 0x27, answers.nothing)
LOCK_AFI = _to_tag("lock AFI", 0x28, answers.nothing)
WRITE_DSFID = _to_tag("write DSFID", 0x29, answers.nothing)
LOCK_DSFID = _to_tag("lock DSFID", 0x2A, answers.nothing)
SYSTEM_INFO: Command[TagInfo] = _to_tag("system info", 0x2B, answers.system_info)
BLOCK_SECURITY: Command[bytes] = _to_tag("block security", 0x2C, answers.raw)

CHIP = Command("chip's own command", TO_CHIPS, answers.raw, timeout=_RF_SECONDS)
"""Maker, command, mode and what the chip takes; which ones there are stands where they are sent."""

READ_BUFFER = Command(
    "read buffer",
    _READ_BUFFER,
    answers.buffer,
    good=frozenset({Status.OK, Status.NO_VALID_DATA, Status.BUFFER_OVERFLOW, Status.MORE_DATA}),
)
_BUFFERED = frozenset({Status.OK, Status.NO_VALID_DATA, Status.BUFFER_OVERFLOW, Status.MORE_DATA})
READ_BUFFER_OLD = Command("read buffer (old)", _READ_BUFFER_OLD, answers.buffer_old, good=_BUFFERED)
"""Of readers that do not know :data:`READ_BUFFER`; request: a count of one byte."""
READ_BUFFER_NEW = Command("read buffer (new)", 0x2B, answers.raw, good=_BUFFERED)
"""LR5400, LRU4000, MRU400; request MODE and a count of 2 bytes, records not described in public."""
BUFFER_INFO = Command("buffer info", 0x31, answers.buffer_info)
CLEAR_BUFFER = Command("clear buffer", 0x32, answers.nothing)
INIT_BUFFER = Command("init buffer", 0x33, answers.nothing)
FORCE_NOTIFICATION = Command("force notification", 0x34, answers.nothing)
SOFTWARE_TRIGGER = Command("software trigger", 0x35, answers.nothing)
PEOPLE = Command("people counter", 0x77, answers.people)
SET_PEOPLE = Command("set people counter", 0x78, answers.nothing)
"""A mode of 00, then four counts as in the answer to 77, as the maker's program library sends them."""

SYSTEM: tuple[Command[Any], ...] = (
    BAUD_DETECT, CPU_RESET, SYSTEM_RESET, VERSION, READER_INFO, RF_RESET, RF_OUTPUT,
    SET_OUTPUT_CPR, SET_OUTPUT, GET_INPUT, READ_CONFIG, WRITE_CONFIG, SAVE_CONFIG, DEFAULT_CONFIG, LOGIN,
)  # fmt: skip
PAD: tuple[Command[Any], ...] = (
    *SYSTEM, INVENTORY, STAY_QUIET, LOCK_BLOCKS, READ_BLOCKS, WRITE_BLOCKS, SELECT, RESET_TO_READY,
    WRITE_AFI, LOCK_AFI, WRITE_DSFID, LOCK_DSFID, SYSTEM_INFO, BLOCK_SECURITY, CHIP,
)  # fmt: skip
GATE: tuple[Command[Any], ...] = (
    *PAD, READ_BUFFER_OLD, READ_BUFFER, READ_BUFFER_NEW, BUFFER_INFO, CLEAR_BUFFER, INIT_BUFFER,
    FORCE_NOTIFICATION, SOFTWARE_TRIGGER, PEOPLE, SET_PEOPLE,
)  # fmt: skip
