"""What the page promises to fingers, eyes, keyboards and the curious."""

import asyncio

import pytest

from edge.circulation.model import ItemView
from edge.wire.messages import Part
from kiosk.testing import NOW, item_id

pytestmark = pytest.mark.browser

SMALL_TARGETS = """() => [...document.querySelectorAll("button")].filter((b) => b.offsetParent)
  .map((b) => [b.innerText, b.getBoundingClientRect()])
  .filter(([, r]) => r.width < 56 || r.height < 56).map(([t, r]) => `${t} ${r.width}x${r.height}`)"""
CUT_TEXTS = """() => [...document.querySelectorAll("h1, button span, .sentence, .notice span, .due")]
  .filter((e) => e.offsetParent && (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
    || e.getBoundingClientRect().right > innerWidth + 1))
  .map((e) => e.innerText)"""
OVERLAPS = """() => {
  const all = [...document.querySelectorAll("button")].filter((b) => b.offsetParent);
  const boxes = all.map((b) => [b.innerText, b.getBoundingClientRect()]);
  const near = (a, b) => a.left < b.right + 8 && b.left < a.right + 8
    && a.top < b.bottom + 8 && b.top < a.bottom + 8;
  return boxes.flatMap(([t, a], i) => boxes.slice(i + 1).filter(([, b]) => near(a, b))
    .map(([u]) => `${t} / ${u}`));
}"""
COVERED = """() => [...document.querySelectorAll(".book")].filter((row) => {
  const button = row.querySelector("button")?.getBoundingClientRect();
  return button && [...row.querySelectorAll(".about *")].some((e) => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return [...range.getClientRects()].some((r) => r.right > button.left && r.left < button.right
      && r.bottom > button.top && r.top < button.bottom);
  });
}).map((row) => row.innerText)"""


async def through(box, page, check):
    """Check the screens of a visit."""
    await check("idle")
    box.put(1, 2)
    await page.shows("books")
    await box.screen("books", lambda d: d["waiting"] == 2)
    await check("books")
    await page.click("borrow")
    await page.shows("identify")
    await check("identify")
    box.tap("100001")
    await page.shows("count")
    await check("count")
    await page.click("count_no")
    await page.shows("books", "placing")
    await check("placing")
    await page.page.click("#task [data-press=borrow]")
    await page.shows("results")
    await check("results")
    await page.click("finish")
    await page.shows("receipt")
    await check("receipt")


SIZES = [(1280, 800), (800, 480), (1080, 1920), (1920, 1080)]


async def in_every_size(page, *questions):
    """Return what the page answers to each question in each size of screen."""
    found = []
    for width, height in SIZES:
        await page.page.set_viewport_size({"width": width, "height": height})
        for question in questions:
            found += [f"{width}x{height}: {line}" for line in await page.page.evaluate(question)]
    return found


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_targets_are_large_and_apart_and_no_text_is_cut(box, open_page, lang):
    page = await open_page(reduced_motion="reduce")

    async def check(screen):
        found = await in_every_size(page, SMALL_TARGETS, CUT_TEXTS, OVERLAPS)
        assert "\n".join(found) == "", screen

    await through(box, page, check)


@pytest.mark.parametrize("books", [1, 4])
async def test_the_button_of_a_loan_hides_none_of_its_words(box, open_page, books):
    page = await open_page(reduced_motion="reduce")
    box.put(*(1, 2, 10, 3)[:books])
    await page.shows("books")
    await box.screen("books", lambda d: d["waiting"] == books)
    box.tap("100004")
    await page.shows("count")
    await page.click("count_yes")
    await page.shows("results")
    box.press("account")
    await page.shows("account")
    await page.page.locator(".book .inline").nth(books - 1).wait_for(state="attached")
    assert await in_every_size(page, COVERED) == []


async def test_nothing_is_asked_of_another_machine_and_the_browser_does_not_complain(
    box, open_page
):
    page = await open_page()

    async def check(_):
        pass

    await through(box, page, check)
    assert {url.split("/")[2] for url in page.requests} == {f"127.0.0.1:{box.kiosk.port}"}
    assert page.complaints == []


