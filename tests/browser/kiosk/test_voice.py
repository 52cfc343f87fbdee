"""The kiosk reads aloud: the right recordings are asked for and played; keys alone are enough."""

import shutil

import pytest

import kiosk.speech
from edge.wire.facts import card_ref
from kiosk.testing import KEY, item_id, kiosk_in_a_box
from tests.browser.kiosk.conftest import Page

pytestmark = pytest.mark.browser

LISTEN = """() => { window.played = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    const name = new URL(this.src).pathname;
    this.addEventListener("playing", () => window.played.push(name), { once: true });
    return play.call(this);
  }; }"""


async def opened(open_page, **more):
    page = await open_page(reduced_motion="reduce", **more)
    await page.page.evaluate(LISTEN)
    return page


async def hears(page, name):
    played = []
    for _ in range(200):
        played = await page.page.evaluate("window.played")
        if name in played:
            return
        await page.page.wait_for_timeout(100)
    raise AssertionError(f"{name} was not heard, but {played}")


async def test_it_is_silent_until_somebody_asks_and_then_reads_every_screen(box, open_page):
    page = await opened(open_page)
    assert not [url for url in page.requests if "/voice/" in url]
    await page.click("voice")
    await hears(page, "/voice/vi/idle.title.ogg")
    box.tap("100001")
    await page.shows("books")
    box.put(1, 11)
    await page.shows("count")
    await hears(page, "/voice/vi/bor.count_check.2.ogg")
    await page.click("count_yes")
    await page.shows("results")
    await hears(page, "/voice/vi/bor.summary.1.ogg")
    await hears(page, "/voice/vi/bor.refused_desk.ogg")
    await page.click("language")
    await hears(page, "/voice/en/bor.summary.1.ogg")
    await page.click("voice")
    assert not page.complaints


async def test_a_keypad_alone_walks_hears_and_presses(box, open_page):
    page = await opened(open_page)
    keyboard = page.page.keyboard
    await keyboard.press("F3")
    await page.page.wait_for_selector("[data-press=voice][aria-pressed=true]")
    names = []
    for _ in range(12):
        await keyboard.press("ArrowDown")
        names.append(await page.page.evaluate("document.activeElement.dataset.press"))
    assert {"borrow", "return", "renew", "account", "help", "large_text"} <= set(names)
    await keyboard.press("ArrowUp")
    assert await page.page.evaluate("document.activeElement.dataset.press") == names[-2]
    while await page.page.evaluate("document.activeElement.dataset.press") != "borrow":
        await keyboard.press("ArrowUp")
    await hears(page, "/voice/vi/menu.borrow.ogg")
    await keyboard.press("Enter")
    await page.shows("identify")
    await hears(page, "/voice/vi/id.title.ogg")
    await page.page.evaluate("window.played = []")
    await keyboard.press("F2")
    await hears(page, "/voice/vi/id.title.ogg")
    await keyboard.press("Escape")
    await page.shows("idle")


PATIENT = {"start_seconds": 900, "private_seconds": 900, "receipt_seconds": 900,
           "away_seconds": 900, "bye_seconds": 900}  # fmt: skip


async def test_each_flow_is_walked_with_keys_alone_and_heard_with_its_dates(tmp_path, browser):
    """EN 301 549, closed functionality: no finger and no sight from the start to the goodbye."""
    async with kiosk_in_a_box(tmp_path, **PATIENT) as box:
        await box.screen("idle")
        page = Page(await browser.new_page(reduced_motion="reduce"), box.kiosk.port)
        await page.open()
        await page.page.evaluate(LISTEN)
        await walk(box, page)
        await page.page.close()


def walker(page):
    """Return a hand that knows arrows and Enter only."""

    async def go(name, arg=""):
        focused = "[document.activeElement.dataset.press, document.activeElement.dataset.arg ?? '']"
        for _ in range(30):
            await page.page.keyboard.press("ArrowDown")
            if await page.page.evaluate(focused) == [name, arg]:
                await page.page.keyboard.press("Enter")
                return
        raise AssertionError(f"the arrows do not reach {name} {arg}")

    return go


async def test_a_card_number_a_pin_a_loan_and_a_return_need_keys_and_ears_only(tmp_path, browser):
    async with kiosk_in_a_box(tmp_path, **PATIENT) as box:
        await box.screen("idle")
        box.policy(pin_for="all")
        box.centre.pins = {card_ref(KEY, "100001"): "47"}
        page = Page(await browser.new_page(reduced_motion="reduce"), box.kiosk.port)
        await page.open()
        await page.page.evaluate(LISTEN)
        await prove(box, page)
        await borrow_and_return(box, page)
        assert page.complaints == []
        await page.page.close()


