"""Large text, high contrast, low reach, a keyboard alone, a screen that is not seen."""

import pytest

from kiosk.testing import kiosk_in_a_box
from tests.browser.kiosk.conftest import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

LOOKS = ("large_text", "contrast", "low_reach")
SIZES = [(1280, 800), (800, 480), (1080, 1920), (1920, 1080)]
FEW = SIZES[:2]
AXE_AT = {"": [], "large_text": [], "contrast": FEW, "low_reach": FEW}
"""Where axe-core looks here; the walk of the pictures looks at all sizes with usual and large text."""
HIGH = """() => [...document.querySelectorAll("button")].filter((b) => b.offsetParent && !b.closest("[inert]"))
  .filter((b) => { const list = b.closest(".shelf"), r = b.getBoundingClientRect();
    return !list || r.top < list.getBoundingClientRect().bottom; })  // the rest is scrolled to
  .map((b) => [b.innerText, b.getBoundingClientRect(), b.closest(".shelf")])
  .filter(([, r, list]) => r.top < innerHeight * 0.55 - 1 || r.right > innerWidth + 1
    || !list && r.bottom > innerHeight + 1)
  .map(([t, r]) => `${t} ${Math.round(r.top)}-${Math.round(r.bottom)} of ${innerHeight}`)"""
SMALL_TEXT = """(least) => [...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && !e.closest(".unseen, svg, .look")
    && [...e.childNodes].some((c) => c.nodeType === 3 && c.data.trim())
    && parseFloat(getComputedStyle(e).fontSize) < least)
  .map((e) => `${e.innerText} ${getComputedStyle(e).fontSize}`)"""
OUTSIDE = """() => [...document.querySelectorAll("button, h1, h2, .sentence, .state, .title")]
  .filter((e) => e.checkVisibility() && !e.closest("#bottom .look"))
  .filter((e) => { const r = e.getBoundingClientRect();
    return r.right > innerWidth + 1 || r.left < -1 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0; })
  .map((e) => `${e.className} ${e.innerText}`)"""


PATIENT = {"start_seconds": 9000, "session_seconds": 9000, "private_seconds": 9000,
           "receipt_seconds": 9000, "away_seconds": 9000, "bye_seconds": 9000, "dim_seconds": 0}  # fmt: skip
"""One visit is looked at from so many sides that a usual kiosk would have said goodbye."""


@pytest.fixture
async def box(tmp_path, request):
    calm = PATIENT if "calm" in request.fixturenames else {}
    async with kiosk_in_a_box(tmp_path, **calm) as box:
        await box.screen("idle")
        yield box


@pytest.fixture
def calm():
    """Ask for a kiosk that waits."""


