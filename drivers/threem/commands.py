"""The commands of 3M pads, one row each: code, what the answer is, how long it may take.

    CMD [UID] data…            replies: CMD ERR [UID] data…

UIDs are most significant byte first, blocks in memory order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from drivers.threem import answers
from drivers.threem.answers import Block, Info, Reply
from drivers.threem.frames import GREETING, Frame
from drivers.threem.status import Status

R = TypeVar("R")

ALL_AFIS = 0x00
UIDS_ONLY = 0x05
"""Response options of an inventory: what the vendor's own program sends."""
ALL_INFO = answers.HAS_DSFID | answers.HAS_AFI | answers.HAS_SIZE | answers.HAS_CHIP
HELLO = Frame(0x04, bytes.fromhex("0011"), GREETING)
"""The first words of the vendor's program to an 810: which version are you?"""
SET_UP_VALUES = bytes.fromhex("040100020003000400")

_OK = frozenset({int(Status.OK)})
_RF_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Command(Generic[R]):
    """A command. Statuses in ``good`` are parsed, all others raise; ``to_tag``: has a UID."""

    name: str
    code: int
    parse: Callable[[Reply], R]
    to_tag: bool = True
    timeout: float = _RF_SECONDS
    good: frozenset[int] = _OK


VERSION = Command(
    "version",
    0x11,
    answers.version,
    to_tag=False,
    timeout=0.5,
    good=frozenset({Status.OK, Status.NOT_IMPLEMENTED}),
)
SET_UP = Command("set up", 0x13, answers.nothing, to_tag=False, timeout=0.5)
INVENTORY: Command[list[bytes]] = Command(
    "inventory",
    0xFE,
    answers.inventory,
    to_tag=False,
    timeout=3.0,
    good=frozenset({Status.OK, Status.NO_TAG}),
)
STAY_QUIET = Command("stay quiet", 0x01, answers.nothing)
READ_BLOCKS: Command[list[Block]] = Command("read blocks", 0x02, answers.blocks)
CHECK_EAS = Command("check EAS", 0x03, answers.number)
WRITE_BLOCKS = Command("write blocks", 0x04, answers.nothing)
WRITE_BLOCK = Command("write block", 0x05, answers.nothing)
LOCK_AFI = Command("lock AFI", 0x06, answers.nothing)
WRITE_AND_LOCK = Command("write and lock block", 0x07, answers.nothing)
LOCK_BLOCK = Command("lock block", 0x08, answers.nothing)
WRITE_AFI = Command("write AFI", 0x09, answers.nothing)
READ_AFI = Command("read AFI", 0x0A, answers.number)
WRITE_DSFID = Command("write DSFID", 0x0B, answers.nothing)
WRITE_EAS = Command("write EAS", 0x0C, answers.nothing)
TAG_INFO: Command[Info] = Command("tag info", 0x0D, answers.info)
LOCK_DSFID = Command("lock DSFID", 0x0E, answers.nothing)
READ_DSFID = Command("read DSFID", 0x0F, answers.number)

ALL: tuple[Command[Any], ...] = (
    VERSION, SET_UP, INVENTORY, STAY_QUIET, READ_BLOCKS, CHECK_EAS, WRITE_BLOCKS, WRITE_BLOCK,
    LOCK_AFI, WRITE_AND_LOCK, LOCK_BLOCK, WRITE_AFI, READ_AFI, WRITE_DSFID, WRITE_EAS, TAG_INFO,
    LOCK_DSFID, READ_DSFID,
)  # fmt: skip
