"""The user bank of the Chinese university alliance: element after element, until a 00.

    number of the element (high six bits) | length | value

3 owner: a university's code of five digits as two bytes, a leading 9 kept as 6; 4 set: parts and
part, two bytes each; 5 type of usage: main and sub code, a byte each; 6 place, UTF-8. What further
elements mean is not published: they are kept as text or as they are.
"""

from typing import Any

from drivers.tags.model import TagContent, TagError, clean_text

OWNER, SET, USAGE, PLACE = 3, 4, 5, 6
_NAMES = {
    OWNER: "owner_institution",
    SET: "set_information",
    USAGE: "type_of_usage",
    PLACE: "shelf_location",
}
_SIZES = {OWNER: 2, SET: 4, USAGE: 2}
_CARD, _LONGEST, _MOST = 8, 255, 0xFFFF


def decode_alliance_user(memory: bytes) -> TagContent:
    """Read a user bank; TagError when an element runs over its end or has another size."""
    elements: dict[str, Any] = {}
    warnings: list[str] = []
    at = 0
    while at + 1 < len(memory) and memory[at]:
        number, length = memory[at] >> 2, memory[at + 1]
        value = memory[at + 2 : at + 2 + length]
        if len(value) < length or length != _SIZES.get(number, length):
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
    usage = int(elements["type_of_usage"], 16) if "type_of_usage" in elements else None
    return TagContent(
        "uhf-cn-alliance-mb11",
        owner=elements.get("owner_institution"),
        part=int(part) or None,
        parts=int(parts) or None,
        elements=elements,
        warnings=warnings,
        is_card=usage is not None and usage >> 4 == _CARD,
        usage=usage,
    )


def _value(number: int, value: bytes) -> Any:
    if number == OWNER:
        code = f"{int.from_bytes(value, 'big'):05d}"
        return f"9{code[1:]}" if code[0] == "6" else code
    if number == SET:
        return f"{int.from_bytes(value[:2], 'big')}/{int.from_bytes(value[2:], 'big')}"
    if number == USAGE:
        if max(value) > 0x0F:
            raise TagError("a type of usage has two codes of 0 to 15")
        return f"{value[0] << 4 | value[1]:02x}"
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
    usage: int | None = None,
    place: str = "",
) -> bytes:
    """Return a user bank of ``size`` bytes; TagError for what has no place in it."""
    fields: list[tuple[int, bytes]] = []
    if owner:
        fields.append((OWNER, _owner(owner)))
    if not 1 <= part <= parts <= _MOST:
        raise TagError(f"part {part} of {parts}: use 1 to {_MOST}, part within parts")
    fields.append((SET, parts.to_bytes(2, "big") + part.to_bytes(2, "big")))
    if usage is not None:
        fields.append((USAGE, bytes((usage >> 4 & 0x0F, usage & 0x0F))))
    if place:
        if not clean_text(place) or len(place.encode()) > _LONGEST:
            raise TagError(f"place {place!r}: use a text without control characters, 255 bytes")
        fields.append((PLACE, place.encode()))
    used = b"".join(bytes((number << 2, len(value))) + value for number, value in fields)
    if len(used) > size:
        raise TagError(f"the elements need {len(used)} bytes, the user bank has {size}")
    return used.ljust(size, b"\0")
