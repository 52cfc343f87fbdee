"""Messages and lines: real exchanges, published sums, and whatever else may come."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip2.errors import GarbledError, Sip2Error
from gateway.sip2.line import LONGEST, Cutter, checksum, open_line, seal
from gateway.sip2.message import FIXED, Message, read_message, to_bytes, to_text, write_message
from gateway.sip2.options import Sip2Options
from gateway.sip2.words import BLANK, Writer, read_time

_FILE = Path(__file__).with_name("exchanges.jsonl")
EXCHANGES = [json.loads(line) for line in _FILE.read_text().splitlines()]
"""What a Koha, a SIPServer and an invenio-sip2 were asked and answered, as bytes."""
KNOWN = [one for one in EXCHANGES if one["request"][:2] in FIXED]


def lines(text: str) -> list[bytes]:
    return Cutter().feed(text.encode("latin-1") + b"\r")


@pytest.mark.parametrize("side", ["request", "response"])
def test_every_recorded_message_is_read(side):
    count = 0
    for one in KNOWN:
        for line in lines(one[side]):
            received = open_line(line, "utf-8")
            assert received.message.code == line[:2].decode()
            count += 1
    assert count > 60


def test_the_sums_of_recorded_answers_are_sound_also_those_over_code_points():
    sounds = [open_line(line, "utf-8").sound for one in KNOWN for line in lines(one["response"])]
    assert sounds.count(True) > 30
    assert False not in sounds


def test_a_request_that_was_recorded_is_written_as_it_was():
    for one in KNOWN:
        request = one["request"]
        if "\n" in request or request.count("\r") > 1 or not request.isascii():
            continue
        [line] = lines(request)
        received = open_line(line, "utf-8")
        fields = received.message.fields
        if received.sound is False or any(len(value) > 255 for _, value in fields):
            continue
        seq = int(received.seq) if received.seq else 0 if received.sound else None
        assert seal(received.message, "utf-8", seq=seq).rstrip(b"|") == line.rstrip(b"|")


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"9900802.00AY1AZ", b"FCA0"),
        (b"9300CNlpl-sc|CO1234|CPkiosk-1|AY0AZ", b"F511"),
        (b"97AZ", b"FEF5"),
        (b"96AZ", b"FEF6"),
        (b"941AY0AZ", b"FDFD"),
        ("1803020120251120    101500AB893001|AJSố đỏ|CK001|AY5AZ".encode(), b"EEDD"),
    ],
)
def test_checksums_are_those_of_other_programs(data, wanted):
    assert checksum(data) == wanted
    assert open_line(data + wanted, "utf-8").sound is True
    assert open_line(data + b"0000", "utf-8").sound is False


def test_a_title_comes_whole_whatever_the_server_writes_it_in():
    head = "1803020120251120    101500AB1|AJ"
    for charset, form in (("utf-8", "NFC"), ("utf-8", "NFD"), ("cp1252", "NFC")):
        line = (head + unicodedata.normalize(form, "Hoà Lê") + "|").encode(charset)
        assert open_line(line, "utf-8").message["AJ"] == "Hoà Lê"
    assert open_line((head + "Caf\x82|").encode("latin-1"), "cp850").message["AJ"] == "Café"


def test_letters_that_a_character_set_lacks_lose_their_marks_only():
    assert to_bytes("Số đỏ", "ascii") == b"So do"
    assert to_bytes("漢", "ascii") == b"?"
    assert to_text("Đường".encode(), "utf-8") == "Đường"


def test_fields_may_stand_in_any_order_repeat_and_be_unknown():
    message = read_message("101YNN20261122    043210AB1|AF first|ZZmine|AF|AJ&#124;x|A|\t|")
    assert message.every("AF") == ["first", ""]
    assert (message["ZZ"], message["AB"], message["AJ"], message["AQ"]) == ("mine", "1", "|x", "")


def test_nothing_in_a_value_ends_a_field_or_a_line():
    message = Message("17", {"date": BLANK}, (("AB", "a|b\rc\0d\n" + "x" * 300),))
    text = write_message(message)
    assert text.count("|") == 1
    assert not {"\r", "\n", "\0"} & set(text)
    assert len(read_message(text)["AB"]) == 255


@pytest.mark.parametrize("text", ["", "9", "42hello|", "17short", "10|YNN20261122    043210AB1|"])
def test_what_is_no_message_is_refused_with_a_reason(text):
    with pytest.raises(GarbledError):
        read_message(text)


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "cp850", "ascii", "cp1258"]))
def test_any_bytes_are_read_or_refused(data, charset):
    try:
        for line in Cutter().feed(data + b"\r"):
            open_line(line, charset)
    except Sip2Error:
        return


@given(
    st.sampled_from(sorted(FIXED)),
    st.lists(st.tuples(st.text("ABCYZ", min_size=2, max_size=2), st.text(max_size=40)), max_size=6),
    st.sampled_from(["utf-8", "cp850"]),
    st.integers(0, 9),
)
def test_what_is_written_is_read_again(code, fields, charset, seq):
    fields = [one for one in fields if one[0] not in ("AY", "AZ")]
    data = seal(Message(code, {}, tuple(fields)), charset, seq=seq)
    received = open_line(data, charset)
    assert received.sound is True
    assert received.message.code == code
    assert [key for key, _ in received.message.fields] == [key for key, _ in fields]
    again = seal(received.message, charset, seq=seq)
    assert open_line(again, charset).message == received.message


@given(st.lists(st.integers(1, 9), max_size=30))
def test_a_line_may_come_in_any_pieces(cuts):
    data = b"941\r\n\r98x\n\r17y\r"
    cutter, got, at = Cutter(), [], 0
    for step in (*cuts, len(data)):
        got += cutter.feed(data[at : at + step])
        at += step
    assert got == [b"941", b"98x", b"17y"]


def test_a_line_without_an_end_does_not_fill_the_memory():
    cutter = Cutter()
    with pytest.raises(GarbledError):
        cutter.feed(b"x" * (LONGEST + 1))
    assert cutter.feed(b"941\r") == [b"941"]


def test_times_are_written_and_read_as_they_are_in_use():
    ms = 1_795_330_800_000
    assert Writer().stamp(ms) == "20261122    140000"
    assert Writer(utc=True).stamp(ms) == "20261122   Z070000"
    for text in ("20261122    140000", "202611220000140000", "20261122   Z070000",
                 "2026-11-22 14:00:00", "2026-11-22T07:00:00+00:00"):  # fmt: skip
        assert read_time(text, "Asia/Ho_Chi_Minh") == ms
    for text in ("", "Sat Jun 13 2026", "20269922    999999", "2026"):
        assert read_time(text, "Asia/Ho_Chi_Minh") is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"user": "a"}, "password"),
        ({"host": "ils.example", "tls": False}, "cleartext"),
        ({"delimiter": "ab"}, "delimiter"),
        ({"charset": "klingon"}, "charset"),
        ({"charset": "utf-16"}, "charset"),
        ({"charset": "hex"}, "charset"),
        ({"seconds": 0.0}, "seconds"),
    ],
)
def test_options_that_cannot_work_are_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        Sip2Options(**wrong)
