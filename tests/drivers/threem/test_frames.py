import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.crc import genibus, mcrf4xx
from drivers.cutting import Noise
from drivers.threem.frames import GREETING, MAX_LENGTH, START, Cutter, Frame, encode

VECTORS = {
    vector["name"]: vector
    for vector in json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
}
frames = st.builds(
    Frame, st.integers(0, 255), st.binary(max_size=300), st.sampled_from([START, GREETING])
)


def cut(raw: bytes) -> list[Frame | Noise]:
    return Cutter().feed(raw)


def test_the_checksums_are_the_published_ones() -> None:
    assert genibus(b"123456789") == 0xD64E
    assert mcrf4xx(b"123456789") == 0x6F91


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
    assert len(cutter._buffer) <= 3 + MAX_LENGTH


def test_a_frame_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        encode(Frame(0x02, bytes(MAX_LENGTH)))
