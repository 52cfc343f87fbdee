"""The commands of RL866 readers, one row each: code, what the answer is, how long it may take.

    CMD data…                         replies: CMD STA u16 data…
    34 HANDLE LEN CODE u16 data…      an access to a connected tag; LEN counts from CODE on

Words are least significant byte first, and so are UIDs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from drivers.ports import TagInfo
from drivers.rl866 import answers, status
from drivers.rl866.answers import Inventory, Reply

R = TypeVar("R")

ACCESS = 0x34
ALL_HANDLES = 0x00
ADDRESSED = 1
NEW, GO_ON = 0x00, 0x08
MAX_BYTES = 112
"""Most data bytes of a tag in one access: then its length fits one byte on both ways."""
CONFIG_ROM = 0x80

_RF_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Command(Generic[R]):
    """A command. Statuses in ``good`` are parsed, all others raise; ``sub`` is an access code."""

    name: str
    code: int
    parse: Callable[[Reply], R]
    sub: int | None = None
    timeout: float = 0.5
    good: frozenset[int] = frozenset({status.OK})

    @property
    def is_to_tag(self) -> bool:
        """True when a missing tag is why it may fail."""
        return self.code in (ACCESS, CONNECT.code)

    def request(self, data: bytes = b"", handle: int = 0) -> bytes:
        """Return the message; ``handle`` is that of the tag to access."""
        if self.sub is None:
            return bytes((self.code,)) + data
        inner = self.sub.to_bytes(2, "little") + data
        return bytes((self.code, handle)) + answers.to_ebv(len(inner)) + inner


def _access(name: str, sub: int, parse: Callable[[Reply], R]) -> Command[R]:
    return Command(name, ACCESS, parse, sub, _RF_SECONDS)


READ_CONFIG = Command("read configuration", 0x01, answers.config)
INVENTORY: Command[Inventory] = Command(
    "inventory",
    0x31,
    answers.inventory,
    timeout=3.0,
    good=frozenset({status.OK, status.NO_TAG}),
)
CONNECT = Command("connect tag", 0x32, answers.handle, timeout=_RF_SECONDS)
DISCONNECT = Command(
    "disconnect tag", 0x33, answers.nothing, good=frozenset({status.OK, status.WRONG_HANDLE})
)
RESET_TO_READY = _access("reset to ready", 0x0001, answers.nothing)
SELECT = _access("select", 0x0002, answers.nothing)
READ_BLOCKS: Command[tuple[int, bytes]] = _access("read blocks", 0x0003, answers.blocks)
WRITE_BLOCKS = _access("write blocks", 0x0004, answers.nothing)
WRITE_AFI = _access("write AFI", 0x0006, answers.nothing)
SYSTEM_INFO: Command[TagInfo] = _access("system info", 0x000A, answers.system_info)
EAS_ON = _access("EAS on", 0x000C, answers.nothing)
EAS_OFF = _access("EAS off", 0x000D, answers.nothing)
EAS_ALARM: Command[bytes] = _access("EAS alarm", 0x000F, answers.raw)
READ_BLOCK: Command[bytes] = _access("read single block", 0x004F, answers.raw)
WRITE_BLOCK = _access("write single block", 0x0050, answers.nothing)

ALL: tuple[Command[Any], ...] = (
    READ_CONFIG, INVENTORY, CONNECT, DISCONNECT, RESET_TO_READY, SELECT, READ_BLOCKS, WRITE_BLOCKS,
    WRITE_AFI, SYSTEM_INFO, EAS_ON, EAS_OFF, EAS_ALARM, READ_BLOCK, WRITE_BLOCK,
)  # fmt: skip


def connect_to(uid: bytes, kind: int, antenna: int) -> bytes:
    """Return the data of CONNECT: antenna, protocol, kind of chip, then mode and UID."""
    how = bytes((ADDRESSED,)) + uid[::-1]
    return bytes((antenna, answers.ISO15693, kind, len(how))) + how
