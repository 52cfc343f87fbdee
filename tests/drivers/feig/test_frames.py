import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cutting import Noise
from drivers.feig.frames import MAX_FRAME, Cutter, Frame, crc16, encode

VECTORS = {
    vector["name"]: vector
    for vector in json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
}
BOTH_WAYS = pytest.mark.parametrize("replies", [False, True])

frames = st.builds(
    Frame, st.integers(0, 255), st.integers(0, 255), st.binary(min_size=1, max_size=300)
) | st.builds(
    Frame,
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(min_size=1, max_size=200),
    st.just(value=False),
)


def cut(vector: dict[str, str]) -> list[Frame | Noise]:
    return Cutter(replies=vector["dir"].startswith("reader")).feed(bytes.fromhex(vector["hex"]))


@pytest.mark.parametrize("name", VECTORS)
def test_every_published_frame_is_cut_and_made_again(name: str) -> None:
    vector = VECTORS[name]
    [frame] = cut(vector)
    assert isinstance(frame, Frame)
    assert encode(frame).hex() == vector["hex"]


@pytest.mark.parametrize("name", VECTORS)
def test_a_published_frame_with_any_bit_wrong_is_never_that_frame(name: str) -> None:
    vector = VECTORS[name]
    good = cut(vector)
    raw = bytes.fromhex(vector["hex"])
    for position in range(len(raw)):
        for bit in range(8):
            wrong = bytearray(raw)
            wrong[position] ^= 1 << bit
            assert cut({**vector, "hex": wrong.hex()}) != good


def test_the_checksum_is_crc_16_mcrf4xx() -> None:
    assert crc16(b"123456789") == 0x6F91


def test_a_frame_has_address_command_and_data() -> None:
    [frame] = Cutter(replies=False).feed(bytes.fromhex("06128007e580"))
    assert frame == Frame(0x12, 0x80, b"\x07", advanced=False)
    [frame] = Cutter(replies=False).feed(bytes.fromhex("020008128007a02d"))
    assert frame == Frame(0x12, 0x80, b"\x07", advanced=True)


def test_a_frame_too_long_for_one_length_byte_becomes_advanced() -> None:
    raw = encode(Frame(0, 0xB0, bytes(251), advanced=False))
    assert raw[:3] == bytes((2, 1, 2))
    assert encode(Frame(0, 0xB0, bytes(250), advanced=False))[0] == 255


@BOTH_WAYS
@given(stream=st.lists(frames, max_size=5), data=st.data())
def test_frames_come_out_whole_however_the_stream_is_cut(
    replies: bool, stream: list[Frame], data: st.DataObject
) -> None:
    raw = b"".join(encode(frame) for frame in stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    cutter = Cutter(replies=replies)
    got = [
        event
        for begin, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)
        for event in cutter.feed(raw[begin:end])
    ]
    assert got == stream
    assert not cutter.waiting


@BOTH_WAYS
@given(chunks=st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_give_events_and_a_bounded_buffer(replies: bool, chunks: list[bytes]) -> None:
    cutter = Cutter(replies=replies)
    for chunk in chunks:
        for event in cutter.feed(chunk):
            assert isinstance(event, Frame | Noise)
    assert len(cutter._buffer) <= MAX_FRAME


def test_a_frame_in_front_of_noise_is_not_lost() -> None:
    good = encode(Frame(0, 0x65, b"\x00"))
    bad = bytearray(encode(Frame(0, 0x65, b"\x00")))
    bad[-1] ^= 1
    assert Cutter(replies=True).feed(good + bad) == [
        Frame(0, 0x65, b"\x00"),
        Noise("wrong checksum", bytes(bad)),
    ]


@pytest.mark.parametrize("head", ["00", "01", "05", "020000", "020007", "02ffff"])
def test_an_impossible_length_is_noise_at_once(head: str) -> None:
    [noise] = Cutter(replies=True).feed(bytes.fromhex(head))
    assert isinstance(noise, Noise)
    assert "bytes long" in noise.why


def test_reset_forgets_half_a_frame() -> None:
    cutter = Cutter(replies=True)
    assert cutter.feed(bytes.fromhex("0200")) == []
    assert cutter.waiting
    cutter.reset()
    assert cutter.feed(encode(Frame(0, 0x65, b"\x00"))) == [Frame(0, 0x65, b"\x00")]
