import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.bundle import MAGIC, BundleError, BundleReader, BundleWriter
from edge.wire.bundlewords import SENTENCES, say
from edge.wire.languages import LANGUAGES
from edge.wire.seal import Seal, seal_from
from gateway import pki

AUTHORITY = pki.make_authority("a")


def made(name: str) -> Seal:
    pair = pki.make_client(AUTHORITY, name)
    return seal_from(pair.key_pem, pair.cert_pem)


DEVICE, CENTRE, OTHER = made("kiosk-1"), made("centre"), made("other")
FRAMES = [b"one", b"two" * 1000, b"three"]


def bundle(frames: list[bytes] = FRAMES) -> bytes:
    file = io.BytesIO()
    writer = BundleWriter(
        file, DEVICE, CENTRE.key.public_key(), kind="facts", site="xa", device="kiosk-1", made=1
    )
    for frame in frames:
        writer.add(frame)
    writer.end()
    return file.getvalue()


WHOLE = bundle()


def read(data: bytes, key: Seal = CENTRE, maker: Seal = DEVICE) -> list[bytes]:
    reader = BundleReader(io.BytesIO(data))
    reader.believe(maker.key.public_key())
    reader.open(key)
    return list(reader.frames())


def test_what_was_put_in_comes_out_for_the_addressee_only() -> None:
    assert read(WHOLE) == FRAMES
    assert read(bundle([])) == []
    with pytest.raises(BundleError) as caught:
        read(WHOLE, OTHER)
    assert caught.value.word == "not_for_us"
    with pytest.raises(BundleError) as caught:
        read(WHOLE, maker=OTHER)
    assert caught.value.word == "changed"
    assert b"twotwo" not in WHOLE


def test_frames_can_be_read_twice() -> None:
    reader = BundleReader(io.BytesIO(WHOLE))
    reader.open(CENTRE)
    assert list(reader.frames()) == list(reader.frames()) == FRAMES


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_that_ends_anywhere_too_early_is_cut_and_never_less(size: int) -> None:
    with pytest.raises(BundleError) as caught:
        read(WHOLE[:size])
    assert caught.value.word in ("cut", "no_bundle")
    assert caught.value.word == "cut" or size < len(MAGIC)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_found_wherever_it_is(place: int, flip: int) -> None:
    changed = WHOLE[:place] + bytes((WHOLE[place] ^ flip,)) + WHOLE[place + 1 :]
    with pytest.raises(BundleError):
        read(changed)


def test_nothing_can_be_added_behind_the_end() -> None:
    for more in (b"x", WHOLE, bundle([b"other"])):
        with pytest.raises(BundleError):
            read(WHOLE + more)


def test_frames_of_another_bundle_do_not_fit() -> None:
    one, two = bundle([b"a"]), bundle([b"a"])
    head = len(one) - 2 * 4 - (1 + 16) - 16
    assert read(one) == [b"a"]
    with pytest.raises(BundleError):
        read(one[:head] + two[-(len(one) - head) :])


def test_a_newer_format_is_named() -> None:
    with pytest.raises(BundleError) as caught:
        read(MAGIC + b"\x07" + WHOLE[len(MAGIC) + 1 :])
    assert (caught.value.word, caught.value.values["found"]) == ("newer", 7)


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_raise_only_bundle_errors(data: bytes, head: bool) -> None:
    with pytest.raises(BundleError):
        read((MAGIC + b"\x01" if head else b"") + data)


def test_every_sentence_is_there_in_both_languages_with_the_same_places() -> None:
    assert {*SENTENCES} == {*LANGUAGES}
    assert SENTENCES["vi"].keys() == SENTENCES["en"].keys()

    class Places(dict[str, str]):
        def __missing__(self, key: str) -> str:
            found.add(key)
            return ""

    for word in SENTENCES["vi"]:
        places = []
        for language in LANGUAGES:
            found: set[str] = set()
            SENTENCES[language][word].format_map(Places())
            places.append(found)
        assert places[0] == places[1], word
        assert "file" in places[0], f"{word} names the file"


def test_sizes_are_said_as_people_say_them() -> None:
    assert "3 KB" in say("en", "exported", file="f", count=1, size=2001)
    assert "2.5 MB" in say("vi", "exported", file="f", count=1, size=2_500_000)
