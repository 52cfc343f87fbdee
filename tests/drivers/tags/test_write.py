"""What is written comes back, fits, and survives a tag that is torn away."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tags import (
    DSFID,
    FORMATS,
    Format,
    NewTag,
    TagError,
    choose,
    decode,
    encode,
    write_plan,
)
from drivers.tags.model import ELEMENTS, ONE_BYTE_ELEMENTS

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=16)
TEXT = st.text(
    st.characters(exclude_categories=("C", "Z")) | st.sampled_from("ềạĐ "), min_size=1, max_size=20
)
OWNERS = st.sampled_from(["", "VN-HNLIB", "DK-718500", "VN-0001", "FI-Mamk-M", "VN-A"])
TEXT_ELEMENTS = sorted(
    name
    for oid, name in ELEMENTS.items()
    if oid in (6, 7, 8, 9, 10, 12, 17, 18, 21, 22, 23, 24, 25)
)


@st.composite
def new_tags(draw: st.DrawFn) -> NewTag:
    parts = draw(st.integers(1, 255))
    elements: dict[str, Any] = draw(
        st.dictionaries(st.sampled_from(TEXT_ELEMENTS), TEXT, max_size=3)
    )
    if draw(st.booleans()):
        elements[draw(st.sampled_from(ONE_BYTE_ELEMENTS))] = draw(st.integers(1, 255))
    return NewTag(
        draw(PRINTABLE),
        draw(OWNERS),
        draw(st.integers(1, parts)),
        parts,
        draw(st.sampled_from([0x10, 0x20, 0x70])),
        elements,
    )


@given(new_tags(), st.sampled_from(["iso28560-2", "iso28560-3"]), st.sampled_from([4, 8]))
def test_what_is_written_comes_back(tag: NewTag, model: Format, block_size: int) -> None:
    content = decode(encode(tag, model, 512, block_size), dsfid=DSFID[model])
    assert content.format == model
    assert content.warnings == []
    assert content.item_id == tag.item_id
    assert content.owner == (tag.owner or None)
    assert content.usage == tag.usage
    assert (content.part or 1, content.parts or 1) == (tag.part, tag.parts)
    assert {name: content.elements.get(name) for name in tag.elements} == dict(tag.elements)


@given(PRINTABLE, st.integers(1, 15))
def test_a_3m_item_comes_back(item: str, parts: int) -> None:
    content = decode(encode(NewTag(item, part=1, parts=parts), "3m-rfid501", 112))
    assert (content.format, content.item_id, content.parts) == ("3m-rfid501", item, parts)


@pytest.mark.parametrize("name", ["m-09", "m-10"])
def test_published_part_2_tags_are_written_byte_for_byte(
    vectors: dict[str, Any], name: str
) -> None:
    row = next(v for v in vectors["vectors"] if v["id"] == name)
    memory, expected = bytes.fromhex(row["memory_hex"]), row["expect"]["elements"]
    if name == "m-10":  # this one leaves out the type of usage, which our writer never does
        return
    tag = NewTag(expected["1"], expected["3"], elements={"title": expected["17"]})
    assert encode(tag, "iso28560-2", len(memory)) == memory


@pytest.mark.parametrize("name", ["p3-01", "p3-03", "m-18"])
def test_published_part_3_tags_are_written_byte_for_byte(
    vectors: dict[str, Any], name: str
) -> None:
    row = next(v for v in vectors["vectors"] if v["id"] == name)
    memory, expected = bytes.fromhex(row["memory_hex"]), row["expect"]
    country, code = expected["isil_field"][:2], expected["isil_field"][2:]
    tag = NewTag(expected["primary_item_identifier"], f"{country}-{code}")
    assert encode(tag, "iso28560-3", len(memory)) == memory[: len(memory)]


def test_the_short_form_of_part_3_holds_32_bytes() -> None:
    tag = NewTag("8930123456", "VN-HNLIB")
    memory = encode(tag, "iso28560-3", 32)
    assert len(memory) == 32
    assert decode(memory).owner == "VN-HNLIB"


def test_blocks_behind_the_item_are_kept() -> None:
    old = bytes(100) + b"VENDOR MARK."
    memory = encode(NewTag("8930123456"), "iso28560-3", 112, keep=old)
    assert memory.endswith(b"VENDOR MARK.")
    assert decode(memory).item_id == "8930123456"


@pytest.mark.parametrize(
    ("tag", "size", "found", "model"),
    [
        (NewTag("8930123456", "VN-HNLIB"), 112, "", "iso28560-3"),
        (NewTag("8930123456", "VN-HNLIB"), 112, "iso28560-2", "iso28560-2"),
        (NewTag("8930123456", "VN-HNLIB"), 112, "3m-rfid501", "3m-rfid501"),
        (NewTag("8930123456", "VN-HNLIB"), 112, "unknown", "iso28560-3"),
        (NewTag("8930123456", usage=0x13), 112, "", "iso28560-2"),
        (NewTag("8930123456", "OCLC-X"), 112, "iso28560-3", "iso28560-2"),
        (NewTag("9786041234567-000123"), 32, "", "iso28560-2"),
    ],
)
def test_the_model_that_fits_is_chosen(tag: NewTag, size: int, found: str, model: str) -> None:
    assert choose(tag, size, found=found) == model


def test_an_item_that_fits_no_model_is_refused_with_every_reason() -> None:
    with pytest.raises(TagError, match=r"iso28560-3: .*iso28560-2: the elements need"):
        choose(NewTag("8930123456", elements={"title": "x" * 40}), 32)


@pytest.mark.parametrize(
    "wrong",
    [
        {"item_id": ""},
        {"item_id": "sách"},
        {"item_id": "1", "part": 3, "parts": 2},
        {"item_id": "1", "parts": 256},
        {"item_id": "1", "usage": 256},
        {"item_id": "1", "owner": "a\nb"},
        {"item_id": "1", "elements": {"colour": "red"}},
        {"item_id": "1", "elements": {"type_of_usage": "10"}},
        {"item_id": "1", "elements": {"title": ""}},
        {"item_id": "1", "elements": {"title": "a\0b"}},
        {"item_id": "1", "elements": {"media_format_other": 0}},
        {"item_id": "1", "elements": {"gs1_product_identifier": "123"}},
    ],
)
def test_a_value_that_cannot_be_written_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TagError):
        NewTag(**wrong)


@pytest.mark.parametrize(
    ("tag", "model", "size"),
    [
        (NewTag("1234", owner="HANOI"), "iso28560-3", 112),
        (NewTag("1234", owner="VN-" + "A" * 12), "iso28560-3", 112),
        (NewTag("1234"), "iso28560-3", 31),
        (NewTag("1234", usage=0x80), "3m-rfid501", 112),
        (NewTag("1234"), "3m-rfid501", 28),
        (NewTag("1" * 17), "3m-rfid501", 112),
        (NewTag("1234", elements={"title": "x"}), "3m-rfid501", 112),
        (NewTag("1234", elements={"local_data_a": "x"}), "iso28560-3", 112),
        (NewTag("1234", elements={"title": "x" * 300}), "iso28560-3", 512),
        (NewTag("1234"), "iso28560-9", 112),
    ],
)
def test_an_item_without_a_place_in_the_model_is_refused(
    tag: NewTag, model: Any, size: int
) -> None:
    with pytest.raises(TagError):
        encode(tag, model, size)


@given(new_tags(), new_tags(), st.sampled_from(FORMATS[:2]), st.sampled_from(FORMATS[:2]))
def test_a_torn_write_never_shows_a_third_number(
    old_tag: NewTag, new_tag: NewTag, old_format: Format, new_format: Format
) -> None:
    old, new = encode(old_tag, old_format, 256), encode(new_tag, new_format, 256)
    memory = bytearray(old)
    for block, data in write_plan(old, new):
        memory[block * 4 : block * 4 + 4] = data
        seen = decode(bytes(memory), dsfid=DSFID[new_format]).item_id
        assert seen in (None, old_tag.item_id, new_tag.item_id)
    assert bytes(memory) == new


def test_an_unchanged_tag_needs_no_write() -> None:
    memory = encode(NewTag("8930123456"), "iso28560-3", 112)
    assert write_plan(memory, memory) == []
    only_head = b"\x21" + memory[1:]
    assert write_plan(memory, only_head) == [(0, only_head[:4])]
