import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contactless import ndef

letters = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=300)


def record(kind: bytes, payload: bytes, *, tnf: int = 1, ident: bytes = b"") -> bytes:
    flags = 0x10 | tnf | (0x08 if ident else 0)
    head = bytes((flags, len(kind), len(payload))) + (bytes((len(ident),)) if ident else b"")
    return head + kind + ident + payload


def message(*records: bytes) -> bytes:
    body = b"".join(records)
    return bytes((0x03, len(body))) + body + b"\xfe"


def test_a_published_text_record_is_read() -> None:
    memory = bytes.fromhex("030cd101085402766954e1baa869fe00")
    assert ndef.text(memory) == "TẨi"


@given(letters)
def test_a_text_is_read_back_however_long(value: str) -> None:
    memory = ndef.encode_text(value)
    assert ndef.needed(memory) <= len(memory)
    assert ndef.text(memory) == unicodedata.normalize("NFC", value)


@given(letters, st.integers(0, 20))
def test_needed_grows_until_enough_is_known(value: str, fillers: int) -> None:
    memory = bytes(fillers) + ndef.encode_text(value)
    known = 12
    while known < ndef.needed(memory[:known]):
        known += 16
        assert known <= len(memory) + 16
    assert ndef.text(memory[:known]) == unicodedata.normalize("NFC", value)


@given(st.binary(max_size=200))
def test_any_memory_gives_a_text_or_none(memory: bytes) -> None:
    assert ndef.needed(memory) >= 0
    assert isinstance(ndef.text(memory), str | None)


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        (message(record(b"U", b"\x04tv.example/17")), "https://tv.example/17"),
        (message(record(b"U", b"\x00R0001")), "R0001"),
        (message(record(b"U", b"\xeeR0001")), "R0001"),
        (message(record(b"T", b"\x02viR0001", ident=b"x")), "R0001"),
        (message(record(b"T", b"\x82vi" + "R1".encode("utf-16"))), "R1"),
        (message(record(b"text/plain", b"no", tnf=2), record(b"T", b"\x02viR2")), "R2"),
        (b"\x01\x03\xa0\x0c\x34" + message(record(b"T", b"\x02viR3")), "R3"),
        (message(record(b"T", b"\x02vi  ")), None),
        (message(record(b"T", b"\x02vi\xff\xff")), None),
        (message(record(b"T", b"")), None),
        (message(record(b"Sp", b"xx")), None),
        (b"\x03\x00\xfe", None),
        (b"\xfe", None),
        (b"", None),
        (b"\x03\xff", None),
        (b"\x03\x20\xd1\x01\x05T\x02vi", None),
    ],
)
def test_messages_by_hand(memory: bytes, expected: str | None) -> None:
    assert ndef.text(memory) == expected


def test_the_prefix_of_a_uri_can_be_cut_off() -> None:
    memory = message(record(b"U", b"\x04tv.example/17"))
    assert ndef.text(memory, "https://tv.example/") == "17"
