"""The screens on which somebody proves something: a typed card, a PIN, a receipt."""

import pytest

from edge.wire.facts import card_ref
from edge.wire.proofs import Entry, Slip
from kiosk.testing import KEY, NOW, item_id

pytestmark = pytest.mark.browser
SIZES = {"small": (800, 480), "tall": (1080, 1920)}


async def take(page, axe, name, found, *, all_sizes=False):
    await page.picture(f"kiosk-{name}")
    found += [f"{name}: {line}" for line in await axe(page.page)]
    for size, (width, height) in SIZES.items() if all_sizes else ():
        await page.page.set_viewport_size({"width": width, "height": height})
        await page.picture(f"kiosk-{name}-{size}")
        found += [f"{name}-{size}: {line}" for line in await axe(page.page)]
        await page.page.set_viewport_size({"width": 1280, "height": 800})


async def take_large(box, page, axe, name, found):
    """Look at the screen with text of twice the size too, on a desk and on the smallest screen."""
    for pressed in ("true", "false"):
        box.press("large_text")
        await page.page.wait_for_selector(
            f"[data-press=large_text][aria-pressed={pressed}]", state="attached"
        )
        if pressed == "true":
            await take(page, axe, f"{name}-large", found, all_sizes=True)


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_card_number_and_a_pin_are_typed_by_finger_and_by_key(box, open_page, lang, axe):
    page, found = await open_page(), []
    box.policy(pin_for="all")
    box.centre.pins = {card_ref(KEY, "100001"): "4711"}
    await page.click("borrow")
    await page.page.click("#task [data-press=type_card]")
    for digit in "1000":
        await page.page.click(f"[data-press=digit][data-arg='{digit}']")
    await box.screen("identify", lambda d: d["dots"] == 4)
    await take(page, axe, f"typed-card-{lang}", found)
    for key in ("0", "1", "Enter"):  # the rest with a keypad
        await page.page.keyboard.press(key)
    await page.shows("pin")
    for digit in "123":
        await page.page.click(f"[data-press=digit][data-arg='{digit}']")
    await box.screen("pin", lambda d: d["dots"] == 3)
    await take(page, axe, f"pin-{lang}", found, all_sizes=lang == "vi")
    await take_large(box, page, axe, f"pin-{lang}", found)
    await page.page.click("[data-press=enter]")
    await box.screen("pin", lambda d: d.get("notice"))
    await take(page, axe, f"pin-wrong-{lang}", found)
    box.pass_time(3)
    await page.page.wait_for_selector("[data-press=digit][data-arg='4']:enabled")
    for key in ("4", "7", "8", "Backspace", "1", "1", "Enter"):
        await page.page.keyboard.press(key)
    await page.shows("books", "placing")
    assert "4711" not in await page.page.content()
    assert found == []
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_scanned_receipt_is_shown_as_what_it_is(box, open_page, lang, axe):
    page, found = await open_page(), []
    due = int(NOW * 1000) + 14 * 86_400_000
    entries = [Entry("lent", item_id(1), due), Entry("lent", item_id(2), due, sure=False)]
    slip = Slip(int(NOW * 1000), "0A1B2C3D", [*entries, Entry("returned", item_id(3))])
    code = box.kiosk.engine.receipt_keys.signer.sign(slip)
    box.scan(code)
    await page.shows("proof")
    await take(page, axe, f"proof-{lang}", found, all_sizes=lang == "vi")
    await take_large(box, page, axe, f"proof-{lang}", found)
    box.scan(code[:-9] + "A" * 9)
    await box.screen("proof", lambda d: not d["genuine"])
    await take(page, axe, f"proof-false-{lang}", found)
    assert found == []
    assert page.complaints == []
