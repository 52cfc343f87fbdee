import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cutting import Noise
from drivers.rl866.frames import MAX_LENGTH, Cutter, Frame, encode, message

VECTORS = {
    vector["name"]: vector
    for vector in json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
}
frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=250))


def cut(raw: bytes) -> list[Frame | Noise]:
    return Cutter().feed(raw)


@pytest.mark.parametrize("name", VECTORS)
def test_every_published_frame_is_cut_and_made_again(name: str) -> None:
    raw = bytes.fromhex(VECTORS[name]["hex"])
    [frame] = cut(raw)
    assert isinstance(frame, Frame)
    assert encode(frame) == raw


@pytest.mark.parametrize("name", VECTORS)
def test_a_published_frame_with_any_bit_wrong_is_never_that_frame(name: str) -> None:
    raw = bytes.fromhex(VECTORS[name]["hex"])
    [good] = cut(raw)
    for position in range(len(raw)):
        for bit in range(8):
            wrong = bytearray(raw)
            wrong[position] ^= 1 << bit
            assert good not in cut(bytes(wrong))


def test_a_message_carries_its_number() -> None:
    assert [message(1, number, b"\x31").number for number in (0, 1)] == [0, 1]
    [first] = cut(bytes.fromhex("fa0501e058fe"))
    assert isinstance(first, Frame)
    assert not first.is_message


def test_a_frame_that_does_not_fit_is_refused() -> None:
    assert len(encode(Frame(1, 0, bytes(250)))) == 1 + MAX_LENGTH
    with pytest.raises(ValueError, match="251 bytes"):
        encode(Frame(1, 0, bytes(251)))


@given(stream=st.lists(frames, max_size=5), data=st.data())
def test_frames_come_out_whole_however_the_stream_is_cut(
    stream: list[Frame], data: st.DataObject
) -> None:
    raw = b"".join(encode(frame) for frame in stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    cutter = Cutter()
    got = [
        event
        for begin, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)
        for event in cutter.feed(raw[begin:end])
    ]
    assert got == stream
    assert not cutter.waiting


@given(chunks=st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_give_events_and_a_bounded_buffer(chunks: list[bytes]) -> None:
    cutter = Cutter()
    for chunk in chunks:
        for event in cutter.feed(chunk):
            assert isinstance(event, Frame | Noise)
    assert len(cutter._buffer) <= 1 + MAX_LENGTH


@given(noise=st.binary(max_size=30).filter(lambda data: 0xFA not in data), frame=frames)
def test_a_frame_behind_noise_is_found(noise: bytes, frame: Frame) -> None:
    assert cut(noise + encode(frame))[-1] == frame


def test_a_frame_behind_half_a_frame_is_found() -> None:
    whole = encode(Frame(1, 0, b"\x31\x00\x00"))
    assert cut(whole[:6] + whole + b"\x00" * 6)[-2:] != []
    assert Frame(1, 0, b"\x31\x00\x00") in cut(whole[:6] + whole + whole)
