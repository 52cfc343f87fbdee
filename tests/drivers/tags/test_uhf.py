"""UHF tags are written as published, come back, and are believed only where the caller says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tags import (
    AFI_IN,
    AFI_OUT,
    AllianceHead,
    NewTag,
    TagError,
    decode,
    encode_mb01,
    encode_mb01_alliance,
    encode_mb11,
    encode_uii,
)
from drivers.tags.alliance import decode_alliance, encode_alliance
from drivers.tags.code40 import encode_code40
from drivers.tags.uhf import read_identity

ITEMS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="."),
    min_size=1,
    max_size=14,
)
OWNERS = st.sampled_from(["VN-HNLIB", "CH-000134-1", "US-InU-Mu", "DE-290"])


def row(vectors: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(next(v for v in vectors["vectors"] if v["id"] == name)["memory_hex"])


def test_the_example_of_the_standard_is_written_byte_for_byte(vectors: dict[str, Any]) -> None:
    tag = NewTag("12345678", "CH-000134-1", part=1, parts=3)
    bank = encode_mb01(tag, afi=AFI_OUT, user_bank=True)
    assert bank[2:] == row(vectors, "p4-01")
    assert bank[:2].hex() == "4723"
    assert encode_mb01(tag, afi=AFI_IN, user_bank=True)[:4].hex() == "9c454507"


def test_a_long_number_is_written_as_published(vectors: dict[str, Any]) -> None:
    assert encode_uii(NewTag("A12312345678", "B")) == row(vectors, "p4-03")


def test_the_published_headers_are_written_as_published(vectors: dict[str, Any]) -> None:
    for header in vectors["urn_code40_headers"]:
        assert encode_code40(header["text"].strip()) == bytes.fromhex(header["hex"])


@pytest.mark.parametrize(
    ("name", "item", "head"),
    [
        ("p4-05", "32103179", AllianceHead(sorting=0x17, version=4, content=0x0003)),
        ("p4-07", "01519231", AllianceHead(sorting=1, version=5, content=0x5300)),
    ],
)
def test_real_alliance_tags_are_written_byte_for_byte(
    vectors: dict[str, Any], name: str, item: str, head: AllianceHead
) -> None:
    memory = row(vectors, name)
    identity = read_identity(memory)
    assert encode_alliance(item, head) == identity.uii
    assert encode_mb01_alliance(item, head, user_bank=identity.user_bank) == memory[:16]


@given(ITEMS, OWNERS, st.integers(1, 99), st.booleans(), st.sampled_from([AFI_IN, AFI_OUT, 0xD7]))
def test_a_written_air_identity_comes_back(
    item: str, owner: str, parts: int, user: bool, afi: int
) -> None:
    tag = NewTag(item, owner, part=parts, parts=parts)
    bank = encode_mb01(tag, afi=afi, user_bank=user)
    for content in (decode(bank, bank="mb01"), decode(bank, block_size=2)):
        assert content.format == "iso28560-4-mb01"
        assert content.checksum == "ok"
        assert (content.item_id, content.owner) == (item, owner)
        assert (content.part or 1, content.parts or 1) == (parts, parts)
        assert content.warnings == []
    identity = read_identity(bank)
    assert (identity.afi, identity.user_bank) == (afi, user)


def test_a_checksum_that_begins_like_a_user_bank_is_none() -> None:
    bank = encode_mb01(NewTag("TZd[vPFN(]1C`D", "VN-HNLIB", 60, 60), afi=AFI_OUT, user_bank=True)
    assert bank[0] == 0x06
    assert decode(bank, block_size=2).item_id == "TZd[vPFN(]1C`D"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40))
def test_any_alliance_number_comes_back(item: str) -> None:
    head = AllianceHead(lent=True, sorting=3, version=5, content=0xA5C3)
    uii = encode_alliance(item, head)
    assert decode_alliance(uii) == (item, True)
    assert uii[:4].hex() == f"83{(uii[1] >> 6) << 6 | 4:02x}a5c3"
    assert len(uii) % 2 == 0


@pytest.mark.parametrize(("item", "size"), [("ABC0123", 12), ("CLC4000001X", 12), ("A1-B2-C3", 16)])
def test_an_alliance_number_takes_the_smallest_chip_it_fits(item: str, size: int) -> None:
    assert len(encode_alliance(item)) == size


def test_an_alliance_number_is_believed_only_where_the_caller_says_so(
    vectors: dict[str, Any],
) -> None:
    memory = row(vectors, "p4-05")
    assert decode(memory, block_size=2).item_id is None
    content = decode(memory, bank="mb01-alliance")
    assert (content.format, content.item_id) == ("uhf-cn-alliance", "32103179")
    assert content.warnings == []
    assert decode(memory, bank="mb01").item_id is None
    assert decode(memory, bank="mb01-urn").item_id != "32103179"


def test_a_packed_text_is_an_item_only_where_the_caller_says_so(vectors: dict[str, Any]) -> None:
    memory = row(vectors, "p4-03")
    assert decode(memory, block_size=2).item_id is None
    content = decode(memory, bank="uii")
    assert (content.format, content.item_id, content.owner) == ("urn-code-40", "A12312345678", "B")


def test_plain_code_40_in_a_bank_that_does_not_say_iso_needs_the_word_of_the_site() -> None:
    bank = encode_mb01(NewTag("12345678", "VN-HNLIB"), afi=None)
    assert decode(bank, bank="mb01").format == "unknown"
    assert decode(bank, bank="mb01-urn").item_id == "12345678"


def test_the_user_bank_of_the_standard_is_read_with_and_without_the_word_of_the_caller(
    vectors: dict[str, Any],
) -> None:
    memory = row(vectors, "p4-02")
    assert decode(memory, bank="mb11") == decode(memory, block_size=2)
    assert decode(memory[1:], bank="mb11").format == "unknown"


def test_a_user_bank_holds_what_the_air_identity_does_not() -> None:
    tag = NewTag("1", "VN-HNLIB", 2, 3, elements={"title": "Truyện Kiều", "shelf_location": "A1"})
    content = decode(encode_mb11(tag, 64), bank="mb11")
    assert content.format == "iso28560-4-mb11"
    assert content.elements["title"] == "Truyện Kiều"
    assert "owner_institution" not in content.elements
    assert decode(encode_mb11(tag, 64, whole=True), bank="mb11").owner == "VN-HNLIB"


def test_what_does_not_fit_is_refused_with_the_numbers() -> None:
    tag = NewTag("12345678901234", "VN-HNLIB", elements={"title": "x" * 60})
    with pytest.raises(TagError, match="the tag has 4"):
        encode_mb01(tag, room=4)
    with pytest.raises(TagError, match="the user bank has 32"):
        encode_mb11(tag, 32)


@pytest.mark.parametrize("tag", [NewTag("1.2", "VN-A"), NewTag("A.B"), NewTag("1", "", 1, 2)])
def test_a_text_that_would_be_read_as_another_is_refused(tag: NewTag) -> None:
    with pytest.raises(TagError):
        encode_uii(tag)


@given(
    st.binary(max_size=80), st.sampled_from(["mb01", "mb01-urn", "mb01-alliance", "uii", "mb11"])
)
def test_any_bytes_give_content_whatever_the_caller_says(memory: bytes, bank: Any) -> None:
    content = decode(memory, bank=bank)
    assert content.item_id is None or content.item_id.isprintable()
