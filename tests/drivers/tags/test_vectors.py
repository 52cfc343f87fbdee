"""Every vector of vectors.json, through the door that callers use."""

from typing import Any

import pytest

from drivers.tags import ELEMENTS, TagContent, TagError, decode
from drivers.tags.code40 import decode_code40
from drivers.tags.crc import crc16, crc_gen2
from drivers.tags.iso15693 import parse_inventory, parse_system_info
from drivers.tags.uhf import read_identity

UNKNOWN_ON_PURPOSE = {"p2-15", "p2-17", "m-05", "m-14"}
WITHOUT_TRUST = {"p4-05", "p4-07", "p4-08"}
USAGE = "type_of_usage"


def memory_of(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["memory_hex"])


def content_of(vector: dict[str, Any]) -> TagContent:
    dsfid = vector["dsfid"]
    return decode(
        memory_of(vector),
        dsfid=int(dsfid, 16) if dsfid and len(dsfid) == 2 else None,
        afi=int(vector["afi"], 16) if vector["afi"] else None,
        block_size=vector["block_size"],
    )


def expected_format(vector: dict[str, Any]) -> str:
    if vector["id"] in UNKNOWN_ON_PURPOSE or vector["format"].startswith("iso15693"):
        return "unknown"
    return "blank" if vector["expect"].get("blank") else vector["format"]


def test_every_vector_gets_its_format(vector: dict[str, Any]) -> None:
    content = content_of(vector)
    assert content.format == expected_format(vector)
    if content.format in ("unknown", "blank"):
        assert content.item_id is None
        assert content.elements == {}


def test_every_malformed_vector_gets_a_warning(vector: dict[str, Any]) -> None:
    if vector["malformed"]:
        assert content_of(vector).warnings


def test_a_well_formed_library_tag_gets_no_warning(vector: dict[str, Any]) -> None:
    quiet = ("iso28560", "3m", "blank")
    if not vector["malformed"] and vector["format"].startswith(quiet):
        assert content_of(vector).warnings == []


def test_part_2_elements_have_the_expected_values(vector: dict[str, Any]) -> None:
    expected = vector["expect"].get("elements")
    if not expected or vector["id"] in UNKNOWN_ON_PURPOSE:
        return
    present = {
        ELEMENTS[int(oid)]: value
        for oid, value in expected.items()
        if value not in ("", "\0")  # one NUL, or nothing, is an absent element
    }
    content = content_of(vector)
    assert content.elements == present
    assert content.item_id == present.get("primary_item_identifier")
    assert content.owner == present.get("owner_institution")
    assert content.checksum == "none"


def test_part_3_fields_have_the_expected_values(vector: dict[str, Any]) -> None:
    expected = vector["expect"]
    if vector["format"] != "iso28560-3" or vector["id"] in UNKNOWN_ON_PURPOSE:
        return
    content = content_of(vector)
    assert content.checksum == "ok"
    names = {
        "part_number": content.part,
        "parts_in_item": content.parts,
        "isil": content.owner,
        "primary_item_identifier": content.item_id or "",
        "type_of_usage": content.elements[USAGE],
    }
    for name, value in names.items():
        if name in expected and vector["id"] not in ("m-02", "m-04"):
            assert value == expected[name], name
    if "crc" in expected:
        block = memory_of(vector)[:34].ljust(34, b"\0")
        assert f"{crc16(block[:19] + block[21:]):04X}" == expected["crc"]


def test_3m_fields_have_the_expected_values(vector: dict[str, Any]) -> None:
    expected = vector["expect"]
    if "barcode" not in expected:
        return
    content = content_of(vector)
    assert content.item_id == expected["barcode"]
    assert (content.part, content.parts) == (expected["set_ordinal"], expected["set_total"])
    for name in ("type", "branch", "library", "custom"):
        assert content.elements[name] == expected[name]


def test_uhf_banks_have_the_expected_values(vector: dict[str, Any]) -> None:
    expected = vector["expect"]
    if "uii" in expected or "pc_words" in expected:
        identity = read_identity(memory_of(vector))
        assert len(identity.uii) == 2 * expected["pc_words"]
        assert identity.iso == expected["iso"]
        assert f"{identity.crc:04X}" == expected["gen2_crc"]
        assert identity.user_bank == expected.get("umi", identity.user_bank)
        assert identity.afi == (int(expected["afi"], 16) if "afi" in expected else None)
    content = content_of(vector)
    for name, element in (("uii", "uii"), ("code40", "uii"), ("pii", "primary_item_identifier")):
        if name in expected:
            assert content.elements[element] == expected[name]
    if vector["id"] in WITHOUT_TRUST:
        assert content.item_id is None


def test_iso15693_replies_have_the_expected_values(vector: dict[str, Any]) -> None:
    expected = vector["expect"]
    if not vector["format"].startswith("iso15693"):
        return
    inventory = vector["format"].endswith("inventory")
    reply = (parse_inventory if inventory else parse_system_info)(memory_of(vector))
    assert reply.uid.hex().upper() == expected["uid"]
    assert reply.dsfid == int(expected["dsfid"], 16)
    for name in ("afi", "ic"):
        if name in expected:
            assert getattr(reply, name) == int(expected[name], 16)
    for name in ("blocks", "block_size"):
        assert getattr(reply, name) == expected.get(name)


def test_the_checksums_are_the_published_ones(vectors: dict[str, Any]) -> None:
    for rows, checksum in (("crc_part3", crc16), ("crc_gen2", crc_gen2)):
        for row in vectors[rows]:
            data = (
                bytes.fromhex(row["input_hex"])
                if "input_hex" in row
                else row["input_ascii"].encode()
            )
            assert f"{checksum(data):04X}" == row["crc"]


def test_a_changed_afi_changes_the_checksum_of_a_uhf_tag(vectors: dict[str, Any]) -> None:
    memory = bytearray(memory_of(next(v for v in vectors["vectors"] if v["id"] == "p4-01")))
    memory[1] = 0x07
    assert read_identity(bytes(memory)).crc == 0x9C45
    assert decode(b"\x9c\x45" + memory, block_size=2).checksum == "ok"


def test_code_40_headers_are_the_published_ones(vectors: dict[str, Any]) -> None:
    for row in vectors["urn_code40_headers"]:
        assert decode_code40(bytes.fromhex(row["hex"])) == row["text"].strip()


@pytest.mark.parametrize("reply", ["", "0f", "0fa727383f000104e000001b03"])
def test_a_cut_system_information_is_refused(reply: str) -> None:
    with pytest.raises(TagError):
        parse_system_info(bytes.fromhex(reply))


def test_a_damaged_inventory_reply_is_refused() -> None:
    with pytest.raises(TagError):
        parse_inventory(bytes.fromhex("00000228e06d580104e0d061"))
