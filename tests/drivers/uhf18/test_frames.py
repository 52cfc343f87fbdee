import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cutting import Noise
from drivers.uhf.line import Frame
from drivers.uhf18.frames import MAX_DATA, Cutter, encode

VECTORS = {
    row["name"]: row
    for row in json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
}
GOOD = [name for name, row in VECTORS.items() if row["verified"]]
FRAMES = st.builds(
    Frame, st.integers(0, 255), st.integers(0, 255), st.binary(min_size=1, max_size=MAX_DATA)
)


def cut(row: dict[str, str]) -> list[Frame | Noise]:
    return Cutter(replies=row["dir"].startswith("reader")).feed(bytes.fromhex(row["hex"]))


@pytest.mark.parametrize("name", GOOD)
def test_every_published_frame_is_cut_and_made_again(name: str) -> None:
    [frame] = cut(VECTORS[name])
    assert isinstance(frame, Frame)
    assert encode(frame).hex() == VECTORS[name]["hex"]


@pytest.mark.parametrize("name", GOOD)
def test_a_published_frame_with_any_bit_wrong_is_never_that_frame(name: str) -> None:
    good, raw = cut(VECTORS[name]), bytes.fromhex(VECTORS[name]["hex"])
    for position in range(len(raw)):
        for bit in range(8):
            wrong = bytearray(raw)
            wrong[position] ^= 1 << bit
            assert cut({**VECTORS[name], "hex": wrong.hex()}) != good


def test_a_published_frame_with_a_wrong_checksum_is_noise() -> None:
    [noise] = cut(VECTORS["wrong checksum"])
    assert isinstance(noise, Noise)
    assert noise.why == "wrong checksum"


@given(stream=st.lists(FRAMES, max_size=5), data=st.data())
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
        assert len(cutter._buffer) <= 256


@pytest.mark.parametrize("length", [0, 1, 3, 4])
def test_an_impossible_length_is_noise_at_once(length: int) -> None:
    [noise] = Cutter().feed(bytes((length,)))
    assert isinstance(noise, Noise)


def test_data_that_no_length_byte_counts_are_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="251"):
        encode(Frame(0, 1, bytes(252)))
