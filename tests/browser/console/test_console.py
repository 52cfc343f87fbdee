"""The staff console in Chromium, in both languages."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_everything_is_seen_without_scrolling_on_a_laptop(open_page, lang):
    page = await open_page(f"?lang={lang}", width=1366, height=768)
    height = await page.page.evaluate("document.documentElement.scrollHeight")
    assert height <= 768
    await page.picture(f"{lang}-laptop")
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_pictures_for_the_manual(open_page, lang):
    page = await open_page(f"?lang={lang}")
    await page.picture(lang)
    await page.page.click(".work .link >> nth=0")
    await page.page.wait_for_selector(".sheet[open] .feed")
    await page.picture(f"{lang}-item")
    await page.page.keyboard.press("Escape")
    await page.page.click("[data-act=theme]")
    await page.picture(f"{lang}-dark")
    await page.page.set_viewport_size({"width": 390, "height": 844})
    await page.picture(f"{lang}-phone")
    assert page.complaints == []
