"""What is on a tag, whatever model wrote it: element names, values, what a writer may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

AFI_IN = 0x07
"""In stock: the gate alarms."""
AFI_OUT = 0xC2
"""On loan: the gate is silent."""

Format = Literal["iso28560-2", "iso28560-3", "3m-rfid501"]
Checksum = Literal["ok", "bad", "none"]

DSFID: Mapping[Format, int] = {"iso28560-2": 0x06, "iso28560-3": 0x3E, "3m-rfid501": 0x00}
"""The DSFID to write for each format."""

ELEMENTS: Mapping[int, str] = {
    1: "primary_item_identifier",
    2: "content_parameter",
    3: "owner_institution",
    4: "set_information",
    5: "type_of_usage",
    6: "shelf_location",
    7: "onix_media_format",
    8: "marc_media_format",
    9: "supplier_identifier",
    10: "order_number",
    11: "ill_borrowing_institution",
    12: "ill_borrowing_transaction_number",
    13: "gs1_product_identifier",
    14: "alternative_unique_item_identifier",
    15: "local_data_a",
    16: "local_data_b",
    17: "title",
    18: "product_identifier_local",
    19: "media_format_other",
    20: "supply_chain_stage",
    21: "supplier_invoice_number",
    22: "alternative_item_identifier",
    23: "alternative_owner_institution",
    24: "subsidiary_of_owner_institution",
    25: "alternative_ill_borrowing_institution",
    26: "local_data_c",
}
"""Relative object identifier -> element name of ISO 28560-1."""
OIDS: Mapping[str, int] = {name: oid for oid, name in ELEMENTS.items()}

ONE_BYTE_ELEMENTS = ("media_format_other", "supply_chain_stage")


class TagError(Exception):
    """A tag's memory does not follow the model, or a value does not fit into it.

    Only the parts of this folder see it while they read; writers get it with a sentence that says
    which element is wrong and what would fit.
    """


@dataclass(frozen=True, slots=True)
class TagContent:
    """What a tag's memory says.

    ``item_id`` and ``owner`` are None when nothing may be trusted; ``elements`` holds everything
    that is present, by ISO 28560-1 name; ``usage`` is the type of usage as one byte (main code in
    the high nibble), None when the tag does not say.
    """

    format: str
    item_id: str | None = None
    owner: str | None = None
    part: int | None = None
    parts: int | None = None
    checksum: Checksum = "none"
    elements: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    is_card: bool = False
    usage: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what ``shelfwire tag decode --json`` prints."""
        return {
            "format": self.format,
            "item_id": self.item_id,
            "owner": self.owner,
            "part": self.part,
            "parts": self.parts,
            "checksum": self.checksum,
            "elements": self.elements,
            "warnings": self.warnings,
        }


@dataclass(frozen=True, slots=True)
class NewTag:
    """What a writer wants on a tag.

    ``owner`` is an ISIL (``VN-HNLIB``), ``usage`` one byte (0x10 circulating, 0x80 reader's card).
    ``elements`` are further ISO 28560-1 elements by name, each a text, or an int for
    ``media_format_other`` and ``supply_chain_stage``.
    """

    item_id: str
    owner: str = ""
    part: int = 1
    parts: int = 1
    usage: int = 0x10
    elements: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.item_id or not self.item_id.isascii() or not self.item_id.isprintable():
            raise TagError(f"primary item identifier {self.item_id!r}: use printable ASCII")
        if not clean_text(self.owner):
            raise TagError(f"owner {self.owner!r}: use a text without control characters")
        if not 1 <= self.part <= self.parts <= 255:
            raise TagError(f"part {self.part} of {self.parts}: use 1 to 255, part within parts")
        if not 0 <= self.usage <= 0xFF:
            raise TagError(f"type of usage {self.usage}: one byte, 0 to 255")
        for name, value in self.elements.items():
            _check_element(name, value)


def _check_element(name: str, value: Any) -> None:
    if OIDS.get(name, 0) <= OIDS["type_of_usage"]:
        raise TagError(f"element {name!r} does not exist or has a field of its own")
    if name in ONE_BYTE_ELEMENTS:
        if not isinstance(value, int) or not 1 <= value <= 255:
            raise TagError(f"{name} {value!r}: use a number from 1 to 255")
    elif not isinstance(value, str) or not value or not clean_text(value):
        raise TagError(f"{name} {value!r}: use a text without control characters")
    elif name == "gs1_product_identifier" and not (value.isdecimal() and len(value) == 13):
        raise TagError(f"{name} {value!r}: use 13 digits, with zeros in front")


def clean_text(text: str) -> bool:
    """Say whether a text holds no control characters (the standard forbids them)."""
    return all(char >= " " and not "\x7f" <= char <= "\x9f" for char in text)


def undoubled(text: str) -> str | None:
    """Return a text that some writer encoded in UTF-8 twice (or once too often) as it was meant.

    None when that cannot be: what is no text as it stands must become one.
    """
    try:
        meant = text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return meant if clean_text(meant) and not clean_text(text) else None
