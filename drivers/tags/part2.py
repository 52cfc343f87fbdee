"""ISO 28560-2: a library item as ISO/IEC 15962 objects."""

from typing import Any

from drivers.tags import compaction
from drivers.tags.isil import decode_isil, encode_isil
from drivers.tags.model import (
    DSFID,
    ELEMENTS,
    OIDS,
    ONE_BYTE_ELEMENTS,
    NewTag,
    TagContent,
    TagError,
    clean_text,
    undoubled,
)
from drivers.tags.objects import Objects, TagObject, build, parse

PII, CONTENT, OWNER, SET, USAGE, ILL, GS1, TITLE = 1, 2, 3, 4, 5, 11, 13, 17
_ONE_BYTE = tuple(OIDS[name] for name in ONE_BYTE_ELEMENTS)
_NOT_OF_LIBRARIES = 14
_LIKE_PART_3 = 0x11
"""An unpadded integer item identifier; also the first byte of nearly every part 3 tag."""
DSFID_HERE = DSFID["iso28560-2"]


def decode_part2(
    memory: bytes, *, declared: bool, partial: bool = False, shortest: int = 4
) -> TagContent:
    """Read an item; TagError when the memory does not prove to be of this model.

    ``declared`` is True when the tag's DSFID says ISO 28560-2; else the objects alone must
    convince: no repeats, a printable item identifier of at least ``shortest`` characters.
    """
    objects = parse(memory, partial=partial)
    if not objects.found:
        raise TagError("no object at the beginning of the memory")
    reading = _Reading(objects)
    if declared:
        reading.must_be_readable()
    else:
        reading.must_convince(memory, shortest)
    return reading.content(declared)


class _Reading:
    """The objects of one tag turned into elements, with everything odd written down."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.elements: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.repeated = self.agrees = False
        self.why_no_item = "there is no primary item identifier"
        seen: set[int] = set()
        for item in objects.found:
            if item.oid in seen:
                self.repeated = True
                self.warnings.append(f"{_name(item.oid)} is there twice; the first one counts")
                continue
            seen.add(item.oid)
            self._take(item)
        self._check_content_parameter(seen)
        if objects.stale:
            self.warnings.append("old data follow the end mark and are ignored")

    def must_be_readable(self) -> None:
        """Raise TagError if there is an item identifier that is none."""
        if self.objects.found[0].oid == PII and ELEMENTS[PII] not in self.elements:
            raise TagError(self.why_no_item)

    def must_convince(self, memory: bytes, shortest: int) -> None:
        """Raise TagError unless this can only be a library item."""
        item = self.elements.get(ELEMENTS[PII])
        alone = len(self.objects.found) == 1 and not any(memory[2 + memory[1] : 34])
        if self.repeated:
            raise TagError("an element is there twice: " + "; ".join(self.warnings))
        if item is None:
            raise TagError(self.why_no_item)
        if len(item) < shortest:
            raise TagError(f"the item identifier {item!r} is too short to be believed")
        if self.objects.found[0].oid != PII:
            raise TagError("the item identifier is not the first element")
        if memory[0] == _LIKE_PART_3 and not alone and not self.agrees:
            raise TagError("this may be a damaged part 3 block; nothing else speaks for part 2")

    def content(self, declared: bool) -> TagContent:
        """Return the reading; a tag that has numbers of no library element is plain ISO 15962."""
        foreign = any(
            o.oid == _NOT_OF_LIBRARIES or o.oid not in ELEMENTS for o in self.objects.found
        )
        if foreign:
            self.warnings.append("the tag holds elements that the library profile does not use")
        item = self.elements.get(ELEMENTS[PII])
        if item is None:
            self.warnings.append(f"no item number: {self.why_no_item}")
        usage = self._usage()
        part, parts = self._set()
        return TagContent(
            "iso15962" if foreign and not declared else "iso28560-2",
            item,
            self._owner(),
            part,
            parts,
            "none",
            self.elements,
            self.warnings,
            is_card=usage is not None and usage >> 4 == 8,
            usage=usage,
        )

    def _take(self, item: TagObject) -> None:
        try:
            value = _value(item)
        except TagError as error:
            self.warnings.append(f"{_name(item.oid)}: {error}")
            if item.oid == PII:
                self.why_no_item = f"the primary item identifier cannot be read ({error})"
                return
            value = {"raw": item.data.hex()}
        if item.oid == PII and not isinstance(value, str):
            self.why_no_item = (
                "the primary item identifier is packed in a way only its writer knows"
            )
            return
        if isinstance(value, str):
            value = self._clean(item, value)
        if value not in ("", None):
            self.elements[_name(item.oid)] = value

    def _clean(self, item: TagObject, text: str) -> str | dict[str, str]:
        stripped = text.strip("\0")
        if not stripped:
            self.warnings.append(f"{_name(item.oid)} is empty")
            return ""
        printable = stripped.isascii() if item.oid == PII else True
        if clean_text(stripped) and printable:
            return stripped
        if item.oid != PII and (meant := undoubled(stripped)):
            self.warnings.append(f"{_name(item.oid)} was encoded once too often")
            return meant
        self.warnings.append(f"{_name(item.oid)} holds characters that no text may hold")
        if item.oid == PII:
            self.why_no_item = "the primary item identifier is not printable"
            return ""
        return {"raw": item.data.hex()}

    def _check_content_parameter(self, seen: set[int]) -> None:
        there = {oid for oid in seen if oid > CONTENT}
        listed = self.elements.get(ELEMENTS[CONTENT])
        self.agrees = listed is not None and set(listed) == there
        if listed is None:
            if there and CONTENT not in seen and not self.objects.cut:
                self.warnings.append("the content parameter is missing")
            return
        for oid in sorted(set(listed) - there if not self.objects.cut else ()):
            self.warnings.append(f"the content parameter promises {_name(oid)}, which is not there")
        for oid in sorted(there - set(listed)):
            self.warnings.append(f"the content parameter does not list {_name(oid)}")

    def _usage(self) -> int | None:
        value = self.elements.get(ELEMENTS[USAGE])
        return int(value, 16) if isinstance(value, str) and len(value) == 2 else None

    def _owner(self) -> str | None:
        value = self.elements.get(ELEMENTS[OWNER])
        return value if isinstance(value, str) else None

    def _set(self) -> tuple[int | None, int | None]:
        value = self.elements.get(ELEMENTS[SET])
        if value is None:
            return None, None
        if isinstance(value, str) and value.isdecimal() and len(value) in (2, 4, 6):
            half = len(value) // 2
            parts, part = (max(1, int(v)) for v in (value[:half], value[half:]))
            if part <= parts:
                return part, parts
        self.warnings.append("the set information makes no sense and is ignored")
        return None, None


def _name(oid: int) -> str:
    return ELEMENTS.get(oid, f"element_{oid}")


def _value(item: TagObject) -> Any:
    """Return an element's value: text, a number for one-byte codes, a list for the bitmap."""
    oid, code, data = item.oid, item.compaction, item.data
    if oid == CONTENT:
        return unpack_bitmap(data)
    if oid == USAGE:
        return data.hex()
    if not data:
        return ""
    if oid in _ONE_BYTE and len(data) == 1 and code != compaction.NUMERIC:
        return data[0]
    if code == compaction.APPLICATION:
        return decode_isil(data) if oid in (OWNER, ILL) else {"raw": data.hex()}
    text = compaction.expand(code, data)
    return text.zfill(13) if oid == GS1 and text.isdecimal() else text


