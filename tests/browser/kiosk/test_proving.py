"""The screens on which somebody proves something: a typed card, a PIN, a receipt."""

import pytest

from edge.wire.facts import card_ref
from edge.wire.proofs import Entry, Slip
from kiosk.testing import KEY, NOW, item_id

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_card_number_and_a_pin_are_typed_by_finger_and_by_key(box, open_page, album):
    page = await open_page(reduced_motion="reduce")
    seen = album(page)
    box.policy(pin_for="all")
    box.centre.pins = {card_ref(KEY, "100001"): "4711"}
    await page.click("borrow")
    await page.page.click("#task [data-press=type_card]")
    for digit in "1000":
        await page.page.click(f"[data-press=digit][data-arg='{digit}']")
    await box.screen("identify", lambda d: d["dots"] == 4)
    await seen.show("typed-card")
    for key in ("0", "1", "Enter"):  # the rest with a keypad
        await page.page.keyboard.press(key)
    await page.shows("pin")
    for digit in "123":
        await page.page.click(f"[data-press=digit][data-arg='{digit}']")
    await box.screen("pin", lambda d: d["dots"] == 3)
    await seen.show("pin")
    await page.page.click("[data-press=enter]")
    await box.screen("pin", lambda d: d.get("notice"))
    await seen.show("pin-wrong")
    box.pass_time(3)
    await page.page.wait_for_selector("[data-press=digit][data-arg='4']:enabled")
    for key in ("4", "7", "8", "Backspace", "1", "1", "Enter"):
        await page.page.keyboard.press(key)
    await page.shows("books", "placing")
    assert "4711" not in await page.page.content()
    assert seen.found == []
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_scanned_receipt_is_shown_as_what_it_is(box, open_page, album):
    page = await open_page(reduced_motion="reduce")
    seen = album(page)
    due = int(NOW * 1000) + 14 * 86_400_000
    entries = [Entry("lent", item_id(1), due), Entry("lent", item_id(2), due, sure=False)]
    slip = Slip(int(NOW * 1000), "0A1B2C3D", [*entries, Entry("returned", item_id(3))])
    code = box.kiosk.engine.receipt_keys.signer.sign(slip)
    box.scan(code)
    await page.shows("proof")
    await seen.show("proof")
    box.scan(code[:-9] + "A" * 9)
    await box.screen("proof", lambda d: not d["genuine"])
    await seen.show("proof-false")
    assert seen.found == []
    assert page.complaints == []
