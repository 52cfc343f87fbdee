"""Nothing of a visit is left when it is over: not on the page, not in its memory, not in the kiosk."""

import gc
import json

import pytest

from kiosk.visit import Visit

pytestmark = pytest.mark.browser

STORES = """async () => [document.cookie, localStorage.length, sessionStorage.length,
  (await caches.keys()).length, (await indexedDB.databases()).length]"""


async def heap(page):
    """Return every string that the page's memory holds."""
    line = await page.page.context.new_cdp_session(page.page)
    chunks = []
    line.on("HeapProfiler.addHeapSnapshotChunk", lambda one: chunks.append(one["chunk"]))
    await line.send("HeapProfiler.enable")
    await line.send("HeapProfiler.collectGarbage")
    await line.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    await line.detach()
    return "\n".join(json.loads("".join(chunks))["strings"])


def visits():
    """Return every visit that this process still knows, also of kiosks of other tests."""
    gc.collect()
    return [one for one in gc.get_objects() if type(one) is Visit]


async def test_a_reader_who_walks_away_leaves_nothing_behind(box, open_page):
    elsewhere = {one.id for one in visits()} - {box.kiosk.engine.visit.id}
    page = await open_page()
    box.tap("100004")
    await page.shows("books")
    box.put(3)
    await page.shows("count")
    await page.click("count_yes")
    await page.shows("results")
    assert "Số đỏ" in await heap(page)
    box.lift()
    await page.page.wait_for_timeout(800)
    box.pass_time(15)
    await page.page.wait_for_selector("[role=alertdialog]")
    box.pass_time(16)
    await page.shows("idle")
    await page.page.wait_for_timeout(600)
    everything = await page.page.content() + await heap(page)
    for secret in ("Số đỏ", "Dung", "TV000003", "100004"):
        assert secret not in everything, secret
    assert await page.page.evaluate(STORES) == ["", 0, 0, 0, 0]
    assert [one.visitor for one in visits() if one.id not in elsewhere] == [None]


async def test_a_second_page_and_a_reload_show_only_what_is_on_the_screen_now(box, open_page):
    page = await open_page()
    box.tap("100001")
    await page.shows("books")
    await page.click("finish")
    await page.shows("bye")
    other = await open_page()
    await other.page.reload()
    await other.page.wait_for_selector(
        "body.on-bye, body.on-idle"
    )  # a slow machine has said goodbye
    for one in (page, other):
        assert "Xin chào" not in await one.page.content()