class Eyes:
    """Looks at a screen in every size and every look, and keeps what is wrong."""

    def __init__(self, box, page, axe):
        self.box, self.page, self.axe, self.found = box, page, axe, []
        self.sizes = AXE_AT

    async def look(self, screen):
        for look in ("", *LOOKS):
            if look:
                await self.change(look, "true")
            for size in SIZES:
                await self.page.page.set_viewport_size({"width": size[0], "height": size[1]})
                self.found += [
                    f"{screen} {look} {size}: {line}" for line in await self.poor(look, size)
                ]
            if look:
                await self.change(look, "false")

    async def change(self, look, pressed):
        self.box.press(look)
        wanted = f"[data-press={look}][aria-pressed={pressed}]"
        await self.page.page.wait_for_selector(wanted, state="attached")

    async def poor(self, look, size):
        page = self.page.page
        await page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        poor = await self.axe(page) if size in self.sizes[look] else []
        if look == "low_reach":
            poor += await page.evaluate(HIGH)
        if look == "large_text":
            poor += await page.evaluate(SMALL_TEXT, 44)
            poor += await page.evaluate(OUTSIDE)
        return poor


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_every_look_keeps_its_promise_and_axe_finds_nothing(box, open_page, axe, lang, calm):
    page = await open_page(reduced_motion="reduce")
    if lang == "en":
        box.kiosk.engine.lang = lang
        box.press("language")
        await page.page.wait_for_selector("html[lang=en]")
    eyes = Eyes(box, page, axe)
    await eyes.look("idle")
    box.put(1, 2, 10)
    await page.shows("books")
    await box.screen("books", lambda d: d["waiting"] == 3)
    await eyes.look("books")
    box.press("borrow")
    await page.shows("identify")
    await eyes.look("identify")
    box.scan("100004")
    await page.shows("count")
    await eyes.look("count")
    box.press("count_yes")
    await page.shows("results")
    await eyes.look("results")
    box.press("account")
    await page.shows("account")
    await box.screen("account", lambda d: len(d["items"]) == 5)
    await eyes.look("account")
    box.press("finish")
    await page.shows("receipt")
    await eyes.look("receipt")
    box.press("on_screen")
    await page.shows("receipt", "receipt_shown")
    await eyes.look("receipt-shown")
    box.press("staff")
    box.scan("900001")
    await page.shows("staff")
    await eyes.look("staff")
    box.press("finish")
    await page.shows("idle")
    assert "\n".join(eyes.found) == ""
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_question_for_more_time_the_goodbye_and_the_night_keep_it_too(
    tmp_path, browser, axe, lang
):
    async with kiosk_in_a_box(tmp_path, language=lang, warning_seconds=50, bye_seconds=9000) as box:
        await box.screen("idle")
        page = Page(await browser.new_page(reduced_motion="reduce"), box.kiosk.port)
        await page.open()
        eyes = Eyes(box, page, axe)
        eyes.sizes = dict.fromkeys(AXE_AT, SIZES)
        for look in ("", *LOOKS):
            box.press("borrow")
            await page.shows("identify")
            if look:
                await eyes.change(look, "true")
            box.pass_time(22)
            await page.page.wait_for_selector(".veil")
            for size in SIZES:
                await page.page.set_viewport_size({"width": size[0], "height": size[1]})
                eyes.found += [f"more-time {look} {size}: {x}" for x in await eyes.poor(look, size)]
            box.press("finish")
            await page.shows("idle")
        box.scan("100001")
        await page.shows("books")
        box.press("finish")
        await page.shows("bye")
        await eyes.look("bye")
        box.press("finish")
        await page.shows("idle")
        box.pass_time(10 * 3600)
        await page.page.wait_for_selector(".night")
        for size in SIZES:
            await page.page.set_viewport_size({"width": size[0], "height": size[1]})
            eyes.found += [f"night {size}: {line}" for line in await eyes.poor("", size)]
        assert "\n".join(eyes.found) == ""
        await page.page.close()


async def test_a_look_is_the_visits_and_ends_with_it(box, open_page):
    page = await open_page()
    for look in LOOKS:
        await page.click(look)
    await page.page.wait_for_selector("html[data-theme=contrast] body.large_text.low_reach")
    box.tap("100001")
    await page.shows("books")
    await page.page.wait_for_selector("html[data-theme=contrast] body.large_text.low_reach")
    await page.click("finish")
    await page.shows("bye")
    box.pass_time(6)
    await page.shows("idle")
    assert await page.page.evaluate("document.documentElement.dataset.theme") == ""
    assert await page.page.locator("[aria-pressed=true]").count() == 0


@pytest.mark.parametrize("press", [*LOOKS, "language"])
async def test_what_somebody_chose_and_left_is_not_the_next_readers(box, open_page, press):
    page = await open_page()
    await page.click(press)
    await page.page.wait_for_selector("[aria-pressed=true], html[lang=en]")
    box.pass_time(61)
    await page.page.wait_for_selector("html[lang=vi]:not(:has([aria-pressed=true]))")


async def test_a_visit_with_the_keyboard_alone(box, open_page):
    page = await open_page()

    async def to(name):
        for _ in range(20):
            await page.page.keyboard.press("Tab")
            if await page.page.evaluate("document.activeElement?.dataset?.press") == name:
                await page.page.keyboard.press("Enter")
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    await to("low_reach")
    await to("large_text")
    await to("borrow")
    await page.shows("identify")
    box.tap("100001")
    await page.shows("books")
    box.put(1, 2)
    await page.shows("count")
    await to("count_yes")
    await page.shows("results")
    await to("finish")
    await page.shows("receipt")
    await to("no_receipt")
    await page.shows("bye")


async def test_those_who_do_not_see_the_screen_hear_what_became_of_each_book(box, open_page):
    page = await open_page()
    box.tap("100001")
    await page.shows("books")
    box.put(1, 11)
    await page.shows("count")
    assert "Bạn có đúng 2 cuốn không?" in await page.page.text_content("#said")
    await page.click("count_yes")
    await page.shows("results")
    said = await page.page.text_content("#said")
    assert "Bạn đã mượn 1 cuốn" in said
    assert "Truyện Kiều: Đã mượn – hạn trả 06/12/2026" in said
    assert "Sách tra cứu (chỉ đọc tại chỗ): Cuốn này" in said
    names = await page.page.evaluate(
        "[...document.querySelectorAll('button')].map((b) => b.innerText || b.ariaLabel)"
    )
    assert all(names)
