"""axe-core finds nothing in the hall, in both languages, with its search open too."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_axe_finds_nothing_in_the_hall(world, open_hall, axe, lang):
    page = await open_hall()
    if lang == "en":
        await page.page.click("#language")
        await page.page.wait_for_selector("html[lang=en]")
    world.scan("tinh", text="BD123")
    await page.page.wait_for_selector("#words li.big")
    await page.page.wait_for_timeout(500)
    found = await axe(page.page)
    await page.plan().locator(".round").click()
    await page.page.wait_for_selector("dialog[open]")
    await page.page.wait_for_timeout(400)
    found += await axe(page.page)
    assert sorted(set(found)) == []
