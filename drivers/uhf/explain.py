"""What the explanations of all UHF families share: fields by name, and which way a frame went."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.errors import FrameError
from drivers.explained import hexed
from drivers.fields import Fields
from drivers.ports import Bank
from drivers.tags.code40 import decode_code40
from drivers.tags.model import TagError

Reading = Callable[[Fields], Mapping[str, Any]]
"""Reads all fields of a frame's data; FrameError when they do not fit."""


@dataclass(frozen=True, slots=True)
class Row:
    """A command as it is explained. A reader that is not named takes or gives no data."""

    name: str
    request: Reading = lambda _: {}
    reply: Reading = lambda _: {}


def read_all(reading: Reading, data: bytes) -> dict[str, Any] | None:
    """Return the fields, None when the data do not fit."""
    fields = Fields(data)
    try:
        found = dict(reading(fields))
        fields.end()
    except FrameError:
        return None
    return found


def numbers(*names: str) -> Reading:
    """Read one byte for each name."""
    return lambda fields: {name: fields.number() for name in names}


def raw(name: str) -> Reading:
    """Read the rest as bytes."""
    return lambda fields: {name: hexed(fields.rest())}


def bank_name(number: int) -> str:
    """Return a memory bank's name."""
    return Bank(number).name if number in tuple(Bank) else f"bank {number}"


def words(fields: Fields, count: int) -> bytes:
    """Take whole words."""
    return fields.take(2 * count)


def pc_words(pc: int) -> dict[str, Any]:
    """Return what a PC word says."""
    found: dict[str, Any] = {"pc": f"{pc:04x}", "epc_words": pc >> 11}
    return found | ({"afi": f"{pc & 0xFF:02x}"} if pc & 0x0100 else {})


def tag_text(pc: int | None, epc: bytes) -> dict[str, str]:
    """Return the text of an ISO 28560-4 air identity, nothing for other tags."""
    if pc is None or not pc & 0x0100:
        return {}
    try:
        return {"text": decode_code40(epc)}
    except TagError:
        return {}
