"""Every screen of the kiosk in both languages, as a reader would get there."""

import pytest

from drivers.ports import Paper
from drivers.testing.tag15693 import Tag
from edge.wire.messages import Holding
from kiosk.testing import DAY_MS, NOW, book_tag
from tests.kiosk.test_expected import join
from tests.kiosk.test_papers import CODE as PAPER_CODE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


async def home(box, page):
    """End the visit, and let the page forget the finger that came last."""
    box.lift()
    box.press("finish")
    while box.kiosk.stage.message["screen"] != "idle":
        box.pass_time(200)
        await page.page.wait_for_timeout(150)
    await page.page.wait_for_timeout(900)


async def rests_and_serves_staff(box, page, show):
    await page.shows("idle")
    await show("idle")
    await page.page.click("[data-turn]")
    await show("idle-books")
    box.press("staff")
    await page.shows("identify", "staff_card")
    await show("staff-card")
    box.scan("900001")
    await page.shows("staff")
    await show("staff")
    await page.click("finish")
    await page.shows("idle")


async def books_come_before_the_card(box, page, show):
    box.put(1, 2, 10)
    await page.shows("books", "books_seen")
    await box.screen("books", lambda d: d["waiting"] == 3)
    await show("books-seen")
    box.pad.field.put(Tag(bytes.fromhex("E004010000000BAD"), bytearray(112), afi=0x07))
    box.pad.field.put(book_tag(77, owner="VN-HNLIB"))
    await box.screen("books", lambda d: len(d["items"]) == 5)
    await show("books-trouble")
    await page.click("borrow")
    await page.shows("identify")
    await show("identify")
    box.tap("100002")
    await box.screen("identify", lambda d: d.get("notice"))
    await show("identify-blocked")
    await home(box, page)


async def a_stack_is_placed_and_counted(box, page, show):
    await page.click("borrow")
    await page.shows("identify")
    box.tap("100001")
    await page.shows("books", "placing")
    await show("placing-empty")
    box.put(1, 2, 3, 4, 11)
    await page.shows("count")
    await box.screen("count", lambda d: d["waiting"] == 5)
    await show("count")
    await page.click("count_no")
    await page.shows("books", "placing")
    await show("placing-missing")


async def the_stack_is_lent_and_one_more(box, page, show):
    box.put(5)
    await page.shows("count")
    box.lift(5)
    await box.screen("count", lambda d: d["waiting"] == 5)
    box.pad.block_seconds = 0.4
    await page.click("count_yes")
    await page.shows("working")
    await box.screen("working", lambda d: d["lent"] >= 2)
    await show("working", looks=())
    box.pad.block_seconds = 0.0
    await page.shows("results")
    await show("results")
    box.lift()
    box.put(6)
    await page.shows("count")
    await show("count-one")
    await page.click("count_yes")
    await page.shows("results")
    await page.click("help")
    await page.click("finish")


async def a_receipt_is_chosen(box, page, show):
    await page.shows("receipt")
    await show("receipt")
    box.printer.paper = Paper.OUT
    await page.click("print")
    await box.screen("receipt", lambda d: d.get("notice"))
    await show("receipt-no-paper")
    box.printer.paper = Paper.OK
    await page.click("on_screen")
    await page.shows("receipt", "receipt_shown")
    await show("receipt-shown")
    await page.page.click("#bottom [data-press=finish]")
    await page.shows("bye")
    await show("bye")
    await home(box, page)


async def books_come_back(box, page, show):
    await page.click("return")
    await page.shows("books", "placing_returns")
    await show("return-empty")
    box.put(1, 2)
    await page.shows("results", "returned")
    await show("returned")
    await home(box, page)


async def loans_holds_and_fees(box, page, show):
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
    await show("account")
    await page.page.click("#task [data-press=renew_all]")
    await page.shows("renew", "renewal")
    await show("renewed")
    await page.page.click("#task [data-press=borrow]")
    await page.shows("books", "placing")
    await show("placing-hold")
    box.hold(5, "100001")
    box.put(5, 6)
    await page.shows("count")
    await page.click("count_yes")
    await page.shows("results")
    await show("results-held")
    await home(box, page)
    box.centre.holds = []


async def a_paper_is_refused_and_a_set_lacks_a_part(box, page, show):
    join(box, 8, 9)
    await page.click("borrow")
    await page.shows("identify")
    box.scan(PAPER_CODE)
    await box.screen("identify", lambda d: d.get("notice"))
    await show("identify-paper")
    box.tap("100001")
    await page.shows("books", "placing")
    box.put(8)
    await page.shows("count")
    await box.screen("count", lambda d: d.get("notice"))
    await show("count-set")
    await home(box, page)


async def the_network_is_away(box, page, show):
    box.replica.settle(box.journal.last_seq, box.journal.epoch)
    box.centre.connected = False
    await page.page.wait_for_selector("body.offline")
    await show("idle-offline")
    box.put(7)
    await page.shows("books")
    box.tap("100001")
    await page.shows("count")
    box.pass_time(145)
    await page.page.wait_for_selector(".veil")
    await show("more-time", looks=())
    await page.page.click("#over [data-press=more_time]")
    await page.click("count_yes")
    await page.shows("results")
    await show("results-offline")
    await home(box, page)
    box.centre.connected = True


async def the_pad_is_away_and_night_comes(box, page, show):
    await box.wires["pad"].unplug()
    await page.shows("trouble")
    await show("trouble")
    await box.wires["pad"].plug()
    await page.shows("idle")
    box.pass_time(10 * 3600)
    await page.page.wait_for_selector(".night")
    await show("night", looks=())


WALK = (
    rests_and_serves_staff,
    books_come_before_the_card,
    a_stack_is_placed_and_counted,
    the_stack_is_lent_and_one_more,
    a_receipt_is_chosen,
    books_come_back,
    loans_holds_and_fees,
    a_paper_is_refused_and_a_set_lacks_a_part,
    the_network_is_away,
    the_pad_is_away_and_night_comes,
)


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_every_screen_is_shown_in_both_languages_and_axe_finds_nothing(box, open_page, album):
    box.centre.mail = True
    page = await open_page(reduced_motion="reduce")
    seen = album(page)
    for step in WALK:
        await step(box, page, seen.show)
    assert seen.found == []
    assert page.complaints == []
