"""The console's sentences: the same in both languages, and one for everything it can show."""

import re
import unicodedata
from pathlib import Path

import pytest

from edge.drop.options import ASIDE
from gateway.codes import CODES
from gateway.console.app import STATIC
from gateway.console.texts import catalogues

TEXTS = catalogues()
SCRIPTS = "\n".join(file.read_text("utf-8") for file in STATIC.glob("*.js"))


def test_both_languages_have_the_same_keys_and_places():
    assert TEXTS["vi"].keys() == TEXTS["en"].keys()
    for key, text in TEXTS["vi"].items():
        places = set(re.findall(r"{(\w+)}", text))
        assert places == set(re.findall(r"{(\w+)}", TEXTS["en"][key])), key


def test_vietnamese_is_composed_and_nothing_is_empty():
    for text in (*TEXTS["vi"].values(), *TEXTS["en"].values()):
        assert text.strip()
        assert text == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_code_has_its_sentence_and_every_answer_its_word(code):
    assert f"code.{code.name}" in TEXTS["vi"]
    if code.severity != "info":
        assert f"hint.{code.name}" in TEXTS["vi"]
        assert all(f"act.{action}" in TEXTS["vi"] for action in code.actions)


def test_every_key_that_the_page_names_is_there():
    named = set(re.findall(r'\bt\("([\w.]+)"', SCRIPTS)) | set(
        re.findall(r'data-text="([\w.]+)"', (STATIC / "index.html").read_text("utf-8"))
    )
    assert len(named) > 50
    assert named <= TEXTS["vi"].keys()


def test_the_page_needs_nothing_from_elsewhere():
    for file in Path(STATIC).iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), file


def test_every_reason_for_which_a_drop_gives_something_back_has_its_words():
    for reason in (*ASIDE, "card", "full", "closed", "removed", "not_recorded", "reader_away"):
        assert f"refused.{reason}" in TEXTS["vi"], reason
