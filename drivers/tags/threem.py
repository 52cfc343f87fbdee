"""The older 3M (RFID501) model, without checksum.

0      04
1      number of the item in its set (high nibble), size of the set (low nibble)
2, 3   00, type of item
4-19   barcode, NUL filled
20-23  branch (12 bit), library (20 bit), big-endian
24-27  custom number, signed
28-31  00
"""

from typing import Any

from drivers.tags.model import NewTag, TagContent, TagError

_HEAD, _BARCODE, _SIZE = 0x04, slice(4, 20), 32
_NO_BRANCH, _NO_LIBRARY = 0xFFF, 0xFFFFF
_BLANK = b"\x55" * 24
_TYPE_OF_MEDIA = {1: 1, 2: 6, 3: 4}
"""ISO media format -> 3M type of item (book, CD, audio tape); everything else is 0, other."""


def is_blank_3m(memory: bytes) -> bool:
    """Say whether the tag is as the factory left it."""
    return memory.startswith(_BLANK)


def decode_3m(memory: bytes) -> TagContent:
    """Read an item; TagError when the memory does not look like this model."""
    if len(memory) < _BARCODE.stop or memory[0] != _HEAD or memory[2]:
        raise TagError("the first bytes are not those of a 3M tag")
    part, parts = memory[1] >> 4, memory[1] & 0x0F
    if part > parts:
        raise TagError(f"part {part} of {parts} does not exist")
    barcode = memory[_BARCODE].rstrip(b"\0").decode("latin-1")
    if not barcode or not (barcode.isascii() and barcode.isprintable()):
        raise TagError("the barcode is not printable")
    elements: dict[str, Any] = {
        "primary_item_identifier": barcode,
        "set_information": f"{max(1, parts):02d}{max(1, part):02d}",
        "type": memory[3],
    }
    owner = None
    if len(memory) >= 28:
        number = int.from_bytes(memory[20:24], "big")
        branch, library = number >> 20, number & 0xFFFFF
        custom = int.from_bytes(memory[24:28], "big", signed=True)
        elements |= {"branch": branch, "library": library, "custom": custom}
        owner = None if library in (0, _NO_LIBRARY) else str(library)
    return TagContent(
        "3m-rfid501", barcode, owner, max(1, part), max(1, parts), "none", elements, []
    )


def encode_3m(tag: NewTag, size: int) -> bytes:
    """Return the used part of the memory; the model has no place for an ISIL or a usage."""
    if size < _SIZE:
        raise TagError(f"a 3M item needs {_SIZE} bytes, the tag has {size}")
    if len(tag.item_id) > 16 or tag.parts > 15:
        raise TagError("a 3M item holds 16 characters and sets of 15 at most")
    if tag.usage >> 4 == 8:
        raise TagError("the 3M model cannot say that a tag is a reader's card")
    left = set(tag.elements) - {"media_format_other"}
    if left:
        raise TagError(f"the 3M model has no place for {', '.join(sorted(left))}")
    kind = _TYPE_OF_MEDIA.get(tag.elements.get("media_format_other", 1), 0)
    head = bytes([_HEAD, tag.part << 4 | tag.parts, 0, kind])
    library = (_NO_BRANCH << 20 | _NO_LIBRARY).to_bytes(4, "big")
    return head + tag.item_id.encode().ljust(16, b"\0") + library + bytes(8)
