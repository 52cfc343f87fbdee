"""axe-core finds nothing on the console: both languages, both themes, laptop and phone, an item's sheet."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_console(open_page, axe, lang, theme):
    page = await open_page(f"?lang={lang}&theme={theme}")
    found = await axe(page.page)
    await page.page.click(".work .book .link >> nth=0")
    await page.page.wait_for_selector(".sheet[open] .feed")
    await page.page.wait_for_timeout(400)
    found += await axe(page.page)
    await page.page.keyboard.press("Escape")
    await page.page.set_viewport_size({"width": 390, "height": 844})
    await page.page.wait_for_timeout(300)
    found += await axe(page.page)
    assert sorted(set(found)) == []
