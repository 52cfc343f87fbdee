from urllib.parse import urlsplit

import pytest

from drivers.testing.waiting import until

pytestmark = pytest.mark.browser


def on_shelf(world, tag="iso28560-2", site="tinh"):
    return next(b for b in world.things.at(f"shelf:{site}") if b.copy.tag == tag)


async def shown_book(hall, site="tinh"):
    return (await hall.scene())["sites"][site]["places"]["shelf"][0]


async def shown_reader(hall, card="ntag", site="tinh"):
    people = (await hall.scene())["people"]
    return next(one["reader"] for one in people if one["site"] == site and one["card"] == card)


async def test_a_book_is_dragged_onto_the_pad_and_its_tag_is_in_the_field(world, hall, open_hall):
    page, item = await open_hall(), await shown_book(hall)
    await page.drag(f"[data-item={item}]", "[data-spot=pad]")
    assert await until(lambda: world.things.book(item).place == "pad:tinh")
    assert [tag.uid for tag in world.sites["tinh"].pad.tags] == [world.things.book(item).tag.uid]
    assert page.complaints == []


async def test_a_reader_is_dragged_through_the_gate(world, hall, open_hall):
    page, reader = await open_hall(), await shown_reader(hall)
    await page.drag(f"[data-reader={reader}]", "[data-spot=floor]")
    assert await until(lambda: world.things.reader(reader).inside)
    await page.page.wait_for_timeout(500)
    await page.drag(f"[data-reader={reader}]", "[data-spot=street]")
    assert await until(lambda: not world.things.reader(reader).inside)


async def test_a_card_is_tapped_by_dragging_its_reader_there(world, hall, open_hall):
    page, reader = await open_hall(), await shown_reader(hall)
    await hall.do("walk", number=reader, way="in")
    seen = []
    world.listen(lambda _: seen.append(world.showing.get("tinh")))
    await page.page.wait_for_timeout(400)
    await page.drag(f"[data-reader={reader}]", "[data-spot=card]")
    assert await until(lambda: reader in seen)


async def test_everything_can_be_done_with_the_keyboard(world, hall, open_hall):
    page, item = await open_hall(), await shown_book(hall)
    await page.page.focus(f"[data-item={item}]")
    await page.page.keyboard.press("Enter")
    await page.page.wait_for_selector("#menu button:focus")
    await page.page.keyboard.press("Enter")
    assert await until(lambda: world.things.book(item).place == "pad:tinh")


async def test_what_no_hand_can_do_is_answered_with_a_sentence(world, hall, open_hall):
    page, reader = await open_hall(), await shown_reader(hall, "barcode")
    await hall.do("walk", number=reader, way="in")
    await page.page.wait_for_timeout(400)
    await page.drag(f"[data-reader={reader}]", "[data-spot=card]")
    await page.page.wait_for_selector("#note.shown")
    assert "mã vạch" in await page.page.text_content("#note")


async def test_plugs_are_pulled_and_put_back_by_a_click(world, open_hall):
    page = await open_hall()
    plug = page.plan("xa").locator(".network")
    await plug.click()
    assert await until(lambda: not world.plugs["xa"].plugged)
    await page.plan("xa").locator(".network.off").click()
    assert await until(lambda: world.plugs["xa"].plugged)
    assert world.plugs["tinh"].plugged


async def test_a_cable_and_the_paper_have_their_switches(world, open_hall):
    page = await open_hall()
    await page.plan().locator(".cable >> nth=0").click()
    assert await until(lambda: not world.sites["tinh"].cables["pad"].plugged)
    for state in ("low", "out", "jam", "ok"):
        await page.plan().locator(".paper").click()
        await page.plan().locator(f".paper[data-paper={state}]").wait_for()


async def test_a_book_of_the_stacks_is_looked_for_and_comes_to_the_shelf(world, hall, open_hall):
    page = await open_hall()
    wanted = world.things.at("shelf:tinh")[-1].copy
    await page.plan().locator(".round").click()
    await page.page.fill("dialog input", wanted.item)
    await page.page.locator(".results button", has_text=wanted.item).click()
    await page.plan().locator(f"[data-item={wanted.item}]").wait_for()


async def test_the_wire_is_explained_in_words_in_the_chosen_language(world, open_hall):
    page = await open_hall()
    world.scan("tinh", text="BD123")
    await page.page.wait_for_selector("#words li.big")
    assert "Mã vừa quét: BD123" in await page.page.text_content("#words")
    await page.page.click("#language")
    await page.page.wait_for_selector("html[lang=en]")
    world.scan("tinh", text="BD124")
    await page.page.wait_for_selector("#words li.big")
    assert "Code just read: BD124" in await page.page.text_content("#words")


async def test_nothing_is_loaded_from_elsewhere(world, open_hall):
    page = await open_hall()
    assert {urlsplit(url).netloc for url in page.requests} <= {urlsplit(page.url).netloc, ""}
    assert page.complaints == []


async def test_a_finger_can_drag_too(world, hall, open_hall):
    page, item = await open_hall(has_touch=True), await shown_book(hall)
    start = await page.plan().locator(f"[data-item={item}]").bounding_box()
    end = await page.plan().locator("[data-spot=chute]").bounding_box()
    touch = await page.page.context.new_cdp_session(page.page)
    points = [
        (start["x"] + 12, start["y"] + 20),
        (start["x"] + 60, start["y"] + 120),
        (end["x"] + 50, end["y"] + 30),
    ]
    for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), points, strict=True):
        await touch.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]}
        )
    await touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert await until(lambda: world.things.book(item).place == "chute:tinh")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (1024, 768), (820, 1180)])
async def test_both_libraries_fit_on_the_screen(world, open_hall, width, height):
    page = await open_hall(width, height)
    for site in ("tinh", "xa"):
        box = await page.plan(site).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    await page.picture(f"hall-{width}x{height}")
