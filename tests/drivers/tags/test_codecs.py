"""Compaction, ISIL and lengths: the published rows, and there and back for anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tags import TagError
from drivers.tags.code40 import decode_code40, encode_code40
from drivers.tags.compaction import SCHEMES, compact, expand
from drivers.tags.isil import decode_isil, encode_isil
from drivers.tags.objects import put_length, take_length

NAMES = {"integer": 1, "numeric": 2, "5bit": 3, "6bit": 4, "7bit": 5}
ISIL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:/"


def test_every_published_compaction_works_both_ways(vectors: dict[str, Any]) -> None:
    for row in vectors["compaction"]:
        data = bytes.fromhex(row["hex"])
        if row["scheme"] == "isil":
            assert (decode_isil(data), encode_isil(row["text"])) == (row["text"], data)
            continue
        scheme = next(s for s in SCHEMES if s.code == NAMES[row["scheme"]])
        assert scheme.unpack(data) == row["text"]
        assert scheme.pack(row["text"]) == data
        assert scheme.fits(row["text"])


def test_another_writers_latches_are_read_too(vectors: dict[str, Any]) -> None:
    for row in vectors["compaction_alternatives"]:
        assert decode_isil(bytes.fromhex(row["hex"])) == row["text"]


def test_lengths_work_both_ways(vectors: dict[str, Any]) -> None:
    for row in vectors["ebv_length"]:
        data = bytes.fromhex(row["hex"])
        assert put_length(row["value"]) == data
        assert take_length(data, 0) == (row["value"], len(data))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("8930123456", 1),
        ("0012", 2),
        ("99999999999999999999", 2),
        ("ABC", 3),
        ("QA268.L55", 4),
        ("abcdefgh", 5),
        ("Été", 6),
        ("Kiều", 7),
        ("5", 6),
        ("", 6),
    ],
)
def test_the_first_scheme_that_can_carry_a_text_is_taken(text: str, code: int) -> None:
    assert compact(text)[0] == code


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_any_text_comes_back(text: str) -> None:
    assert expand(*compact(text)) == text


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_ .-abc", max_size=30))
def test_any_code_comes_back(text: str) -> None:
    for scheme in SCHEMES:
        if scheme.fits(text):
            assert scheme.unpack(scheme.pack(text)) == text


@given(st.text(ISIL, max_size=16))
def test_any_library_code_comes_back(text: str) -> None:
    assert decode_isil(encode_isil(text)) == text


@given(st.text("ABCXYZ-.:0129", max_size=24))
def test_any_code_40_text_comes_back(text: str) -> None:
    assert decode_code40(encode_code40(text)) == text


@given(st.text(st.sampled_from("AZ09.-:az/ềĐ 12345678"), max_size=60))
def test_any_escaped_code_40_text_comes_back(text: str) -> None:
    packed = encode_code40(text)
    assert decode_code40(packed) == text
    assert decode_code40(packed + bytes(len(packed) % 2)) == text


@given(st.from_regex(r"[0-9]{9,60}", fullmatch=True))
def test_a_long_number_takes_no_more_room_than_its_digits_in_threes(digits: str) -> None:
    packed = encode_code40(digits)
    assert decode_code40(packed) == digits
    assert len(packed) <= 2 * -(-len(digits) // 3)


@given(st.integers(0, 7), st.binary(max_size=40))
def test_any_bytes_give_a_text_or_a_tag_error(code: int, data: bytes) -> None:
    for unpack in (
        lambda: expand(code, data),
        lambda: decode_isil(data),
        lambda: decode_code40(data),
    ):
        try:
            assert isinstance(unpack(), str)
        except TagError as error:
            assert str(error)


def test_what_has_no_place_in_a_codec_is_refused() -> None:
    for refused in (
        lambda: encode_isil("VN HNLIB"),
        lambda: encode_isil("VN-" + "A" * 14),
        lambda: encode_code40("\n"),
        lambda: encode_code40("𠀀"),
    ):
        with pytest.raises(TagError):
            refused()
