"""The screens of a class, looked at and measured: choice, pictures, a child's visit, the end."""

import pytest

from kiosk.schooling import PIN, TEACHER, teach

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
LOOKS = ("large_text", "contrast", "low_reach")
"""A class has the look for children anyway."""


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_class_is_opened_used_and_ended_with_a_finger(box, open_page, album):
    teach(box, 30)
    page = await open_page(reduced_motion="reduce")
    seen = album(page)
    await box.screen("idle", lambda d: "lesson" in d)
    await seen.show("idle-class")
    await page.click("class")
    await page.shows("identify", "class_card")
    await seen.show("class-card")
    box.scan(TEACHER)
    await page.shows("pin")
    box.type(PIN)
    await page.shows("classes", "class_choice")
    await seen.show("class-choice")
    await page.click("open_class")
    await page.shows("class")
    await seen.show("class", looks=LOOKS)
    assert await page.page.locator(".pupil").count() == 30
    await page.page.click(".pupil >> nth=2")
    await page.shows("books", "placing")
    assert await page.page.locator("[data-press=account]").count() == 0
    assert await page.page.locator(".pupil").count() == 0
    await page.click("finish")
    await page.shows("class")
    box.scan(TEACHER)
    await page.shows("classes", "class_menu")
    await seen.show("class-end", looks=LOOKS)
    await page.click("close_class")
    await page.shows("idle")
    assert "Khôi" not in await page.page.content()
    assert seen.found == []
    assert page.complaints == []
