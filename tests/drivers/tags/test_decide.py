"""Bad tags, cut memories, and any bytes at all."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.tags import NewTag, TagContent, decode, encode
from drivers.tags.crc import crc16, xor
from drivers.tags.part3 import reverse_blocks

ITEM = NewTag("8930123456", "VN-HNLIB", elements={"title": "Truyện Kiều"})
PART_2 = encode(ITEM, "iso28560-2", 112)
PART_3 = encode(ITEM, "iso28560-3", 112)


def by_id(vectors: dict[str, Any], name: str, dsfid: int | None = None) -> TagContent:
    row = next(v for v in vectors["vectors"] if v["id"] == name)
    return decode(bytes.fromhex(row["memory_hex"]), dsfid=dsfid, block_size=row["block_size"])


def with_checksum(head: bytes, owner: bytes = bytes(13)) -> bytes:
    return head + crc16(head + owner).to_bytes(2, "little") + owner


def test_a_card_is_never_an_item(vectors: dict[str, Any]) -> None:
    assert by_id(vectors, "m-15").is_card
    assert not by_id(vectors, "p3-01").is_card
    assert decode(encode(NewTag("P1234", usage=0x81), "iso28560-2", 112), dsfid=6).is_card


def test_a_damaged_part_3_tag_is_unknown_and_its_checksum_bad(vectors: dict[str, Any]) -> None:
    assert by_id(vectors, "m-05").checksum == "bad"
    damaged = bytearray(PART_3)
    damaged[3] ^= 1
    assert decode(bytes(damaged), dsfid=0x3E).checksum == "bad"


def test_no_single_flipped_bit_of_a_part_3_item_gives_another_number() -> None:
    for bit in range(34 * 8):
        damaged = bytearray(PART_3)
        damaged[bit // 8] ^= 1 << bit % 8
        assert decode(bytes(damaged)).item_id in (None, "8930123456")


def test_exchanged_parts_are_put_right(vectors: dict[str, Any]) -> None:
    content = by_id(vectors, "m-02")
    assert (content.part, content.parts) == (2, 3)


def test_exchanged_nibbles_are_put_right(vectors: dict[str, Any]) -> None:
    assert by_id(vectors, "m-04").usage == 0x20


def test_a_declared_tag_with_two_numbers_keeps_the_first_and_says_so(
    vectors: dict[str, Any],
) -> None:
    content = by_id(vectors, "m-14", dsfid=6)
    assert content.item_id == "8930123456"
    assert any("twice" in warning for warning in content.warnings)


def test_a_declared_tag_that_runs_over_its_end_is_unknown(vectors: dict[str, Any]) -> None:
    for name in ("p2-15", "p2-17"):
        assert by_id(vectors, name, dsfid=6).format == "unknown"


def test_a_long_item_number_is_in_the_extension_block() -> None:
    long = NewTag("9786041234567-000123", "VN-HNLIB")
    memory = encode(long, "iso28560-3", 112)
    content = decode(memory)
    assert content.item_id == long.item_id
    assert "alternative_item_identifier" not in content.elements
    assert decode(memory[:36], partial=True).item_id is None
    broken = bytearray(memory)
    broken[40] ^= 1
    assert decode(bytes(broken)).item_id is None


def test_a_checksum_over_30_bytes_is_accepted_with_a_warning() -> None:
    head, owner = b"\x11\x01\x01" + b"1620168259".ljust(16, b"\0"), b"FIMamk".ljust(11, b"\0")
    memory = head + crc16(head + owner).to_bytes(2, "little") + owner + bytes(8)
    content = decode(memory)
    assert (content.format, content.item_id) == ("iso28560-3", "1620168259")
    assert content.warnings


def test_filler_and_unknown_extension_blocks_are_read_over() -> None:
    head = b"\x11\x01\x01" + b"12345678".ljust(16, b"\0")
    long_id = bytes([8, 1, 0xFF, 2, 3, 0]) + b"hi"
    long_id = long_id[:5] + bytes([xor(long_id)]) + long_id[6:]
    local = bytes([6, 101, 0, 0]) + b"ta"
    local = local[:3] + bytes([xor(local)]) + local[4:]
    content = decode(with_checksum(head) + b"\x01" + long_id + local + b"\0")
    assert content.elements["extension_101"] == {"raw": b"ta".hex()}
    assert content.elements[f"extension_{1 | 2 << 8 | 3 << 16}"] == {"raw": b"hi".hex()}
    assert content.warnings == []


def test_an_extension_that_runs_out_of_memory_leaves_the_item_valid() -> None:
    content = decode(PART_3[:36])
    assert content.item_id == "8930123456"
    assert content.warnings == ["an extension block runs over the end of the memory"]
    assert decode(PART_3[:36], partial=True).warnings == []


@pytest.mark.parametrize("memory", [PART_2, PART_3, encode(ITEM, "iso28560-2", 112)[:36]])
def test_the_front_of_a_memory_is_enough_for_the_item(memory: bytes) -> None:
    dsfid = 6 if memory[0] != 0x11 else None
    content = decode(memory[:36], dsfid=dsfid, partial=True)
    assert content.item_id == "8930123456"
    assert content.owner == "VN-HNLIB"
    assert content.warnings == []


def test_reversed_blocks_are_read_and_reported() -> None:
    for size in (4, 8):
        content = decode(reverse_blocks(PART_3, size), block_size=size)
        assert content.item_id == "8930123456"
        assert "reversed" in content.warnings[0]


def test_an_undeclared_tag_needs_a_number_of_believable_length() -> None:
    short = encode(NewTag("12"), "iso28560-2", 112)
    assert decode(short).format == "unknown"
    assert decode(short, shortest=2).item_id == "12"
    assert decode(short, dsfid=6).item_id == "12"


def test_an_afi_of_another_library_is_worth_a_warning() -> None:
    assert decode(PART_3, afi=0x07).warnings == decode(PART_3, afi=0xC2).warnings == []
    assert "9E" in decode(PART_3, afi=0x9E).warnings[0]


def test_a_3m_tag_on_which_a_part_3_checksum_is_right_by_chance_is_a_3m_tag() -> None:
    memory = encode(NewTag("{+`Q", parts=9), "3m-rfid501", 112)
    content = decode(memory)
    assert (content.format, content.item_id, content.parts) == ("3m-rfid501", "{+`Q", 9)


def test_nothing_is_unknown_and_zeros_are_blank() -> None:
    assert decode(b"").format == "unknown"
    assert decode(bytes(112), dsfid=6).format == "blank"
    assert decode(b"\x55" * 24 + bytes(4)).format == "blank"


@given(
    st.binary(max_size=160),
    st.sampled_from([None, 0, 6, 0x3E]),
    st.sampled_from([0, 1, 2, 4, 8]),
    st.booleans(),
)
def test_any_bytes_give_an_answer(
    memory: bytes, dsfid: int | None, block_size: int, partial: bool
) -> None:
    content = decode(memory, dsfid=dsfid, block_size=block_size, partial=partial)
    assert content.item_id is None or content.item_id.isprintable()
    assert content.as_json()


@given(st.sampled_from([PART_2, PART_3]), st.binary(min_size=1, max_size=8), st.integers(0, 111))
def test_any_damage_gives_an_answer(memory: bytes, damage: bytes, at: int) -> None:
    hurt = (memory[:at] + damage + memory[at + len(damage) :])[:112]
    for dsfid in (None, 6):
        assert decode(hurt, dsfid=dsfid).as_json()
        assert decode(hurt[:at], dsfid=dsfid, partial=True).as_json()


@settings(derandomize=True)
@given(
    st.integers(10**7, 10**14),
    st.integers(1, 5),
    st.integers(0, 33),
    st.binary(min_size=1, max_size=4),
)
def test_a_damaged_part_3_item_hardly_ever_reads_as_another(
    number: int, parts: int, at: int, damage: bytes
) -> None:
    memory = encode(NewTag(str(number), "VN-HNLIB", parts=parts), "iso28560-3", 112)
    hurt = memory[:at] + damage + memory[at + len(damage) :]
    assert decode(hurt).item_id in (None, str(number))
    assert decode(hurt, dsfid=0x3E).item_id in (None, str(number))
