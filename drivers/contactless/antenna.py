"""The seam between a card reader's logic and the chip or library that reaches the card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

SEVERAL = "several"
"""Kind of the card that stands for two or more cards at once; it can identify nobody."""
NTAG, CLASSIC, SMART, OTHER = "ntag", "mifare-classic", "iso14443-4", "iso14443a"


@dataclass(frozen=True, slots=True)
class Found:
    """A type A card in the field."""

    uid: bytes
    kind: str


class TornAwayError(Exception):
    """The card left, or fell silent, while it was being read. The reader is well."""


class Antenna(Protocol):
    """What reaches cards. Errors are DriverErrors, and TornAwayError where it says so."""

    async def targets(self) -> Sequence[Found]:
        """Switch the field on and return the cards in it, two at most; the last is selected."""

    async def read(self, place: int) -> bytes:
        """Return 16 bytes of the selected card from a page or block; TornAwayError without."""

    async def unlock(self, block: int, key: bytes, uid: bytes) -> bool:
        """Open the sector of a block with key A; False for a wrong key. May be TornAwayError."""

    async def rest(self) -> None:
        """Switch the field off between two looks, if that can be done."""


def kind_of(sens_res: int, sel_res: int) -> str:
    """Return the kind of a card from its two answers to anticollision."""
    if sel_res & 0x20:
        return SMART
    if sel_res & 0x08:
        return CLASSIC
    if not sel_res & 0x60 and sens_res & 0xFF == 0x44:
        return NTAG
    return OTHER


def is_random(uid: bytes) -> bool:
    """True for a UID that changes at every presentation (ISO 14443-3: four bytes from 08 on)."""
    return len(uid) == 4 and uid[0] == 0x08
