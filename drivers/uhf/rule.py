"""How a site uses its UHF tags: where security stands, which tags are its own, what names a tag.

Gen2 chips have no AFI register and no EAS of their own. Sites keep the loan state in one of three
places; it is shown to stations as an AFI value, so that nothing above has to know.

    afi-in-pc   low byte of the PC word, when its ISO bit is set (ISO 28560-4)
    epc-bit     one bit of the EPC itself (the Chinese university alliance: 80 of byte 0 = on loan)
    loan-list   nowhere on the tag; the list of open loans decides
"""

import hashlib
from dataclasses import dataclass, field
from typing import Literal, Protocol

from drivers.ports import AirTag, BankKind
from drivers.tags import AFI_IN, AFI_OUT, decode
from drivers.tags.uhf import PC_ISO, bank_image

PC_WORD, EPC_WORD = 1, 2
"""Where PC and EPC begin in bank 01."""
_WORD = 2
_UID_BYTES = 8
_UID_HEAD = {"epc": 0xEC, "tid": 0xE2}


def is_lasting(uid: bytes) -> bool:
    """Say whether a UID was made from the TID, which never changes."""
    return uid[:1] == bytes((_UID_HEAD["tid"],))


@dataclass(frozen=True, slots=True)
class Change:
    """Words to write into bank 01 from word ``first``; ``epc`` is the EPC after that."""

    first: int
    data: bytes
    epc: bytes


class Security(Protocol):
    """Where the loan state of a tag stands."""

    @property
    def needs_pc(self) -> bool:
        """True when the state cannot be told without the PC word."""

    @property
    def on_tag(self) -> bool:
        """False when nothing of the state stands on the tag."""

    def state(self, pc: int | None, epc: bytes) -> int | None:
        """Return the state as an AFI value, None when the tag does not say."""

    def change(self, pc: int, epc: bytes, afi: int) -> Change | None:
        """Return what to write for a new state; None when nothing stands on the tag."""

    def steady(self, epc: bytes) -> bytes:
        """Return the EPC without what a change of state changes."""


@dataclass(frozen=True, slots=True)
class AfiInPc:
    """The AFI byte of the PC word."""

    needs_pc: bool = True
    on_tag: bool = True

    def state(self, pc: int | None, epc: bytes) -> int | None:  # noqa: ARG002
        """Return the AFI; a tag whose PC does not say ISO has none."""
        return pc & 0xFF if pc is not None and pc & PC_ISO else None

    def change(self, pc: int, epc: bytes, afi: int) -> Change:
        """Set ISO bit and AFI, leave the other bits of the PC."""
        word = pc & 0xFF00 | PC_ISO | afi
        return Change(PC_WORD, word.to_bytes(_WORD, "big"), epc)

    def steady(self, epc: bytes) -> bytes:
        """The EPC never changes."""
        return epc


@dataclass(frozen=True, slots=True)
class EpcBit:
    """Bits of one byte of the EPC: all set means on loan, or in stock."""

    byte: int = 0
    mask: int = 0x80
    set_means: Literal["on-loan", "in-stock"] = "on-loan"
    afi_in: int = AFI_IN
    afi_out: int = AFI_OUT
    needs_pc: bool = False
    on_tag: bool = True

    def state(self, pc: int | None, epc: bytes) -> int | None:  # noqa: ARG002
        """Return the state; None when the EPC is too short to hold it."""
        if self.byte >= len(epc):
            return None
        is_set = epc[self.byte] & self.mask == self.mask
        return self.afi_out if is_set == (self.set_means == "on-loan") else self.afi_in

    def change(self, pc: int, epc: bytes, afi: int) -> Change | None:  # noqa: ARG002
        """Set or clear the bits; only the word that holds them is written."""
        if self.byte >= len(epc):
            return None
        on = (afi == self.afi_out) == (self.set_means == "on-loan")
        new = bytearray(epc)
        new[self.byte] = new[self.byte] | self.mask if on else new[self.byte] & ~self.mask
        at = self.byte // _WORD
        return Change(EPC_WORD + at, bytes(new[at * _WORD : (at + 1) * _WORD]), bytes(new))

    def steady(self, epc: bytes) -> bytes:
        """Return the EPC with the bits cleared."""
        new = bytearray(epc)
        if self.byte < len(new):
            new[self.byte] &= ~self.mask
        return bytes(new)


@dataclass(frozen=True, slots=True)
class LoanList:
    """The tag says nothing: whoever judges asks the list of open loans."""

    needs_pc: bool = False
    on_tag: bool = False

    def state(self, pc: int | None, epc: bytes) -> int | None:  # noqa: ARG002
        """Nothing is known from the tag."""
        return None

    def change(self, pc: int, epc: bytes, afi: int) -> Change | None:  # noqa: ARG002
        """Nothing is written."""
        return None

    def steady(self, epc: bytes) -> bytes:
        """The EPC never changes."""
        return epc


@dataclass(frozen=True, slots=True)
class UhfRule:
    """One site's way with UHF tags.

    ``bank`` is how its tags are written. ``prefixes`` are beginnings of EPCs that are its own; with
    none, a tag is its own when it carries an item number in that form. ``named_by`` says what makes
    a tag's UID: its EPC (always at hand), or its TID (never changes, costs one more read).
    """

    security: Security = field(default_factory=AfiInPc)
    bank: BankKind = "mb01"
    prefixes: tuple[bytes, ...] = ()
    named_by: Literal["epc", "tid"] = "epc"
    states: frozenset[int] = frozenset({AFI_IN, AFI_OUT})
    """The AFI values that the site uses."""

    def is_ours(self, tag: AirTag) -> bool:
        """Say whether a tag belongs to a library and not to a coat or a parcel."""
        if self.prefixes:
            return self.security.steady(tag.epc).startswith(self.prefixes)
        if tag.pc is None:
            packed: BankKind = "uii" if self.bank in ("mb01", "mb01-urn") else self.bank
            image = tag.epc if packed == "uii" else bank_image(len(tag.epc) // _WORD << 11, tag.epc)
            content = decode(image, bank=packed)
            return content.item_id is not None and (packed != "uii" or _is_isil(content.owner))
        if (
            isinstance(self.security, AfiInPc)
            and self.security.state(tag.pc, b"") not in self.states
        ):
            return False
        return decode(bank_image(tag.pc, tag.epc), bank=self.bank).item_id is not None

    def uid(self, tag: AirTag, tid: bytes = b"") -> bytes:
        """Return eight bytes that name the tag: ``E2…`` from its TID, ``EC…`` from its EPC."""
        kind = "tid" if tid and self.named_by == "tid" else "epc"
        named = tid if kind == "tid" else self.security.steady(tag.epc)
        rest = hashlib.blake2b(named, digest_size=_UID_BYTES - 1).digest()
        return bytes((_UID_HEAD[kind],)) + rest


def _is_isil(owner: str | None) -> bool:
    country, hyphen, rest = (owner or "").partition("-")
    return bool(hyphen and rest) and len(country) <= 4 and country.isalpha()
