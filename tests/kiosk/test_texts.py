import re
import unicodedata
from pathlib import Path

import pytest

import edge.printing
import kiosk
from edge.circulation.model import ANIMALS, COLOURS, REASONS
from kiosk.engine.staff import ACTS
from kiosk.texts import LANGUAGES, catalogue, day, minute, say
from kiosk.work import NO_RENEWAL, REFUSALS

FOLDER = Path(kiosk.__file__).parent


def forms(text):
    return [text] if isinstance(text, str) else list(text.values())


def test_all_languages_have_the_same_keys():
    assert [set(catalogue(lang)) for lang in LANGUAGES] == [set(catalogue("vi"))] * len(LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_texts_are_nfc_and_never_empty(lang):
    for text in catalogue(lang).values():
        for form in forms(text):
            assert form == unicodedata.normalize("NFC", form)
            assert form.strip()


def test_a_sentence_has_the_same_placeholders_in_every_language():
    def holes(text):
        return {hole for form in forms(text) for hole in re.findall(r"\{(\w+)\}", form)}

    for key, text in catalogue("vi").items():
        other = holes(catalogue("en")[key])
        assert holes(text) == other or (key, other) == ("bor.place", {"n"}), key


def test_every_text_is_used_and_every_used_text_is_there():
    sources = [*FOLDER.rglob("*.py"), *FOLDER.glob("static/*.js")]
    sources.append(Path(edge.printing.__file__))  # it says why nothing was printed
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    groups = {key.split(".")[0] for key in catalogue("vi")}
    pattern = rf'["`]((?:{"|".join(sorted(groups))})\.[a-z_]+)["`]'
    named = set(re.findall(pattern, code)) - {"tag.uid", "class.animal_", "class.colour_"}
    named |= {f"look.{word}" for word in ("large_text", "contrast", "low_reach", "voice", "kids")}
    named |= {f"tag.{word}" for word in ("blank", "unreadable", "foreign", "card", "torn")}
    named |= {f"class.animal_{word}" for word in ANIMALS}
    named |= {f"class.colour_{n}" for n in range(COLOURS)}
    named |= {f"staff.{word}" for word in ("close", "open", *ACTS)}
    assert named - set(catalogue("vi")) == set()
    assert set(catalogue("vi")) - named == set()


def test_no_text_speaks_of_errors_or_codes():
    for lang in LANGUAGES:
        for text in catalogue(lang).values():
            for form in forms(text):
                assert not re.search(r"lỗi|error|invalid|exception", form, re.IGNORECASE)


def test_every_reason_of_the_rules_has_a_sentence():
    spoken = set(REFUSALS) | set(NO_RENEWAL) | {"already_yours"}
    assert set(REASONS) - spoken == set()
    assert (set(REFUSALS.values()) | set(NO_RENEWAL.values())) <= set(catalogue("vi"))


def test_n_chooses_the_plural():
    assert say("en", "bor.seen", n=1) == "1 item found"
    assert say("en", "bor.seen", n=3) == "3 items found"
    assert say("vi", "bor.seen", n=3) == "Máy thấy 3 cuốn"


def test_dates_are_written_as_in_viet_nam():
    assert day(1_795_312_800_000, "Asia/Ho_Chi_Minh") == "22/11/2026"
    assert minute(1_795_312_800_000, "Asia/Ho_Chi_Minh") == "09:00"
