"""The extension blocks of ISO 28560-3, from byte 34 on.

    len(whole block) id-low id-high xor payload      all bytes XORed give 0
    len lsb FF mid msb xor payload                   24-bit number
    len 00 = end, 01 = a filler byte

Fields of a structured block are NUL separated; empty ones at the end are left away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.tags.crc import xor
from drivers.tags.model import ONE_BYTE_ELEMENTS, TagError, clean_text, undoubled

LIBRARY = 1
FIELDS: Mapping[int, tuple[str, ...]] = {
    LIBRARY: ("media_format_other", "alternative_item_identifier", "alternative_owner_institution"),
    2: (
        "supplier_identifier",
        "product_identifier_local",
        "order_number",
        "supplier_invoice_number",
        "gs1_product_identifier",
        "supply_chain_stage",
    ),
    3: (
        "shelf_location",
        "marc_media_format",
        "onix_media_format",
        "subsidiary_of_owner_institution",
    ),
    4: ("title",),
    5: (
        "ill_borrowing_institution",
        "ill_borrowing_transaction_number",
        "alternative_ill_borrowing_institution",
    ),
}

_LONG_ID = 0xFF


@dataclass(slots=True)
class Extensions:
    """What the extension blocks say; ``blocks`` are all sound ones as (id, payload)."""

    elements: dict[str, Any] = field(default_factory=dict)
    blocks: list[tuple[int, bytes]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_extensions(data: bytes, *, partial: bool = False) -> Extensions:
    """Read blocks until the end mark or the end of the memory; damaged ones are left out.

    With ``partial`` the end of the data is not the end of the memory: a cut block is no news.
    """
    found = Extensions()
    at = 0
    while at < len(data) and (length := data[at]):
        if length == 1:
            at += 1
            continue
        block, at = data[at : at + length], at + length
        if len(block) < length:
            if not partial:
                found.warnings.append("an extension block runs over the end of the memory")
            break
        _read_block(block, found)
    return found


def _read_block(block: bytes, found: Extensions) -> None:
    head = 6 if len(block) > 2 and block[2] == _LONG_ID else 4
    if len(block) < head or xor(block):
        found.warnings.append("an extension block is damaged and is ignored")
        return
    number = block[1] | block[2] << 8
    if head == 6:
        number = block[1] | block[3] << 8 | block[4] << 16
    payload = block[head:]
    found.blocks.append((number, payload))
    if number not in FIELDS:
        found.elements[f"extension_{number}"] = {"raw": payload.hex()}
        return
    for name, value in _split(FIELDS[number], payload, found.warnings).items():
        found.elements.setdefault(name, value)


def _split(names: tuple[str, ...], payload: bytes, warnings: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    rest: bytes = payload
    if names[0] in ONE_BYTE_ELEMENTS and rest:
        # A one-byte field in front has no separator: its value may itself be 0.
        values, rest, names = {names[0]: rest[0]} if rest[0] else {}, rest[1:], names[1:]
    for name, raw in zip(names, rest.split(b"\0"), strict=False):
        if not raw:
            continue
        if name in ONE_BYTE_ELEMENTS:
            values[name] = raw[0]
            continue
        text = raw.decode("utf-8", "replace")
        if clean_text(text) and "\ufffd" not in text:
            values[name] = text
        elif meant := undoubled(text):
            warnings.append(f"{name} was encoded once too often")
            values[name] = meant
        else:
            warnings.append(f"{name} holds characters that no text may hold")
            values[name] = {"raw": raw.hex()}
    return values


def build_extensions(elements: Mapping[str, Any]) -> bytes:
    """Return the blocks for these elements; TagError for one that has no place in part 3."""
    blocks, left = b"", dict(elements)
    for number, names in FIELDS.items():
        values = [left.pop(name, None) for name in names]
        if any(value is not None for value in values):
            blocks += _build(number, names, values)
    if left:
        raise TagError(f"ISO 28560-3 has no place for {', '.join(sorted(left))}")
    return blocks


def _build(number: int, names: tuple[str, ...], values: list[Any]) -> bytes:
    fields = [_bytes(name, value) for name, value in zip(names, values, strict=True)]
    if names[0] in ONE_BYTE_ELEMENTS:
        payload = (fields[0] or b"\0") + b"\0".join(fields[1:])
    else:
        payload = b"\0".join(fields)
    payload = payload.rstrip(b"\0") or payload[:1]
    length = len(payload) + 4
    if length > 0xFF:
        raise TagError(f"{names[0]} and its neighbours need {length} bytes, a block holds 255")
    head = bytes([length, number, 0])
    return head + bytes([xor(head + payload)]) + payload


def _bytes(name: str, value: Any) -> bytes:
    if value is None:
        return b""
    if name in ONE_BYTE_ELEMENTS:
        return bytes([value])
    return str(value).encode()
