"""Gen2 (UHF) tags of ISO 28560-4 and of the Chinese university alliance: banks 01 and 11.

bank 01  [CRC word] PC word, then UII words       bank 11  06, then ISO 28560-2 objects
PC       5 bit words of UII | user bank | extended | ISO | AFI (8 bit, only with ISO)
"""

from dataclasses import dataclass, replace

from drivers.tags.alliance import decode_alliance
from drivers.tags.code40 import decode_code40
from drivers.tags.crc import crc_gen2
from drivers.tags.model import TagContent, TagError
from drivers.tags.part2 import DSFID_HERE, decode_part2


@dataclass(frozen=True, slots=True)
class AirIdentity:
    """Bank 01 of a Gen2 tag; ``proven`` is True when its CRC word is there and right."""

    uii: bytes
    user_bank: bool
    iso: bool
    afi: int | None
    proven: bool
    crc: int


def read_identity(memory: bytes) -> AirIdentity:
    """Cut bank 01 at the length its PC word says; TagError when neither form fits."""
    with_crc = _identity(memory[2:], memory[:2])
    if with_crc and with_crc.proven:
        return with_crc
    plain = _identity(memory, b"")
    if plain and plain.iso and plain.uii:
        return plain
    if with_crc and with_crc.iso and memory[:2] == b"\0\0":
        return with_crc
    raise TagError("the length word or the checksum of the air identity does not fit")


def _identity(memory: bytes, crc: bytes) -> AirIdentity | None:
    if len(memory) < 2:
        return None
    pc = int.from_bytes(memory[:2], "big")
    uii = memory[2 : 2 + (pc >> 11) * 2]
    if len(uii) < (pc >> 11) * 2:
        return None
    iso = bool(pc & 0x0100)
    right = crc_gen2(memory[:2] + uii)
    proven = crc == right.to_bytes(2, "big")
    return AirIdentity(uii, bool(pc & 0x0400), iso, pc & 0xFF if iso else None, proven, right)


def decode_uhf(memory: bytes) -> TagContent:
    """Read a bank of a Gen2 tag; TagError when it is none that is known here."""
    if memory[:1] == bytes([DSFID_HERE]):
        content = decode_part2(memory[1:], declared=True)
        if content.item_id is None and not content.warnings[:-1]:
            content.warnings.clear()  # the item number is in the other bank
        return replace(content, format="iso28560-4-mb11")
    try:
        identity = read_identity(memory)
        return _iso(identity) if identity.iso else _alliance(identity)
    except TagError as error:
        text = _only_code40(memory)
        if text is None:
            raise error from None
        warnings = ["only the packed text is there; nothing proves that it is an item number"]
        return TagContent("urn-code-40", elements={"uii": text}, warnings=warnings)


def _iso(identity: AirIdentity) -> TagContent:
    uii = decode_code40(identity.uii)
    owner, dot, rest = uii.partition(".")
    item, _, numbers = rest.partition(".") if dot else (uii, "", "")
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
        "iso28560-4-mb01",
        item or None,
        owner if dot and owner else None,
        part,
        parts,
        "ok" if identity.proven else "none",
        elements,
        warnings,
    )


def _alliance(identity: AirIdentity) -> TagContent:
    warnings = [
        "a foreign format: only a library system that knows the number may confirm it",
    ]
    elements = {}
    try:
        elements["primary_item_identifier"], _ = decode_alliance(identity.uii)
    except TagError as error:
        warnings.append(str(error))
    return TagContent("uhf-cn-alliance", checksum="ok", elements=elements, warnings=warnings)


def _only_code40(memory: bytes) -> str | None:
    try:
        text = decode_code40(memory)
    except TagError:
        return None
    return text if len(text) >= 4 and "." in text and text.isprintable() else None
