"""The screens of a class, looked at and measured: choice, pictures, a child's visit, the end."""

import pytest

from kiosk.schooling import PIN, TEACHER, teach

pytestmark = pytest.mark.browser
SIZES = {"small": (800, 480), "tall": (1080, 1920)}


async def take(page, axe, name, found, *, sizes=False):
    await page.picture(f"kiosk-{name}")
    found += [f"{name}: {line}" for line in await axe(page.page)]
    for size, (width, height) in SIZES.items() if sizes else ():
        await page.page.set_viewport_size({"width": width, "height": height})
        await page.picture(f"kiosk-{name}-{size}")
        found += [f"{name}-{size}: {line}" for line in await axe(page.page)]
        await page.page.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_class_is_opened_used_and_ended_with_a_finger(box, open_page, lang, axe):
    teach(box, 30)
    page, found = await open_page(), []
    await box.screen("idle", lambda d: "lesson" in d)
    await take(page, axe, f"idle-class-{lang}", found, sizes=lang == "vi")
    await page.click("class")
    await page.shows("identify", "class_card")
    await take(page, axe, f"class-card-{lang}", found)
    box.scan(TEACHER)
    await page.shows("pin")
    box.type(PIN)
    await page.shows("classes", "class_choice")
    await take(page, axe, f"class-choice-{lang}", found)
    await page.click("open_class")
    await page.shows("class")
    await take(page, axe, f"class-{lang}", found, sizes=lang == "vi")
    await page.click("large_text")
    await box.screen("class")
    await take(page, axe, f"class-large-{lang}", found)
    await page.click("large_text")
    assert await page.page.locator(".pupil").count() == 30
    await page.page.click(".pupil >> nth=2")
    await page.shows("books", "placing")
    assert await page.page.locator("[data-press=account]").count() == 0
    assert await page.page.locator(".pupil").count() == 0
    await page.click("finish")
    await page.shows("class")
    box.scan(TEACHER)
    await page.shows("classes", "class_menu")
    await take(page, axe, f"class-end-{lang}", found)
    await page.click("close_class")
    await page.shows("idle")
    assert "Khôi" not in await page.page.content()
    assert found == []
    assert page.complaints == []