def unpack_bitmap(data: bytes) -> list[int]:
    """Return the element numbers that a content parameter lists."""
    ones = enumerate(f"{byte:08b}" for byte in data)
    return [3 + 8 * i + j for i, bits in ones for j, bit in enumerate(bits) if bit == "1"]


def pack_bitmap(oids: list[int]) -> bytes:
    """Return the content parameter for these element numbers (3 and above)."""
    value = bytearray((max(oids) - 3) // 8 + 1)
    for oid in oids:
        value[(oid - 3) // 8] |= 0x80 >> (oid - 3) % 8
    return bytes(value)


def encode_part2(tag: NewTag, size: int, block_size: int) -> bytes:
    """Return the used part of the memory, end mark included when there is room for it."""
    objects = element_objects(tag)
    bitmap = pack_bitmap([item.oid for item in objects])
    first = TagObject(PII, *compaction.compact(tag.item_id))
    used = build(first, align=block_size)
    for item in (TagObject(CONTENT, compaction.APPLICATION, bitmap), *objects):
        used += build(item)
    if len(used) > size:
        raise TagError(f"the elements need {len(used)} bytes, the tag has {size}")
    return used if len(used) == size else used + b"\0"


def element_objects(tag: NewTag) -> list[TagObject]:
    """Return the objects of a new tag but its number and content parameter, in order."""
    objects = [TagObject(USAGE, compaction.OCTETS, bytes([tag.usage]))]
    if tag.owner:
        objects.append(_library(OWNER, tag.owner))
    if tag.parts > 1:
        digits = len(str(tag.parts))
        text = f"{tag.parts:0{digits}d}{tag.part:0{digits}d}"
        objects.append(TagObject(SET, *compaction.compact(text)))
    objects += [
        _object(oid, tag.elements[name]) for oid, name in ELEMENTS.items() if name in tag.elements
    ]
    return sorted(objects, key=lambda item: item.oid)


def _object(oid: int, value: Any) -> TagObject:
    if oid in _ONE_BYTE:
        return TagObject(oid, compaction.OCTETS, bytes([value]))
    if oid == ILL:
        return _library(oid, value)
    if oid == TITLE:
        latin = all(char <= "\xff" for char in value)
        code = compaction.OCTETS if latin else compaction.UTF8
        return TagObject(oid, code, value.encode("latin-1" if latin else "utf-8"))
    return TagObject(oid, *compaction.compact(value))


def _library(oid: int, code: str) -> TagObject:
    try:
        return TagObject(oid, compaction.APPLICATION, encode_isil(code))
    except TagError:
        return TagObject(oid, *compaction.compact(code))
