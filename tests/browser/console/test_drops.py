"""The page of drops and boxes in Chromium: used, looked at, and checked with axe-core."""

import contextlib

import pytest

from edge.wire.facts import BinChanged, Return, TakenAside
from gateway.enrol import open_ledger
from gateway.ledger.catalogue import Branch
from gateway.testing import HOUR, MINUTE, NOW, Speaker

pytestmark = pytest.mark.browser


@pytest.fixture
def home(home):
    drop = Speaker("tinh-drop", "tinh", "d2")
    for number in (1, 4, 6):
        drop.happened(Return(item=f"30{number:04}", place="drop", bin="1"), NOW - 3 * HOUR + number)
    drop.happened(TakenAside(bin="1", reason="no_tag"), NOW - 2 * HOUR)
    drop.happened(BinChanged(bin="1", items=4, emptied=True), NOW - 20 * MINUTE)
    with contextlib.closing(open_ledger(home)) as ledger:
        ledger.apply("tinh", drop.batch(), NOW)
        ledger.catalogue.put_branches(
            [Branch(branch="tinh", name="Thư viện tỉnh"), Branch(branch="xa", name="Xã Tân Lập")]
        )
        ledger.boxes.pack("T-001", "tinh", "xa", ["300008", "300010"], "Lan", NOW - HOUR)
    return home


async def test_a_bin_is_ticked_off_by_scanning(open_page):
    page = await open_page("drops?lang=vi", awaited=".thing")
    await page.page.click("#bins .thing button")
    for code in ("300001", "300099"):
        await page.page.fill("[name=code]", code)
        await page.page.keyboard.press("Enter")
        await page.page.wait_for_selector(f"#bins .inside li:not(.open):has-text('{code}')")
    await page.page.click("li.open [data-act=explain] >> nth=0")
    await page.page.fill("[name=note]", "bạn đọc mượn lại ngay")
    await page.page.keyboard.press("Enter")
    await page.page.wait_for_selector("li.explained")
    await page.picture("vi-drops")
    await page.page.click("[data-act=finish]")
    await page.page.wait_for_selector("#bins .left.done")
    assert await page.page.locator("#bins li.missing").count() == 3  # one missing, one more, no tag
    assert page.complaints == []


async def test_a_box_is_packed_received_and_corrected(open_page):
    page = await open_page("drops?lang=en", awaited=".thing")
    await page.page.click("#boxes summary")
    await page.page.fill("[name=box]", "T-002")
    await page.page.select_option("[name=goal]", "xa")
    await page.page.select_option("[name=origin]", "tinh")
    await page.page.fill("[name=items]", "300011\n300009")
    await page.page.click("form.pack .act")
    await page.page.wait_for_selector(".toast:has-text('T-002')")
    await page.page.click("#boxes [data-value='T-001']")
    await page.page.click("[data-act=receive] .act")
    await page.page.wait_for_selector("#boxes li.seen")
    await page.page.click("[data-act=not_there] >> nth=0")
    await page.page.wait_for_selector("#boxes li.missing")
    await page.picture("en-drops")
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_axe_finds_nothing_on_the_page_of_drops(open_page, axe, lang):
    found = []
    for theme in ("light", "dark"):
        page = await open_page(f"drops?lang={lang}&theme={theme}", awaited=".thing")
        await page.page.click("#bins .thing button")
        await page.page.click("#boxes summary")
        await page.page.click("#boxes [data-value='T-001']")
        await page.page.wait_for_selector("#boxes .inside")
        found += await axe(page.page)
    await page.page.set_viewport_size({"width": 390, "height": 844})
    found += await axe(page.page)
    await page.picture(f"{lang}-drops-phone")
    assert sorted(set(found)) == []