async def test_every_letter_comes_from_the_font_that_is_shipped(open_page):
    page = await open_page()
    faces = await page.page.evaluate(
        "[...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family)"
    )
    assert len(faces) >= 3
    assert {face.strip('"') for face in faces} == {"Be Vietnam Pro"}


async def test_a_keyboard_reaches_every_button_and_sees_where_it_is(open_page):
    page = await open_page()
    seen = []
    for _ in range(16):
        await page.page.keyboard.press("Tab")
        pressed = await page.page.evaluate("document.activeElement?.dataset?.press ?? ''")
        outline = await page.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        if pressed:
            seen.append(pressed)
            assert outline == "4px"
    assert {"language", "borrow", "return", "renew", "account", "help"} <= set(seen)
    await page.page.focus("[data-press=borrow]")
    await page.page.keyboard.press("Enter")
    await page.shows("identify")


async def test_a_title_is_text_whatever_it_says(box, open_page):
    page = await open_page()
    hostile = ItemView(item=item_id(1), title="<img src=x onerror=alert(1)>", author="<b>&amp;")
    for replica in (box.replica, box.centre.replica):
        assert replica.apply(Part(version=2, start=1, items=[hostile], made=int(NOW * 1000)))
    box.put(1)
    await page.shows("books")
    assert await page.page.inner_text(".book .title") == "<img src=x onerror=alert(1)>"
    assert await page.page.locator("#task img").count() == 0
    assert page.complaints == []


async def test_going_back_or_reloading_shows_nothing_of_the_last_reader(box, open_page):
    page = await open_page()
    box.tap("100001")
    await page.shows("books")
    assert "An" in await page.page.inner_text("#task")
    await page.click("finish")
    await page.shows("bye")
    box.pass_time(10)
    await page.shows("idle")
    await page.page.reload()
    await page.shows("idle")
    assert "Xin chào" not in await page.page.inner_text("body")
    await page.page.go_back()
    assert "Xin chào" not in await page.page.content()


async def test_more_time_is_asked_for_and_given(box, open_page):
    page = await open_page()
    await page.click("borrow")
    await page.shows("identify")
    box.pass_time(45)
    dialog = page.page.locator("[role=alertdialog]")
    await dialog.wait_for()
    assert await page.page.evaluate("document.activeElement.dataset.press") == "more_time"
    await page.page.keyboard.press("Enter")
    await dialog.wait_for(state="detached")
    await page.shows("identify")


async def test_a_page_that_loses_its_kiosk_says_so_and_comes_back(box, browser):
    page = await (await browser.new_context()).new_page()
    lines = []

    async def between(line):
        lines.append(line)
        line.connect_to_server()

    await page.route_web_socket("**/ws", between)
    await page.goto(f"http://127.0.0.1:{box.kiosk.port}/")
    await page.wait_for_selector("body.on-idle")
    await page.context.clear_cookies()  # the pass of an earlier start opens nothing any more
    await lines[0].close()
    await page.wait_for_selector(".veil")
    assert "đều đã được lưu" in await page.inner_text(".veil")
    await page.wait_for_selector(".veil", state="detached")
    assert len(lines) >= 2
    await page.context.close()


async def test_motion_rests_for_those_who_asked_for_it(open_page):
    page = await open_page(reduced_motion="reduce")
    names = await page.page.evaluate(
        "[...document.querySelectorAll('.lowering, .waves, #task')]"
        ".map((e) => getComputedStyle(e).animationName)"
    )
    assert set(names) == {"none"}


async def test_a_screen_that_changes_keeps_the_rows_that_stay(box, open_page):
    page = await open_page()
    box.put(1)
    await page.shows("books")
    await page.page.evaluate("document.querySelector('.book').mark = 1")
    box.put(2)
    await box.screen("books", lambda d: len(d["items"]) == 2)
    await asyncio.sleep(0.2)
    marks = await page.page.evaluate("[...document.querySelectorAll('.book')].map((b) => b.mark)")
    assert marks == [1, None]
