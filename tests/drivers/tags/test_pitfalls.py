"""What other programs get wrong with library tags, one test each."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.chips import WITHOUT_INFO, blocks_in_one_write
from drivers.errors import TagLostError
from drivers.feig import FeigPad, FeigSimulator
from drivers.feig.link import Link as FeigLink
from drivers.ports import ItemReader
from drivers.rl866 import Rl866Pad, Rl866Simulator
from drivers.rl866.link import Link as Rl866Link
from drivers.tags import (
    AFI_IN,
    AFI_OUT,
    NewTag,
    TagContent,
    decode,
    encode,
    encode_mb01,
    write_plan,
)
from drivers.tags.compaction import UTF8, compact
from drivers.tags.crc import crc16
from drivers.tags.iso15693 import parse_system_info
from drivers.tags.objects import TagObject, build, parse
from drivers.tags.uhf import read_identity
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Wire
from drivers.threem import ThreeMPad, ThreeMSimulator
from drivers.threem.link import Link as ThreeMLink

ITEM = NewTag("8930123456", "VN-HNLIB", elements={"title": "Truyện Kiều"})
UIDS = [bytes.fromhex(f"E00401500000000{n}") for n in range(3)]
PADS: dict[str, Callable[[Field], ItemReader]] = {
    "feig": lambda field: FeigPad(
        FeigLink(Wire(FeigSimulator(field, block_seconds=0.0)), patience=0.02)
    ),
    "rl866": lambda field: Rl866Pad(
        Rl866Link(Wire(Rl866Simulator(field, block_seconds=0.0)), patience=0.02)
    ),
    "3m": lambda field: ThreeMPad(
        ThreeMLink(Wire(ThreeMSimulator(field, block_seconds=0.0)), patience=0.02)
    ),
}


@pytest.fixture
def found(vectors: dict[str, Any]) -> Callable[..., TagContent]:
    def by_id(name: str, dsfid: int | None = None) -> TagContent:
        row = next(v for v in vectors["vectors"] if v["id"] == name)
        return decode(bytes.fromhex(row["memory_hex"]), dsfid=dsfid, block_size=row["block_size"])

    return by_id


def test_pitfall_1_in_stock_is_07_and_on_loan_c2_unless_the_library_says_otherwise() -> None:
    assert (AFI_IN, AFI_OUT) == (0x07, 0xC2)
    memory = encode(ITEM, "iso28560-3", 112)
    assert decode(memory, afi=0xD7).warnings
    assert not decode(memory, afi=0xD7, afis=(0xDA, 0xD7)).warnings


def test_pitfall_2_parts_stand_in_front_of_the_number_of_the_part(found: Any) -> None:
    memory = encode(NewTag("8930123456", part=2, parts=3), "iso28560-3", 112)
    assert tuple(memory[1:3]) == (3, 2)
    assert (found("m-02").part, found("m-02").parts) == (2, 3)


def test_pitfall_3_the_version_is_the_high_nibble_and_exchanged_ones_are_seen(found: Any) -> None:
    assert encode(NewTag("8930123456", usage=0x20), "iso28560-3", 112)[0] == 0x12
    assert (found("m-04").usage, bool(found("m-04").warnings)) == (0x20, True)


def test_pitfall_4_the_checksum_is_over_32_bytes_low_byte_first(found: Any) -> None:
    memory = encode(NewTag("1234567890123456", "VN-ABCDEFGHIJK"), "iso28560-3", 112)
    assert memory[19:21] == crc16(memory[:19] + memory[21:34]).to_bytes(2, "little")
    assert found("m-18").checksum == "ok"  # an owner of all 13 bytes
    short = encode(NewTag("8930123456", "VN-HNLIB"), "iso28560-3", 32)
    assert decode(short).checksum == "ok"  # two virtual zeros


def test_pitfall_5_blocks_turned_round_by_a_reader_are_noticed(found: Any) -> None:
    assert found("m-01").item_id == "11223344"
    assert any("reversed" in warning for warning in found("m-01").warnings)
    assert found("p2-10").format == "iso28560-2"  # 11 in front is no proof of part 3
    damaged = bytearray(encode(NewTag("1", "VN-HNLIB"), "iso28560-3", 34))
    damaged[19] ^= 1
    assert decode(bytes(damaged)).item_id is None  # nor are objects that happen to fit


def test_pitfall_6_sizes_are_sent_minus_one_and_chips_differ() -> None:
    info = parse_system_info(bytes.fromhex("0f78563412500104e006071b0301"))
    assert (info.blocks, info.block_size) == (28, 4)
    assert blocks_in_one_write(bytes.fromhex("e008000000000000"), 32) == 2
    assert WITHOUT_INFO[bytes.fromhex("e007c0")] == (4, 8)
    memory = encode(ITEM, "iso28560-2", 248, 8)
    assert decode(memory, dsfid=6, block_size=8).item_id == ITEM.item_id


def test_pitfall_7_what_lies_behind_the_end_is_no_content(found: Any) -> None:
    assert found("p2-13", dsfid=6).item_id == "01001643"
    marked = encode(ITEM, "iso28560-2", 112, keep=bytes(108) + b"MARK")
    assert decode(marked, dsfid=6).item_id == ITEM.item_id
    assert found("p2-15", dsfid=6).item_id is None
    bank = encode_mb01(NewTag("12345678", "VN-HNLIB"))
    assert read_identity(bank + b"\x2b\x14").uii == read_identity(bank).uii
    assert decode(bank + b"\x2b\x14", block_size=2).item_id == "12345678"


def test_pitfall_8_an_owner_that_is_no_isil_and_empty_elements_are_no_errors(found: Any) -> None:
    assert found("p2-13", dsfid=6).owner == "SM361001"
    assert found("p2-11").owner is None
    assert "shelf_location" not in found("p2-11").elements
    for code, data in ((0, b"\x10"), (2, b"\x10"), (6, b"\x10")):
        memory = build(TagObject(1, *compact("8930123456"))) + build(TagObject(5, code, data))
        assert decode(memory + b"\0", dsfid=6).usage == 0x10


@pytest.mark.parametrize("name", PADS)
async def test_pitfall_9_a_security_byte_is_written_to_one_tag_only_or_it_is_told(
    name: str,
) -> None:
    tags = [Tag(uid, afi=AFI_IN) for uid in UIDS]
    field = Field(*tags)
    pad = PADS[name](field)
    await pad.write_afi(UIDS[1], AFI_OUT)
    assert [tag.afi for tag in tags] == [AFI_IN, AFI_OUT, AFI_IN]
    field.take(UIDS[0])
    with pytest.raises(TagLostError):
        await pad.write_afi(UIDS[0], AFI_OUT)
    assert [tag.afi for tag in tags] == [AFI_IN, AFI_OUT, AFI_IN]


@pytest.mark.parametrize("port", [ItemReader, FeigPad, Rl866Pad, ThreeMPad])
def test_pitfall_10_nothing_irreversible_is_in_reach_of_daily_work(port: type) -> None:
    words = ("lock", "protect", "kill", "password")
    public = [name.lower() for name in dir(port) if not name.startswith("_")]
    assert not [name for name in public if any(word in name for word in words)]


@given(st.integers(10**8, 10**12), st.integers(10**8, 10**12), st.integers(0, 60))
def test_pitfall_11_a_torn_write_never_leaves_a_third_number(old: int, new: int, torn: int) -> None:
    memory = bytearray(encode(NewTag(str(old), "VN-HNLIB"), "iso28560-2", 112))
    target = encode(NewTag(str(new), "VN-HNLIB"), "iso28560-2", 112)
    for block, data in write_plan(bytes(memory), target)[:torn]:
        memory[4 * block : 4 * block + 4] = data
    assert decode(bytes(memory), dsfid=6).item_id in (None, str(old), str(new))


@given(st.integers(15, 31), st.binary(max_size=30), st.integers(0, 40))
def test_pitfall_12_the_element_number_stands_in_front_of_the_padding(
    oid: int, data: bytes, at: int
) -> None:
    made = build(TagObject(oid, 6, data), at=at, align=4)
    assert (at + len(made)) % 4 == 0
    assert parse(made).found == [TagObject(oid, 6, data)]


def test_pitfall_13_the_mark_of_a_long_number_is_never_shown_as_a_number() -> None:
    long = NewTag("9786041234567-000123", "VN-HNLIB")
    memory = encode(long, "iso28560-3", 112)
    assert memory[3] == 1
    assert decode(memory).item_id == long.item_id
    assert decode(memory[:34]).item_id is None


def test_pitfall_14_a_text_encoded_once_too_often_is_read_as_it_was_meant() -> None:
    title = "Truyện Kiều"
    doubled = title.encode().decode("latin-1").encode()
    number = build(TagObject(1, *compact("8930123456")))
    bitmap = build(TagObject(2, 0, bytes.fromhex("0002")))
    for code, data in ((UTF8, doubled), (6, title.encode())):
        content = decode(number + bitmap + build(TagObject(17, code, data)) + b"\0", dsfid=6)
        assert content.elements["title"] == title
        assert "once too often" in content.warnings[0]


@given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0x1EF9), min_size=1, max_size=12))
def test_no_text_that_may_be_written_is_changed_in_reading(title: str) -> None:
    made = encode(NewTag("8930123456", elements={"title": title}), "iso28560-2", 112)
    assert decode(made, dsfid=6).elements["title"] == title.strip("\0")
