import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode import citizen
from drivers.barcode.scans import ScanReader, parse
from drivers.ports import Scan

# Made up: no person has these numbers, names and addresses.
NUMBER = "001300999999"
OLD = f"{NUMBER}|000000000|Trần Thị Thử Nghiệm|31122000|Nữ|Số 0, Phố Không Có, Hà Nội|01012022"
NO_OLD_NUMBER = f"{NUMBER}||Trần Thị Thử Nghiệm|31122000|Nữ|Số 0, Phố Không Có, Hà Nội|01012022"
NEW = OLD + "|||Người Cha Thử|Người Mẹ Thử"
PARENTS = OLD + "|079299888888|001300777777||"


@pytest.mark.parametrize("code", [OLD, NO_OLD_NUMBER, NEW, PARENTS, OLD + "|" * 9])
def test_of_a_paper_only_the_number_is_told(code: str) -> None:
    assert parse(b"]Q1" + code.encode()) == Scan(NUMBER, "]Q", paper=True)


@pytest.mark.parametrize("code", [OLD, NEW])
def test_a_library_may_refuse_papers(code: str) -> None:
    assert parse(code.encode(), papers="refuse") is None
    assert parse(b"R0001", papers="refuse") == Scan("R0001")


def test_a_library_may_keep_the_number_of_the_paper_before_instead() -> None:
    old = OLD.replace("000000000", "012345678")
    assert parse(old.encode(), papers="old_number") == Scan("012345678", paper=True)
    assert parse(NO_OLD_NUMBER.encode(), papers="old_number") is None
    assert parse(b"012345678") == Scan("012345678")


def test_a_piece_of_a_paper_has_no_number_of_the_paper_before() -> None:
    for count in range(1, citizen.FIELDS):
        piece = "|".join(OLD.split("|")[:count]) + "|"
        told = citizen.reduce(piece, "old_number")
        assert told == ("000000000" if count + 1 >= citizen.FIELDS else None)


def test_a_layout_we_do_not_know_gives_a_number_only_if_there_is_one_alone() -> None:
    fields = OLD.split("|")
    assert citizen.number("|".join([*fields[1:], fields[0]])) == NUMBER
    assert citizen.number("|".join([*fields[1:], fields[0], "079299888888"])) is None


@pytest.mark.parametrize(
    "number", ["097300999999", "000300999999", "12345678901", "R0001", "٠01300999999"]
)
def test_what_is_not_built_like_a_number_is_none(number: str) -> None:
    assert citizen.number(OLD.replace(NUMBER, number)) is None


@given(st.integers(0, len(OLD) - 1), st.integers(1, len(OLD)))
def test_a_piece_of_a_paper_tells_nothing_of_a_person(start: int, size: int) -> None:
    piece = OLD[start : start + size]
    told = citizen.reduce(piece)
    assert told in (None, NUMBER) or "|" not in piece


@given(st.text(max_size=200))
def test_any_text_gives_a_text_or_nothing(text: str) -> None:
    told = citizen.reduce(text)
    assert told is None or told == text or (told in text and len(told) == 12)


def test_nothing_of_a_paper_is_logged_or_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reader = ScanReader()
    [scan] = reader.feed(OLD.encode() + b"\r")
    assert "Thử" not in repr(scan)
    assert "Thử".encode() not in bytes(reader._line)
    assert not caplog.records
