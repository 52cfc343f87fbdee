"""Gen2 (UHF) tags of ISO 28560-4 and of the Chinese university alliance: banks 01 and 11.

bank 01  [CRC word] PC word, then UII words       bank 11  06, then ISO 28560-2 objects
PC       5 bit words of UII | user bank | extended | ISO | AFI (8 bit, only with ISO)
"""

from dataclasses import dataclass, replace
from typing import Any

from drivers.ports import BankKind
from drivers.tags.alliance import decode_alliance
from drivers.tags.alliance_user import decode_alliance_user, mapped_elements
from drivers.tags.code40 import decode_code40
from drivers.tags.crc import crc_gen2
from drivers.tags.model import Checksum, TagContent, TagError, clean_text
from drivers.tags.part2 import DSFID_HERE, decode_part2

PC_USER_BANK, PC_EXTENDED, PC_ISO = 0x0400, 0x0200, 0x0100
_WORDS = 11
"""The word count begins at this bit of the PC."""
_LIKE_A_TID = 0xE2
"""GS1's tag data standard gives no EPC this header for good, as every TID begins so."""


@dataclass(frozen=True, slots=True)
class AirIdentity:
    """Bank 01 of a Gen2 tag; ``proven`` is True when its CRC word is there and right."""

    uii: bytes
    user_bank: bool
    iso: bool
    afi: int | None
    proven: bool
    crc: int


def bank_image(pc: int, uii: bytes) -> bytes:
    """Return bank 01 as a chip keeps it: its CRC word, PC and UII."""
    words = pc.to_bytes(2, "big") + uii
    return crc_gen2(words).to_bytes(2, "big") + words


def read_identity(memory: bytes, *, bank01: bool = False) -> AirIdentity:
    """Cut bank 01 at the length its PC word says; TagError when neither form fits.

    A reader that does not tell the CRC word gives 0000; that is believed of an ISO tag, and of any
    when the caller knows that this is ``bank01``.
    """
    with_crc = _identity(memory[2:], memory[:2])
    if with_crc and with_crc.proven:
        return with_crc
    plain = _identity(memory, b"")
    if plain and plain.iso and plain.uii:
        return plain
    if with_crc and (with_crc.iso or bank01 and with_crc.uii) and memory[:2] == b"\0\0":
        return with_crc
    raise TagError("the length word or the checksum of the air identity does not fit")


def _identity(memory: bytes, crc: bytes) -> AirIdentity | None:
    if len(memory) < 2:
        return None
    pc = int.from_bytes(memory[:2], "big")
    uii = memory[2 : 2 + (pc >> _WORDS) * 2]
    if len(uii) < (pc >> _WORDS) * 2:
        return None
    iso = bool(pc & PC_ISO)
    right = crc_gen2(memory[:2] + uii)
    proven = crc == right.to_bytes(2, "big")
    return AirIdentity(uii, bool(pc & PC_USER_BANK), iso, pc & 0xFF if iso else None, proven, right)


def is_factory_new(memory: bytes) -> bool:
    """Say whether a bank 01 holds what chips are delivered with: zeros, or an EPC like their TID."""
    pc, epc = int.from_bytes(memory[2:4], "big"), memory[4:]
    return not pc & PC_ISO and (epc[:1] == bytes([_LIKE_A_TID]) or not any(epc))


def decode_uhf(memory: bytes) -> TagContent:
    """Read a bank of a Gen2 tag; TagError when it is none that is known here."""
    first = _identity(memory[2:], memory[:2])
    if memory[:1] == bytes([DSFID_HERE]) and not (first and first.proven):
        return _user_bank(memory)
    try:
        identity = read_identity(memory)
        return _iso(identity) if identity.iso else _alliance(identity, trusted=False)
    except TagError as error:
        text = _only_code40(memory)
        if text is None:
            raise error from None
        warnings = ["only the packed text is there; nothing proves that it is an item number"]
        return TagContent("urn-code-40", elements={"uii": text}, warnings=warnings)


def decode_bank(memory: bytes, kind: BankKind) -> TagContent:
    """Read a bank that the caller knows to be of this kind; TagError when it is not.

    What :func:`decode_uhf` must not believe, because any bytes look like it, is believed here: the
    site has said that its tags are written so.
    """
    if kind == "mb11":
        if memory[:1] != bytes([DSFID_HERE]):
            raise TagError("a user bank of ISO 28560-4 begins with 06")
        return _user_bank(memory)
    if kind == "mb11-alliance":
        return decode_alliance_user(memory)
    if kind == "uii":
        return _packed(memory, "none")
    identity = read_identity(memory, bank01=True)
    if kind == "mb01-alliance" and not identity.iso:
        return _alliance(identity, trusted=True)
    if kind == "mb01-urn" and not identity.iso:
        return _packed(identity.uii, "ok" if identity.proven else "none")
    if not identity.iso:
        raise TagError("the PC word does not say that this is an ISO tag")
    return _iso(identity)


def _user_bank(memory: bytes) -> TagContent:
    content = decode_part2(memory[1:], declared=True)
    if content.item_id is None and not content.warnings[:-1]:
        content.warnings.clear()  # the item number is in the other bank
    return replace(content, format="iso28560-4-mb11")


def _iso(identity: AirIdentity) -> TagContent:
    content = _text(decode_code40(identity.uii))
    return replace(content, format="iso28560-4-mb01", checksum="ok" if identity.proven else "none")


def _packed(uii: bytes, checksum: Checksum) -> TagContent:
    text = decode_code40(uii)
    if not clean_text(text) or not text.strip():
        raise TagError("the packed text holds characters that no item number has")
    return replace(_text(text), checksum=checksum)


def _text(uii: str) -> TagContent:
    """Cut the text of a UII into owner, item number and set."""
    owner, dot, rest = uii.partition(".")
    item, _, numbers = rest.partition(".") if dot else (uii, "", "")
    item = item.strip()
    warnings: list[str] = []
    if not item:
        warnings.append("the tag has no item number")
    elements = {"uii": uii, "primary_item_identifier": item}
    elements |= {"owner_institution": owner} if dot else {}
    part = parts = None
    half = len(numbers) // 2
    if numbers.isdecimal() and len(numbers) in (2, 4, 6):
        elements["set_information"] = numbers
        parts, part = int(numbers[:half]), int(numbers[half:])
    return TagContent(
        "urn-code-40",
        item or None,
        owner if dot and owner else None,
        part,
        parts,
        elements=elements,
        warnings=warnings,
    )


def _alliance(identity: AirIdentity, *, trusted: bool) -> TagContent:
    warnings = [] if trusted else [
        "a foreign format: only a library system that knows the number may confirm it",
    ]  # fmt: skip
    elements: dict[str, Any] = {}
    try:
        elements["primary_item_identifier"], _ = decode_alliance(identity.uii)
        if mapped := mapped_elements(int.from_bytes(identity.uii[2:4], "big")):
            elements["content_parameter"] = mapped
    except TagError as error:
        if trusted:
            raise
        warnings.append(str(error))
    item = elements.get("primary_item_identifier") if trusted else None
    checksum: Checksum = "ok" if identity.proven else "none"
    return TagContent(
        "uhf-cn-alliance", item, checksum=checksum, elements=elements, warnings=warnings
    )


def _only_code40(memory: bytes) -> str | None:
    try:
        text = decode_code40(memory)
    except TagError:
        return None
    return text if len(text) >= 4 and "." in text and text.isprintable() else None
