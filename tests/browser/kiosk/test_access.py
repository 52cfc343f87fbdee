"""Large text, high contrast, low reach, a keyboard alone, a screen that is not seen."""

import pytest

pytestmark = pytest.mark.browser

LOOKS = ("large_text", "contrast", "low_reach")
SIZES = [(1280, 800), (800, 480), (1080, 1920), (1920, 1080)]
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


async def screens(box, page, check):
    """Go through the screens of a visit with loans, an account and a warning."""
    await check("idle")
    box.put(1, 2, 10)
    await page.shows("books")
    await box.screen("books", lambda d: d["waiting"] == 3)
    await check("books")
    await page.click("borrow")
    await page.shows("identify")
    await check("identify")
    box.tap("100004")
    await page.shows("count")
    await check("count")
    await page.click("count_yes")
    await page.shows("results")
    await check("results")
    box.press("account")
    await page.shows("account")
    await box.screen("account", lambda d: len(d["items"]) == 5)
    await check("account")
    box.pass_time(45)
    await page.page.wait_for_selector(".veil")
    await check("more-time")
    box.press("more_time")
    await page.page.wait_for_selector(".veil", state="detached")
    box.press("finish")
    await page.shows("receipt")
    await check("receipt")
    box.press("on_screen")
    await page.shows("receipt", "receipt_shown")
    await check("receipt-shown")
    box.press("no_receipt")
    await page.shows("bye")
    await check("bye")


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES, ids=lambda s: "x".join(map(str, s)))
async def test_every_look_keeps_its_promise_and_axe_finds_nothing(
    box, open_page, axe, lang, look, size
):
    page = await open_page(*size, reduced_motion="reduce")
    await page.click(look)
    await page.page.wait_for_selector(f"[data-press={look}][aria-pressed=true]")
    found = []

    async def check(screen):
        await page.page.wait_for_timeout(250)
        await page.picture(f"kiosk-{look}-{screen}-{lang}-{size[0]}", wait=0)
        poor = await axe(page.page)
        if look == "low_reach":
            poor += await page.page.evaluate(HIGH)
        if look == "large_text":
            poor += await page.page.evaluate(SMALL_TEXT, 44)
            poor += await page.page.evaluate(OUTSIDE)
        found.extend(f"{screen}: {line}" for line in poor)

    await screens(box, page, check)
    assert found == []
    assert page.complaints == []


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