async def prove(box, page):
    """Type a card's number with digit keys, and a PIN with nothing but arrows and Enter."""
    go, keyboard = walker(page), page.page.keyboard
    await keyboard.press("F3")
    await go("borrow")
    await hears(page, "/voice/vi/id.title.ogg")
    await go("type_card")
    await hears(page, "/voice/vi/pin.card_title.ogg")
    for digit in "100001":
        await keyboard.press(digit)
    await box.screen("identify", lambda d: d["dots"] == 6)
    for part in ("pin.typed", "pin.digit.6", "pin.typed.1"):
        await hears(page, f"/voice/vi/{part}.ogg")
    await keyboard.press("Enter")
    await page.shows("pin")
    await hears(page, "/voice/vi/pin.title.ogg")
    await go("digit", "4")
    await hears(page, "/voice/vi/pin.digit.4.ogg")
    await box.screen("pin", lambda d: d["dots"] == 1)
    await go("enter")
    await hears(page, "/voice/vi/pin.wrong.ogg")
    await hears(page, "/voice/vi/pin.wait.ogg")
    box.pass_time(5)
    await page.page.evaluate("window.played = []")
    await hears(page, "/voice/vi/pin.hint.ogg")
    await go("digit", "4")
    await go("digit", "1")
    await box.screen("pin", lambda d: d["dots"] == 2)
    await go("rub_out")
    await go("digit", "7")
    await box.screen("pin", lambda d: d["dots"] == 2)
    await go("enter")
    await page.shows("books", "placing")
    await hears(page, "/voice/vi/bor.place.8.ogg")


async def borrow_and_return(box, page):
    go = walker(page)
    box.put(1)
    await page.shows("count")
    await hears(page, "/voice/vi/bor.count_check.1.ogg")
    await go("count_yes")
    await page.shows("results", "lent")
    await hears(page, "/voice/vi/bor.summary.1.ogg")
    await go("finish")
    await page.shows("receipt")
    await hears(page, "/voice/vi/rec.prompt.ogg")
    await page.page.keyboard.press("Escape")
    await page.shows("books", "placing")
    box.lift()
    await box.screen("books", lambda d: d["seen"] == 0)
    box.pass_time(2)
    await box.looked(10)  # a hand lifted it: laid down again it is for something else
    await go("return")
    await page.shows("books", "placing_returns")
    box.put(1)
    await page.shows("results", "returned")
    await hears(page, "/voice/vi/ret.summary.1.ogg")
    await go("count_no")
    await page.shows("books", "placing_returns")
    await hears(page, "/voice/vi/bor.missing_one.ogg")
    box.scan(item_id(2))
    await page.shows("results", "returned")
    await hears(page, "/voice/vi/ret.summary.2.ogg")


async def walk(box, page):
    go, keyboard = walker(page), page.page.keyboard
    await keyboard.press("F3")
    await go("return")
    await page.shows("books", "placing_returns")
    box.put(3)
    await page.shows("results", "returned")
    await hears(page, "/voice/vi/ret.summary.1.ogg")
    await go("finish")
    await page.shows("receipt")
    await go("on_screen")
    await page.shows("receipt", "receipt_shown")
    await hears(page, "/voice/vi/rec.yours.ogg")
    await go("finish")
    await page.shows("bye")
    await hears(page, "/voice/vi/bye.books.ogg")
    box.lift()
    box.press("finish")
    await page.shows("idle")
    await keyboard.press("F3")
    await go("account")
    await page.shows("identify")
    box.tap("100004")
    await page.shows("account")
    await hears(page, "/voice/vi/acc.loans.2.ogg")
    await hears(page, "/voice/vi/date.day.25.ogg")
    await go("renew_all")
    await page.shows("renew", "renewal")
    await hears(page, "/voice/vi/acc.renewed.ogg")
    await hears(page, "/voice/vi/date.month.12.ogg")
    await keyboard.press("Escape")
    await page.page.wait_for_selector("body.on-receipt, body.on-bye")
    if box.kiosk.stage.message["screen"] == "receipt":
        await go("no_receipt")
    await page.shows("bye")
    assert page.complaints == []


async def test_every_visit_may_begin_with_the_voice_and_own_recordings_go_first(tmp_path, browser):
    own = tmp_path / "own"
    (own / "vi").mkdir(parents=True)
    shutil.copy(kiosk.speech.FOLDER / "en" / "idle.title.ogg", own / "vi")
    async with kiosk_in_a_box(tmp_path, voice=True, recordings=own) as box:
        await box.screen("idle")
        page = await (await browser.new_context()).new_page()
        async with page.expect_response("**/voice/vi/idle.title.ogg") as asked:
            await page.goto(f"http://127.0.0.1:{box.kiosk.port}/")
        answer = await asked.value
        assert await answer.body() == (own / "vi" / "idle.title.ogg").read_bytes()
        assert box.kiosk.stage.message["look"] == ["voice"]
        await page.click("[data-press=voice]")
        await page.wait_for_selector("[data-press=voice][aria-pressed=false]")
        box.pass_time(61)
        await page.wait_for_selector("[data-press=voice][aria-pressed=true]")
        await page.context.close()
