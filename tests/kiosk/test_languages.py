"""A third language is a file in a folder; the language changes at any moment and nothing else does."""

import json

import pytest

from kiosk.testing import TITLES, kiosk_in_a_box
from kiosk.texts import catalogue, found, languages, say, speaking


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    return folder


def write(folder, lang, **texts):
    body = {key.replace("_", ".", 1): text for key, text in texts.items()}
    (folder / f"{lang}.json").write_text(json.dumps(body), "utf-8")


async def test_a_third_language_is_picked_up_and_the_button_goes_through_all(tmp_path, folder):
    write(folder, "fr", page_name="Français", id_title="Présentez votre carte")
    async with kiosk_in_a_box(tmp_path, translations=folder) as box:
        await box.screen("idle")
        seen = [box.kiosk.stage.message["lang"]]
        for _ in range(3):
            box.press("language")
            async for message in box.kiosk.stage.watch():
                if message["lang"] != seen[-1]:
                    seen.append(message["lang"])
                    break
        assert seen == ["vi", "en", "fr", "vi"]
    assert languages() == ("vi", "en")


def test_what_a_translation_lacks_is_said_in_english(folder):
    write(folder, "fr", page_name="Français")
    with speaking(folder):
        assert say("fr", "page.name") == "Français"
        assert say("fr", "menu.borrow") == say("en", "menu.borrow")
        assert set(catalogue("fr")) == set(catalogue("en"))


def test_a_library_may_say_single_sentences_in_its_own_words(folder):
    write(folder, "vi", menu_help="Gọi cô thủ thư")
    with speaking(folder):
        assert say("vi", "menu.help") == "Gọi cô thủ thư"
        assert languages() == ("vi", "en")
    assert say("vi", "menu.help") == "Gọi thủ thư"


@pytest.mark.parametrize(
    ("name", "text"),
    [("fr.json", "{"), ("fr.json", "[]"), ("fr.json", '{"a": 1}'), ("French.json", "{}")],
)
def test_a_file_that_is_no_language_is_told_by_name(folder, name, text):
    (folder / name).write_text(text)
    with pytest.raises(ValueError, match=name):
        found(folder)


async def test_a_kiosk_cannot_begin_in_a_language_that_it_does_not_have(tmp_path):
    with pytest.raises(ValueError, match="language"):
        async with kiosk_in_a_box(tmp_path, language="fr"):
            pass


async def test_the_language_is_changed_on_every_screen_of_a_visit_and_nothing_is_lost(box):
    said = []

    async def other(screen):
        """Change the language; nothing but the words may change."""
        engine, before = box.kiosk.engine, box.kiosk.stage.message
        visit, state, lang = engine.visit, engine.visit.state, before["lang"]
        box.press("language")
        await box.screen(screen, lambda _: box.kiosk.stage.message["lang"] != lang)
        assert (engine.visit, engine.visit.state) == (visit, state)
        said.append((screen, box.kiosk.stage.message["lang"]))

    box.tap("100004")
    await box.screen("books", lambda d: d["known"])
    await other("books")
    box.put(1, 2)
    await box.screen("count", lambda d: d["waiting"] == 2)
    await other("count")
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == 2)
    await other("results")
    box.press("account")
    data = await box.screen("account")
    assert data["name"] == "Dung"
    await other("account")
    box.press("finish")
    await box.screen("receipt")
    await other("receipt")
    box.press("on_screen")
    data = await box.screen("receipt", lambda d: d["receipt"])
    titles = [row["title"] for part in data["receipt"]["sections"] for row in part["rows"]]
    assert titles == [TITLES[0][0], TITLES[1][0]]
    await other("receipt")
    assert [screen for screen, _ in said] == [
        "books", "count", "results", "account", "receipt", "receipt",
    ]  # fmt: skip
    assert {lang for _, lang in said} == {"vi", "en"}
    assert len(box.facts("loan")) == 2
