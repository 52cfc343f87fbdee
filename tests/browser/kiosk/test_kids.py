"""Screens for children: two things to do, read aloud, books to count, nothing about money."""

import pytest

pytestmark = pytest.mark.browser
SIZES = [(1280, 800), (800, 480), (1080, 1920)]


async def look(page, axe, name, found):
    for width, height in SIZES:
        await page.page.set_viewport_size({"width": width, "height": height})
        await page.picture(
            f"kiosk-kids-{name}-vi" + {800: "-small", 1080: "-tall"}.get(width, ""), wait=100
        )
        found += [f"{name} {width}: {line}" for line in await axe(page.page)]


async def test_a_child_borrows_with_few_words_and_a_voice(box, open_page, axe):
    page, found = await open_page(reduced_motion="reduce"), []
    box.centre.fees = 12000
    await page.click("kids")
    await page.page.wait_for_selector("body.kids.voice")
    presses = await page.page.evaluate(
        "[...document.querySelectorAll('#task [data-press]')].map((b) => b.dataset.press)"
    )
    assert presses == ["borrow", "return"]
    await look(page, axe, "idle", found)
    await page.page.click("#task [data-press=borrow]")
    await page.shows("identify")
    box.scan("100004")
    await page.shows("books")
    box.put(1, 2, 3)
    await page.shows("count")
    assert await page.page.locator(".counted .icon").count() == 3
    await look(page, axe, "count", found)
    await page.click("count_yes")
    await page.shows("results")
    await look(page, axe, "results", found)
    box.press("account")
    await page.shows("account")
    await box.screen("account", lambda d: d["items"])
    assert "12.000" not in await page.page.inner_text("#task")
    await page.click("finish")
    await page.click("no_receipt")
    await page.shows("bye")
    box.pass_time(6)
    await page.page.wait_for_selector("body.on-idle:not(.kids):not(.voice)")
    assert "\n".join(found) == ""
    assert page.complaints == []
