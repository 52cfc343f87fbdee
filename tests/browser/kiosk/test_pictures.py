"""Every screen of the kiosk in both languages, as a reader would get there."""

import os

import pytest

from drivers.ports import Paper
from drivers.testing.tag15693 import Tag
from edge.wire.messages import Holding
from kiosk.testing import DAY_MS, NOW, book_tag

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

ALL = os.environ.get("SHELFWIRE_SCREENS") == "all"
"""``make screens``: every screen in every size, for eyes; otherwise axe-core looks at one size."""
USUAL = (1280, 800)
SIZES = {"small": (800, 480), "tall": (1080, 1920), "wide": (1920, 1080)}
PAINTED = "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r))))"
"""Wait until the page has painted a change and done what it does after that."""
LOOKS = ("large_text", "contrast", "low_reach", "kids")


async def walk(box, page, name, axe):
    """Go through every screen and take its picture; return what axe-core finds there."""
    found = []
    box.centre.mail = True

    async def picture(what):
        await take(f"kiosk-{what}-{name}", whole=True)
        await sizes(f"kiosk-{what}-{name}")
        if not box.kiosk.stage.message["warn"] and what not in ("working", "night"):
            for look in LOOKS if ALL else LOOKS[:1]:
                await change(look, "true")
                await take(f"kiosk-{what}-{name}-{look}")
                await sizes(f"kiosk-{what}-{name}-{look}")
                await change(look, "false")

    async def sizes(what):
        for size, (width, height) in SIZES.items():
            await page.page.set_viewport_size({"width": width, "height": height})
            await take(f"{what}-{size}")
        await page.page.set_viewport_size(dict(zip(("width", "height"), USUAL, strict=True)))

    async def change(look, pressed):
        box.press(look)
        if look == "kids" and not await page.page.locator("[data-press=kids]").count():
            await page.page.wait_for_selector(
                f"body{'.kids' if pressed == 'true' else ':not(.kids)'}"
            )
            return
        wanted = f"[data-press={look}][aria-pressed={pressed}]"
        await page.page.wait_for_selector(wanted, state="attached")

    async def take(name, *, whole=False):
        if ALL:
            await page.picture(name, wait=80)
        else:
            await page.page.evaluate(PAINTED)
            found.extend(f"{name}: {line}" for line in await axe(page.page, layout=not whole))

    async def home():
        box.lift()
        box.press("finish")
        while box.kiosk.stage.message["screen"] != "idle":
            box.pass_time(200)
            await page.page.wait_for_timeout(150)

    await page.shows("idle")
    await picture("idle")
    await page.page.click("[data-turn]")
    await picture("idle-books")
    box.press("staff")
    await page.shows("identify", "staff_card")
    await picture("staff-card")
    box.scan("900001")
    await page.shows("staff")
    await picture("staff")
    await page.click("finish")
    await page.shows("idle")
    box.put(1, 2, 10)
    await page.shows("books", "books_seen")
    await box.screen("books", lambda d: d["waiting"] == 3)
    await picture("books-seen")
    box.pad.field.put(Tag(bytes.fromhex("E004010000000BAD"), bytearray(112), afi=0x07))
    box.pad.field.put(book_tag(77, owner="VN-HNLIB"))
    await box.screen("books", lambda d: len(d["items"]) == 5)
    await picture("books-trouble")
    await page.click("borrow")
    await page.shows("identify")
    await picture("identify")
    box.tap("100002")
    await box.screen("identify", lambda d: d.get("notice"))
    await picture("identify-blocked")
    await home()
    await page.page.wait_for_timeout(900)
    await page.click("borrow")
    await page.shows("identify")
    box.tap("100001")
    await page.shows("books", "placing")
    await picture("placing-empty")
    box.put(1, 2, 3, 4, 11)
    await page.shows("count")
    await box.screen("count", lambda d: d["waiting"] == 5)
    await picture("count")
    await page.click("count_no")
    await page.shows("books", "placing")
    await picture("placing-missing")
    box.put(5)
    await page.shows("count")
    box.lift(5)
    await box.screen("count", lambda d: d["waiting"] == 5)
    box.pad.block_seconds = 0.4
    await page.click("count_yes")
    await page.shows("working")
    await box.screen("working", lambda d: d["lent"] >= 2)
    await picture("working")
    box.pad.block_seconds = 0.0
    await page.shows("results")
    await picture("results")
    box.lift()
    box.put(6)
    await page.shows("count")
    await picture("count-one")
    await page.click("count_yes")
    await page.shows("results")
    await page.click("help")
    await page.click("finish")
    await page.shows("receipt")
    await picture("receipt")
    box.printer.paper = Paper.OUT
    await page.click("print")
    await box.screen("receipt", lambda d: d.get("notice"))
    await picture("receipt-no-paper")
    box.printer.paper = Paper.OK
    await page.click("on_screen")
    await page.shows("receipt", "receipt_shown")
    await picture("receipt-shown")
    await page.page.click("#bottom [data-press=finish]")
    await page.shows("bye")
    await picture("bye")
    await home()
    await page.page.wait_for_timeout(900)
    await page.click("return")
    await page.shows("books", "placing_returns")
    await picture("return-empty")
    box.put(1, 2)
    await page.shows("results", "returned")
    await picture("returned")
    await home()
    box.centre.fees = 12000
    until = int(NOW * 1000) + 3 * DAY_MS
    box.centre.holds = [
        Holding(item="TV000007", title="Việt Nam sử lược", ready=True, until=until),
        Holding(item="TV000002", title="Bỉ vỏ", ready=False, ahead=2, place="Thư viện xã Hồ Sen"),
    ]
    await page.click("account")
    await page.shows("identify")
    box.tap("100004")
    await page.shows("account")
    await box.screen("account", lambda d: len(d["items"]) == 2)
    await picture("account")
    await page.page.click("#task [data-press=renew_all]")
    await page.shows("renew", "renewal")
    await picture("renewed")
    await page.page.click("#task [data-press=borrow]")
    await page.shows("books", "placing")
    await picture("placing-hold")
    box.hold(5, "100001")
    box.put(5, 6)
    await page.shows("count")
    await page.click("count_yes")
    await page.shows("results")
    await picture("results-held")
    await home()
    box.centre.holds = []
    box.replica.settle(box.journal.last_seq, box.journal.epoch)
    box.centre.connected = False
    await page.page.wait_for_selector("body.offline")
    await picture("idle-offline")
    box.put(7)
    await page.shows("books")
    box.tap("100001")
    await page.shows("count")
    box.pass_time(145)
    await page.page.wait_for_selector(".veil")
    await picture("more-time")
    await page.page.click("#over [data-press=more_time]")
    await page.click("count_yes")
    await page.shows("results")
    await picture("results-offline")
    await home()
    box.centre.connected = True
    await box.wires["pad"].unplug()
    await page.shows("trouble")
    await picture("trouble")
    await box.wires["pad"].plug()
    await page.shows("idle")
    box.pass_time(10 * 3600)
    await page.page.wait_for_selector(".night")
    await picture("night")
    return found


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_every_screen_is_shown_in_both_languages_and_axe_finds_nothing(
    box, open_page, lang, axe
):
    page = await open_page(**({} if ALL else {"reduced_motion": "reduce"}))
    assert await walk(box, page, lang, axe) == []
    assert page.complaints == []
