"""An ISO 15693 tag as a thing: memory, AFI, DSFID, locks."""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

UID_BYTES = 8
Register = Literal["afi", "dsfid"]


class Said(Enum):
    """What a tag makes of a wish; each protocol has its own numbers for it."""

    DONE = auto()
    NO_BLOCK = auto()
    WRONG_SIZE = auto()
    LOCKED = auto()
    ALREADY_LOCKED = auto()
    TORN = auto()


@dataclass(slots=True, eq=False)
class Tag:
    """One tag. ``uid`` is most significant byte first (``E0…``); ``memory`` is in memory order."""

    uid: bytes
    memory: bytearray = field(default_factory=lambda: bytearray(112))
    block_size: int = 4
    dsfid: int = 0
    afi: int = 0
    locked: set[int] = field(default_factory=set)
    """Numbers of blocks that cannot be written any more."""
    afi_locked: bool = False
    dsfid_locked: bool = False
    ic_reference: int = 1
    password: bytes = bytes(4)
    """Of AFI and EAS; ``guarded`` says which of them ask for it ("afi", "eas")."""
    guarded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.memory = bytearray(self.memory)
        if len(self.uid) != UID_BYTES:
            raise ValueError(f"a tag's UID has {UID_BYTES} bytes, not {len(self.uid)}")
        if not self.memory or len(self.memory) % self.block_size:
            raise ValueError(f"memory of {len(self.memory)} bytes is not whole blocks")

    @property
    def block_count(self) -> int:
        """Return how many blocks the tag has."""
        return len(self.memory) // self.block_size

    def block(self, number: int) -> bytes:
        """Return one block in memory order; the caller has checked the number."""
        start = number * self.block_size
        return bytes(self.memory[start : start + self.block_size])

    def lock_block(self, number: int) -> Said:
        """Lock one block for ever."""
        if number >= self.block_count:
            return Said.NO_BLOCK
        if number in self.locked:
            return Said.ALREADY_LOCKED
        self.locked.add(number)
        return Said.DONE

    def lock(self, register: Register) -> Said:
        """Lock AFI or DSFID for ever."""
        if getattr(self, f"{register}_locked"):
            return Said.ALREADY_LOCKED
        setattr(self, f"{register}_locked", True)
        return Said.DONE

    def put_block(self, number: int, data: bytes) -> None:
        """Write one block in memory order; the caller has checked number, size and lock."""
        start = number * self.block_size
        self.memory[start : start + self.block_size] = data
