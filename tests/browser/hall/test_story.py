"""A newcomer's first five minutes: everything by mouse, in the hall, at the kiosk, at the console."""

import pytest

from demo.catalogue import library
from demo.stack import Stack
from demo.waiting import holds

pytestmark = pytest.mark.browser


@pytest.fixture
async def stack(places):
    made = Stack(places, lambda _: None)
    async with made.running():
        yield made


async def site(hall, name="tinh"):
    return (await hall.scene())["sites"][name]


async def shown(page, selector):
    await page.page.wait_for_selector(selector, timeout=15000)


async def test_a_newcomer_borrows_leaves_and_gives_back(stack, places, hall, open_hall):
    page = await open_hall()
    scene = await hall.scene()
    people = [one for one in scene["people"] if one["site"] == "tinh"]
    reader = next(one["reader"] for one in people if one["card"] == "ntag")
    rascal = next(one["reader"] for one in people if one["card"] == "barcode" and not one["note"])
    held = {row["item"] for row in holds(library())}
    books = [one for one in (await site(hall))["places"]["shelf"] if one not in held]

    await page.picture("story-1-hall")
    for one in (reader, rascal):
        await page.drag(f"[data-reader={one}]", "[data-spot=floor]")
        await page.page.wait_for_timeout(1400)
    for item in books[:3]:
        await page.drag(f"[data-item={item}]", "[data-spot=pad]")
        await page.page.wait_for_timeout(150)

    kiosk = await page.page.context.new_page()
    await kiosk.goto(places.url("kiosk-tinh"))
    await kiosk.wait_for_selector("body.on-books", timeout=15000)
    await page.page.bring_to_front()
    await page.page.wait_for_timeout(300)
    await page.drag(f"[data-reader={reader}]", "[data-spot=card]")
    await kiosk.bring_to_front()
    await kiosk.click("[data-press=count_yes]", timeout=15000)
    await kiosk.wait_for_selector("body.on-results", timeout=15000)
    await kiosk.click("[data-press=finish]", timeout=15000)
    await kiosk.wait_for_selector("body.on-receipt", timeout=15000)
    await kiosk.click("[data-press=print]")
    await kiosk.wait_for_selector("body.on-bye", timeout=15000)

    await page.page.bring_to_front()
    await shown(page, ".slip")
    await page.picture("story-2-receipt")
    for item in books[:3]:
        await page.drag(f"[data-item={item}]", f"[data-reader={reader}] .touch")
        await page.page.wait_for_timeout(400)
    await page.drag(f"[data-item={books[5]}]", f"[data-reader={rascal}] .touch")
    await page.page.wait_for_timeout(400)
    await page.drag(f"[data-reader={reader}]", "[data-spot=street]")
    await page.page.wait_for_timeout(1600)
    assert not (await site(hall))["outputs"]["lamp"]
    await page.plan("xa").locator(".network").click()
    await page.drag(f"[data-reader={rascal}]", "[data-spot=street]")
    await shown(page, ".gate.alarm")
    await page.page.wait_for_timeout(1200)
    await page.picture("hall")
    await page.plan("xa").locator(".network").click()
    await page.drag(f"[data-item={books[0]}]", "[data-spot=chute]")
    await page.page.wait_for_timeout(2500)
    assert (await site(hall))["places"]["bin"] == [books[0]]
    await page.page.click("#language")
    await page.page.wait_for_selector("html[lang=en]")
    await page.picture("hall-en")

    console = await page.page.context.new_page()
    await console.set_viewport_size({"width": 1440, "height": 900})
    await console.goto(places.url("console"))
    await console.fill("[name=account]", "tinh")
    await console.fill("[name=password]", places.secrets()["password"])
    await console.keyboard.press("Enter")
    title = (await hall.scene())["books"][books[5]]["title"]
    await console.get_by_text(title).first.wait_for()
    await console.wait_for_timeout(800)
    await console.screenshot(path=".artifacts/screens/story-3-console.png")
    assert page.complaints == []
