"""The shipped recordings: complete, small, and saying what the screen says."""

import json
import re

import pytest

from kiosk.speech import FOLDER, LEFT_OUT, SAID, SPOKEN, Voices, clips, sentences
from kiosk.texts import LANGUAGES, catalogue


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_recording_says_what_stands_on_the_screen_today(lang):
    said = json.loads((FOLDER / SAID).read_text("utf-8"))[lang]
    wrong = {name for name, text in sentences(lang).items() if said.get(name) != text}
    assert wrong == set(), "run: make voice"
    assert Voices().names([lang])[lang] == sorted(name for name, _, _ in clips())


def test_every_other_text_of_a_visit_is_recorded_with_its_dates_in_pieces():
    spoken = {key for _, key, _ in clips()}
    groups = set(SPOKEN) - {"class"}
    texts = {key for key in catalogue("vi") if key.split(".")[0] in groups} - LEFT_OUT
    for key in texts - spoken:  # names, amounts, hours and seconds cannot be recorded
        assert re.search(r"\{(?!due|until|date|title)", str(catalogue("vi")[key])), key
    vi = sentences("vi")
    pieces = [vi["row.secured"], vi["date.day.6"], vi["date.month.12"], vi["row.secured.1"]]
    assert pieces[:3] == ["Đã mượn – hạn trả", "ngày 6", "tháng 12"]
    assert not any("{" in text for text in vi.values())


def test_all_recordings_together_are_small():
    files = list(FOLDER.rglob("*.ogg"))
    assert sum(file.stat().st_size for file in files) < 2_200_000
    assert all(file.read_bytes()[:4] == b"OggS" for file in files)


@pytest.mark.parametrize(
    "name", ["../vi", "bor.place/../../x", "", "bor", "BOR.place", "bor.place.999"]
)
def test_only_recordings_have_addresses(name):
    assert Voices().find("vi", name) is None
    assert Voices().find("../voice/vi", "bor.reading") is None


def test_own_recordings_go_before_the_shipped_ones(tmp_path):
    (tmp_path / "vi").mkdir()
    (tmp_path / "vi" / "bor.reading.ogg").write_bytes(b"OggS")
    voices = Voices(tmp_path)
    assert voices.find("vi", "bor.reading") == tmp_path / "vi" / "bor.reading.ogg"
    assert voices.find("vi", "bor.count_no") == FOLDER / "vi" / "bor.count_no.ogg"
