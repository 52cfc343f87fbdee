"""The user bank of the Chinese university alliance: element after element, until a 00.

    number of the element (6 bits) | length (10 bits) | value

3 owner and 11 borrower: a university's code of five digits as two bytes, a leading 9 kept as 6; 4
set: parts and part, two bytes each; 5 type of usage: main and sub code, a byte each, not those of
ISO 28560; the others are UTF-8. 27 to 31 are reserved and kept as text or as they are. Names and
codes are known from public code that quotes the alliance's paper.
"""

from collections.abc import Mapping
from typing import Any

from drivers.tags.model import TagContent, TagError, clean_text

OWNER, SET, USAGE, PLACE, BORROWER = 3, 4, 5, 6, 11
_NAMES: Mapping[int, str] = {
    OWNER: "owner_institution",
    SET: "set_information",
    USAGE: "type_of_usage",
    PLACE: "shelf_location",
    BORROWER: "ill_borrowing_institution",
    12: "ill_borrowing_transaction_number",
    14: "alternative_item_identifier",
    15: "temporary_location",
    16: "subject",
    24: "subsidiary_of_owner_institution",
    26: "isbn_or_issn",
}
MAPPED = (*_NAMES, 27, 28, 29, 30, 31)
"""The elements that the map in the air identity names, from its lowest bit."""
_SIZES = {OWNER: 2, SET: 4, USAGE: 2, BORROWER: 2}
_LONGEST, _MOST = 0x3FF, 0xFFFF
_CARD = 3
_USAGES: Mapping[tuple[int, int], int] = {
    (0, 0): 0x10, (0, 1): 0x20, (0, 2): 0x70, (0, 3): 0x00,
    (1, 0): 0x10, (1, 1): 0x20, (1, 2): 0x00,
}  # fmt: skip
"""Document or disc, and what may be done with it, as ISO 28560 says the same."""
_KINDS: Mapping[int, int] = {2: 0x20, _CARD: 0x80, 4: 0x90}
"""Shelf label, reader's card, equipment, whatever their second code."""


def mapped_elements(content: int) -> list[int]:
    """Return the numbers of the elements that a map says are in the user bank."""
    return [number for bit, number in enumerate(MAPPED) if content >> bit & 1]


def map_of_elements(numbers: list[int]) -> int:
    """Return the map of these elements; TagError for one that has no place in it."""
    for number in numbers:
        if number not in MAPPED:
            raise TagError(f"element {number} has no place in the map of an alliance tag")
    return sum(1 << MAPPED.index(number) for number in set(numbers))


def decode_alliance_user(memory: bytes) -> TagContent:
    """Read a user bank; TagError when an element runs over its end or has another size."""
    elements: dict[str, Any] = {}
    warnings: list[str] = []
    at = 0
    while at + 1 < len(memory) and memory[at]:
        head = int.from_bytes(memory[at : at + 2], "big")
        number, length = head >> 10, head & _LONGEST
        value = memory[at + 2 : at + 2 + length]
        if len(value) < length or length not in (0, _SIZES.get(number, length)):
            raise TagError(f"byte {at}: element {number} cannot have {length} bytes here")
        name = _NAMES.get(number, f"element_{number}")
        if name in elements:
            warnings.append(f"{name} is there twice; the first one counts")
        elif length:
            elements[name] = _value(number, value)
        at += 2 + length
    if not elements:
        raise TagError("no element at the beginning of the user bank")
    parts, part = elements.get("set_information", "0/0").split("/")
    usage = _usage(elements.get("type_of_usage"))
    return TagContent(
        "uhf-cn-alliance-mb11",
        owner=elements.get("owner_institution"),
        part=int(part) or None,
        parts=int(parts) or None,
        elements=elements,
        warnings=warnings,
        is_card=usage == _KINDS[_CARD],
        usage=usage,
    )


def _usage(text: str | None) -> int | None:
    """Return a type of usage as ISO 28560 has it, None where there is no like."""
    if text is None:
        return None
    main, sub = map(int, text.split("."))
    return _USAGES.get((main, sub), _KINDS.get(main))


def _value(number: int, value: bytes) -> Any:
    if number in (OWNER, BORROWER):
        code = f"{int.from_bytes(value, 'big'):05d}"
        return f"9{code[1:]}" if code[0] == "6" else code
    if number == SET:
        return f"{int.from_bytes(value[:2], 'big')}/{int.from_bytes(value[2:], 'big')}"
    if number == USAGE:
        return f"{value[0]}.{value[1]}"
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return {"raw": value.hex()}
    return text if clean_text(text) else {"raw": value.hex()}


def _owner(code: str) -> bytes:
    digits = len(code) == 5 and code.isascii() and code.isdigit()
    number = int(code) - (30_000 if code[0] == "9" else 0) if digits else _MOST + 1
    if number > _MOST or code[0] in "678":
        raise TagError(f"owner {code!r}: use the five digits of a university, 00000 to 59999 or 9…")
    return number.to_bytes(2, "big")


def encode_alliance_user(
    size: int,
    *,
    owner: str = "",
    part: int = 1,
    parts: int = 1,
    usage: tuple[int, int] | None = None,
    place: str = "",
) -> bytes:
    """Return a user bank of ``size`` bytes; TagError for what has no place in it.

    ``usage`` is main and sub code of the alliance: (0, 0) a document that may be lent.
    """
    fields: list[tuple[int, bytes]] = []
    if owner:
        fields.append((OWNER, _owner(owner)))
    if not 1 <= part <= parts <= _MOST:
        raise TagError(f"part {part} of {parts}: use 1 to {_MOST}, part within parts")
    fields.append((SET, parts.to_bytes(2, "big") + part.to_bytes(2, "big")))
    if usage is not None:
        fields.append((USAGE, bytes(usage)))
    if place:
        if not clean_text(place) or len(place.encode()) > _LONGEST:
            raise TagError(
                f"place {place!r}: use a text without control characters, {_LONGEST} bytes"
            )
        fields.append((PLACE, place.encode()))
    used = b"".join(
        (number << 10 | len(value)).to_bytes(2, "big") + value for number, value in fields
    )
    if len(used) > size:
        raise TagError(f"the elements need {len(used)} bytes, the user bank has {size}")
    return used.ljust(size, b"\0")
