import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.pn532 import commands
from drivers.pn532.chip import WAKE_UP
from drivers.pn532.frames import (
    ACK,
    CHIP,
    ERROR,
    HOST,
    MAX_LENGTH,
    NACK,
    FrameReader,
    Message,
    Noise,
    Signal,
    encode,
)
from drivers.testing.simulator import Reply

FRAMES = {
    row["name"]: row for row in json.loads((Path(__file__).parent / "frames.json").read_text())
}


def cut(data: bytes) -> list[object]:
    return list(FrameReader().feed(data))


@pytest.mark.parametrize("row", FRAMES.values(), ids=FRAMES.keys())
def test_every_published_frame_is_one_event_and_encodes_back(row: dict[str, str]) -> None:
    data = bytes.fromhex(row["hex"])
    events = cut(data)
    assert len(events) == 1
    match events[0]:
        case Message(tfi=tfi, code=code, data=rest):
            assert tfi == (HOST if row["dir"] == "host>pn532" else CHIP)
            assert data.endswith(encode(tfi, code, rest))
        case event:
            assert event in Signal


def test_published_frames_mean_what_their_names_say() -> None:
    assert cut(ACK) == [Signal.ACK]
    assert cut(NACK) == [Signal.NACK]
    assert cut(ERROR) == [Signal.ERROR]
    assert ACK.hex() == FRAMES["ACK"]["hex"]
    assert NACK.hex() == FRAMES["NACK"]["hex"]
    version = encode(HOST, commands.FIRMWARE.code)
    assert version.hex() == FRAMES["GetFirmwareVersion"]["hex"]
    listing = encode(HOST, commands.LIST_TARGETS.code, bytes((1, commands.TYPE_A_106)))
    assert listing.hex() == FRAMES["InListPassiveTarget 106A"]["hex"]
    reading = encode(HOST, commands.EXCHANGE.code, b"\x01\x30\x04")
    assert reading.hex() == FRAMES["InDataExchange READ page 4"]["hex"]
    off = encode(HOST, commands.RF_CONFIGURATION.code, commands.FIELD_OFF)
    assert off.hex() == FRAMES["RFConfiguration field off"]["hex"]


def answer_to(name: str) -> bytes:
    (event,) = FrameReader().feed(bytes.fromhex(FRAMES[name]["hex"]))
    assert isinstance(event, Message)
    return event.data


def test_published_answers_are_understood() -> None:
    (classic,) = commands.parse_targets(answer_to("InListPassiveTarget rsp MFC1K"))
    assert (classic.uid.hex(), classic.sens_res, classic.sel_res) == ("deadbeef", 0x0004, 0x08)
    (ntag,) = commands.parse_targets(answer_to("InListPassiveTarget rsp NTAG213"))
    assert (ntag.uid.hex(), ntag.sens_res, ntag.sel_res) == ("04a1b2c3d4e580", 0x0044, 0x00)
    pages = commands.EXCHANGE.parse(answer_to("InDataExchange rsp 16 bytes"))
    assert pages.status == 0
    assert pages.data.hex() == "030cd101085402766954e1baa869fe00"


def test_a_long_frame_is_extended_and_comes_back() -> None:
    data = bytes(range(256))
    frame = encode(HOST, 0x00, data)
    assert frame[3:5] == b"\xff\xff"
    assert cut(frame) == [Message(HOST, 0x00, data)]


def test_more_than_the_chip_takes_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        encode(HOST, 0x00, bytes(MAX_LENGTH))


@given(st.binary(max_size=MAX_LENGTH - 2), st.sampled_from([HOST, CHIP]), st.integers(0, 255))
def test_what_is_encoded_is_read_back_byte_by_byte(data: bytes, tfi: int, code: int) -> None:
    reader = FrameReader()
    events = [event for byte in encode(tfi, code, data) for event in reader.feed(bytes((byte,)))]
    assert events == [Message(tfi, code, data)]


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes_give_events_and_never_an_exception(pieces: list[bytes]) -> None:
    reader = FrameReader()
    for piece in pieces:
        for event in reader.feed(piece):
            assert isinstance(event, Message | Noise) or event in Signal


@given(st.binary(max_size=60))
def test_a_frame_after_silence_survives_what_was_there_before(noise: bytes) -> None:
    # Noise may look like the head of a long frame; after at most one longest frame all is well.
    reader = FrameReader()
    reader.feed(noise + bytes(MAX_LENGTH + 10))
    assert Message(CHIP, 0x15, b"") in reader.feed(encode(CHIP, 0x15))


@given(st.integers(0, 7), st.integers(0, 9))
def test_a_flipped_bit_never_gives_another_message(bit: int, at: int) -> None:
    frame = bytearray(encode(HOST, 0x4A, b"\x01\x00"))
    frame[at % len(frame)] ^= 1 << bit
    good = Message(HOST, 0x4A, b"\x01\x00")
    assert all(event == good for event in cut(bytes(frame)) if isinstance(event, Message))


def test_the_buffer_holds_no_more_than_a_frame() -> None:
    reader = FrameReader()
    for _ in range(200):
        reader.feed(b"\xff\x00" * 500)
        assert len(reader._buffer) <= MAX_LENGTH + 10


def test_the_wake_up_is_no_frame() -> None:
    assert cut(WAKE_UP) == []
    assert cut(WAKE_UP + ACK) == [Signal.ACK]


def test_command_codes_are_unique_and_one_byte() -> None:
    codes = [command.code for command in commands.ALL]
    assert len(set(codes)) == len(codes)
    assert all(0 <= code <= 0xFF for code in codes)


def test_a_reply_has_no_delay_unless_it_says_so() -> None:
    assert Reply(b"x").after == 0.0
