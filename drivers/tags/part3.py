"""ISO 28560-3: a library item as one fixed block with a checksum, and extension blocks.

0      version (high nibble, 1) and type of usage (low nibble, main code only)
1, 2   number of parts, ordinal of this part
3-18   item identifier, NUL filled; a first byte of 01 says: too long, see extension 1
19-20  CRC over 0-18 and 21-33, low byte first
21-33  country (2) and library code (11) without hyphen; short tags end with byte 31
"""

from typing import Any

from drivers.tags.crc import crc16
from drivers.tags.extensions import Extensions, build_extensions, read_extensions
from drivers.tags.model import NewTag, TagContent, TagError, clean_text

BASIC, SHORT = 34, 32
_LONG_ITEM = b"\x01"
_PII_SIZE, _OWNER_SIZE, _CARD = 16, 13, 8


def looks_like_part3(memory: bytes) -> bool:
    """Say whether the memory is a basic block, or was one before a bit or a byte was damaged.

    Its text would otherwise read as ISO 28560-2 objects now and then, with another number.
    """
    if len(memory) < SHORT or memory[0] >> 4 & 7 != 1 or not any(memory[19:BASIC]):
        return False
    field = memory[3:19]
    odd = sum(byte != 0 and not 0x20 <= byte <= 0x7E for byte in field)
    text = len(field) - field.count(0) - odd
    return text >= 4 * odd


def decode_part3(memory: bytes, block_size: int, *, partial: bool = False) -> TagContent:
    """Read an item; TagError unless one of the known forms of the checksum is right."""
    warnings: list[str] = []
    block, rest = _basic_block(memory, block_size, warnings)
    version, usage = _usage(block[0], warnings)
    parts, part = _set(block[1], block[2], warnings)
    owner, owner_ok = _owner(block[21:34], warnings)
    extensions = read_extensions(rest, partial=partial) if owner_ok else Extensions()
    warnings += extensions.warnings
    item = _item(block[3:19], extensions, warnings)
    digits = len(str(parts))
    elements: dict[str, Any] = {
        "primary_item_identifier": item,
        "content_parameter": version,
        "owner_institution": owner,
        "set_information": f"{parts:0{digits}d}{part:0{digits}d}",
        "type_of_usage": usage,
        **extensions.elements,
    }
    present = {name: value for name, value in elements.items() if value is not None}
    return TagContent(
        "iso28560-3", item, owner, part, parts, "ok", present, warnings, usage == _CARD, usage << 4
    )


def _basic_block(memory: bytes, block_size: int, warnings: list[str]) -> tuple[bytes, bytes]:
    """Return the 34 bytes whose checksum is right, and what follows them."""
    if len(memory) < SHORT:
        raise TagError(f"a basic block needs {SHORT} bytes, the memory has {len(memory)}")
    for is_swapped in (False, True):
        candidate = reverse_blocks(memory, block_size) if is_swapped else memory
        whole = candidate[:BASIC]
        short = candidate[:SHORT] + b"\0\0"
        block = next((b for b in (whole, short) if len(b) == BASIC and _crc_ok(b)), None)
        if block is None:
            continue
        if is_swapped:
            warnings.append("the bytes of every block arrive reversed; set the reader's byte order")
        return block, candidate[BASIC:] if block == whole else b""
    if crc16(memory[:19] + memory[21:SHORT]) == _stored_crc(memory):
        warnings.append("the checksum leaves out the last two bytes, as one known writer does")
        return memory[:SHORT] + b"\0\0", b""
    raise TagError("the checksum is wrong")


def _stored_crc(block: bytes) -> int:
    return int.from_bytes(block[19:21], "little")


def _crc_ok(block: bytes) -> bool:
    return crc16(block[:19] + block[21:BASIC]) == _stored_crc(block)


def reverse_blocks(memory: bytes, block_size: int) -> bytes:
    """Turn round the bytes of each block (a short last piece too)."""
    return b"".join(memory[at : at + block_size][::-1] for at in range(0, len(memory), block_size))


def _usage(first: int, warnings: list[str]) -> tuple[int, int]:
    version, usage = first >> 4, first & 0x0F
    if version != 1 and usage == 1:
        warnings.append(
            "version and type of usage are exchanged, as one known writer does; "
            f"the type of usage is {version}"
        )
        return usage, version
    if version != 1:
        warnings.append(f"version {version} of the data model is not known")
    return version, usage


def _set(parts: int, part: int, warnings: list[str]) -> tuple[int, int]:
    if part > parts > 0:
        warnings.append("number of parts and part number are exchanged")
        parts, part = part, parts
    return max(1, parts), max(1, part)


def _owner(field: bytes, warnings: list[str]) -> tuple[str | None, bool]:
    text = field.rstrip(b"\0").decode("latin-1")
    if not (text.isascii() and clean_text(text)):
        warnings.append("the owner field holds no library code; owner and extensions are ignored")
        return None, False
    if not text:
        return None, True
    return (f"{text[:2]}-{text[2:]}" if len(text) > 2 and text[:2].isalpha() else text), True


def _item(field: bytes, extensions: Extensions, warnings: list[str]) -> str | None:
    raw = field.split(b"\0")[0]
    text = raw.decode("latin-1")
    if raw[:1] == _LONG_ITEM:
        value = extensions.elements.pop("alternative_item_identifier", None)
        if not isinstance(value, str):
            warnings.append("the long item number should be in an extension block and is not there")
            return None
        text = value
    if not text:
        warnings.append("the tag has no item number")
        return None
    if not (text.isascii() and text.isprintable()):
        warnings.append("the item number holds characters that no item number may hold")
        return None
    return text


def encode_part3(tag: NewTag, size: int) -> bytes:
    """Return the used part of the memory, end mark included when there is room for it."""
    if tag.usage & 0x0F:
        raise TagError(f"type of usage {tag.usage:02X}: part 3 holds only its main code")
    long_item = len(tag.item_id) > _PII_SIZE
    elements = dict(tag.elements)
    if long_item:
        if "alternative_item_identifier" in elements:
            raise TagError("a long item number leaves no place for alternative_item_identifier")
        elements["alternative_item_identifier"] = tag.item_id
    owner = _owner_field(tag.owner)
    head = bytes([0x10 | tag.usage >> 4, tag.parts, tag.part])
    head += (_LONG_ITEM if long_item else tag.item_id.encode()).ljust(_PII_SIZE, b"\0")
    crc = crc16(head + owner).to_bytes(2, "little")
    used = head + crc + owner
    if size == SHORT and not elements and not any(used[SHORT:]):
        return used[:SHORT]
    used += build_extensions(elements)
    if len(used) > size:
        raise TagError(f"the elements need {len(used)} bytes, the tag has {size}")
    return used if len(used) == size else used + b"\0"


def _owner_field(owner: str) -> bytes:
    country, hyphen, rest = owner.partition("-")
    text = country + rest if hyphen and len(country) == 2 else owner
    if owner and not (hyphen and len(country) == 2 and rest):
        raise TagError(f"owner {owner!r}: part 3 needs a two-letter country, a hyphen and a code")
    if len(text) > _OWNER_SIZE or not (text.isascii() and text.isprintable()):
        raise TagError(f"owner {owner!r} is longer than part 3 can hold ({_OWNER_SIZE} characters)")
    return text.encode().ljust(_OWNER_SIZE, b"\0")
