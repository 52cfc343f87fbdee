import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.world import words
from drivers.feig.frames import Frame, encode
from drivers.gpio.options import INPUTS, OUTPUTS

UID = bytes.fromhex("E004015012345678")
TEXTS = Path(words.__file__).parent / "texts"
EARS = [
    words.FeigEar, words.Pn532Ear, words.ScannerEar, words.PrinterEar, words.BoardEar,
]  # fmt: skip


def catalogue(lang: str) -> dict[str, str]:
    return json.loads((TEXTS / f"{lang}.json").read_text("utf-8"))


def asked(*data: bytes) -> list[str]:
    ear = words.FeigEar()
    return [w.key for d in data for w in ear.host(encode(Frame(0xFF, 0xB0, d)))]


def test_both_languages_have_the_same_keys():
    assert catalogue("vi").keys() == catalogue("en").keys()


def test_both_languages_name_the_same_values():
    vi, en = catalogue("vi"), catalogue("en")
    for key in vi:
        braces = [
            sorted(part.split("}")[0] for part in text.split("{")[1:])
            for text in (vi[key], en[key])
        ]
        assert braces[0] == braces[1], key


def test_every_line_of_a_board_has_a_name():
    assert {f"line.{line}" for line in (*INPUTS, *OUTPUTS)} <= catalogue("vi").keys()


def test_every_word_that_an_ear_can_say_has_a_sentence():
    source = Path(words.__file__).read_text("utf-8")
    keys = {part.split('"')[0] for part in source.split('Word("')[1:]}
    assert len(keys) > 15
    assert {f"wire.{key}" for key in keys} <= catalogue("vi").keys()


def test_writing_the_security_bit_is_named_by_what_it_means():
    arm, disarm = b"\x27\x01" + UID + b"\x07", b"\x27\x01" + UID + b"\xc2"
    assert asked(arm, disarm) == ["feig.arm", "feig.disarm"]


def test_polls_are_small_words():
    ear = words.FeigEar()
    [word] = ear.host(encode(Frame(0xFF, 0xB0, b"\x01\x00")))
    assert (word.key, word.small) == ("feig.inventory", True)
    [word] = ear.device(encode(Frame(0, 0xB0, b"\x01")))
    assert word.key == "feig.no_tags"


def test_a_board_says_which_line_changed():
    ear = words.BoardEar()
    assert ear.device(b'{"line":"beam_a","ac') == []
    assert [w.values for w in ear.device(b'tive":true}\n')] == [{"line": "beam_a"}]


@pytest.mark.parametrize("kind", EARS)
@given(pieces=st.lists(st.binary(max_size=80), max_size=6))
def test_an_ear_never_minds_what_it_hears(kind, pieces):
    ear = kind()
    for piece in pieces:
        assert all(word.key for word in ear.host(piece) + ear.device(piece))
