import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.a0.frames import MAX_DATA, Cutter, checksum, encode
from drivers.cutting import Noise
from drivers.uhf.line import Frame

VECTORS = {
    row["name"]: row
    for row in json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
}
GOOD = [name for name, row in VECTORS.items() if row["verified"]]
FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=MAX_DATA))


def cut(hexed: str) -> list[Frame | Noise]:
    return Cutter().feed(bytes.fromhex(hexed))


@pytest.mark.parametrize("name", GOOD)
def test_every_published_frame_is_cut_and_made_again(name: str) -> None:
    [frame] = cut(VECTORS[name]["hex"])
    assert isinstance(frame, Frame)
    assert encode(frame).hex() == VECTORS[name]["hex"]


@pytest.mark.parametrize("name", GOOD)
def test_a_published_frame_with_any_bit_wrong_is_never_that_frame(name: str) -> None:
    good, raw = cut(VECTORS[name]["hex"]), bytes.fromhex(VECTORS[name]["hex"])
    for position in range(len(raw)):
        for bit in range(8):
            wrong = bytearray(raw)
            wrong[position] ^= 1 << bit
            assert cut(wrong.hex()) != good


def test_a_misprinted_frame_is_noise() -> None:
    [name] = set(VECTORS) - set(GOOD)
    raw = bytes.fromhex(VECTORS[name]["hex"])
    [noise] = Cutter().feed(raw)
    assert isinstance(noise, Noise)
    assert checksum(raw[:-1]) == 0xAE


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
        assert len(cutter._buffer) <= 257


def test_bytes_in_front_of_a_frame_are_skipped_and_said() -> None:
    noise, frame = cut("0102" + "a0030172ea")
    assert noise == Noise("a frame begins with A0", b"\x01\x02")
    assert frame == Frame(1, 0x72)


@pytest.mark.parametrize("length", [0, 1, 2])
def test_an_impossible_length_is_noise_at_once(length: int) -> None:
    [noise] = Cutter().feed(bytes((0xA0, length)))
    assert isinstance(noise, Noise)
