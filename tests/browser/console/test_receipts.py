"""The page that checks receipts, on a phone: by text, by photo, in both languages, without a network."""

import os

import pytest
import qrcode
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from PIL import Image

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


async def ask(page, text):
    await page.page.fill("#typed", text)
    await page.page.click("#check")
    return await page.page.inner_text("#result .answer")


async def test_a_receipt_is_checked_on_a_phone_in_both_languages(open_page, code, axe):
    page = await open_page("receipt/", **PHONE, awaited="#check:not(:empty)")
    said = await ask(page, code)
    assert "Biên nhận thật" in said
    assert "Máy mượn trả tầng 1" in said
    await page.page.wait_for_selector("text=Truyện Kiều")
    assert "Mượn khi mất mạng" in said
    found = await axe(page.page)
    await page.picture("receipt-vi")
    await page.page.click("#language")
    assert "A genuine receipt" in await page.page.inner_text("#result")
    await page.picture("receipt-en")
    changed = code[:-9] + ("A" * 9 if code[-9:] != "A" * 9 else "B" * 9)
    assert "does not fit" in await ask(page, changed)
    await page.picture("receipt-false-en")
    assert "not the code" in await ask(page, "https://example.org/")
    assert "not read whole" in await ask(page, "SW1:AAAA")
    found += await axe(page.page)
    assert found == []
    assert page.complaints == []
    home = page.url.removesuffix("receipt/")
    assert all(url.startswith((home, "blob:")) for url in page.requests)
    await the_bundled_check_agrees_with_the_library(page)


async def test_a_photo_from_far_is_read_at_the_centre_and_text_without_a_network(
    open_page, code, tmp_path
):
    page = await open_page("receipt/", **PHONE, awaited="#check:not(:empty)")
    assert not await page.page.is_visible("#view")
    photo = Image.new("L", (1800, 1350), 200)
    photo.paste(qrcode.make(code, box_size=3).convert("L"), (700, 500))
    photo.save(tmp_path / "photo.jpg")
    await page.page.set_input_files("#photo", tmp_path / "photo.jpg")
    await page.page.wait_for_selector("text=Biên nhận thật", timeout=20_000)
    assert any(url.endswith("/api/receipts/picture") for url in page.requests)
    await page.page.evaluate("navigator.serviceWorker.ready")
    await page.page.reload()
    await page.page.wait_for_selector("#check:not(:empty)")
    await page.page.context.set_offline(True)
    await page.page.reload()
    await page.page.wait_for_selector("#check:not(:empty)")
    assert "Biên nhận thật" in await ask(page, code)
    assert "300000" in await page.page.inner_text("#result")
    assert "không có mạng" in await page.page.inner_text("#state")


async def test_staff_find_the_page_of_receipts_in_the_console_in_both_languages(open_page):
    for lang, said in (("vi", "Kiểm tra biên nhận"), ("en", "Check a receipt")):
        page = await open_page(f"?lang={lang}", width=1280, height=800)
        await page.picture(f"receipt-link-{lang}")
        await page.page.click(f"a.tool[title='{said}']")
        await page.page.wait_for_selector(f"h1:text-is('{said}')")


async def the_bundled_check_agrees_with_the_library(page):
    cases, wanted = [], []
    for n in range(24):
        key = Ed25519PrivateKey.from_private_bytes(os.urandom(32))
        public, message = key.public_key().public_bytes_raw(), os.urandom(n * 11)
        signature = bytearray(key.sign(message))
        if n % 3:
            place = n * 7 % 96
            if place < 64:
                signature[place] ^= 1 << n % 8
            else:
                public = bytes(
                    b ^ (1 << n % 8) if i == place - 64 else b for i, b in enumerate(public)
                )
        cases.append([list(message), list(signature), list(public)])
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(bytes(signature), message)
            wanted.append(True)
        except (InvalidSignature, ValueError):
            wanted.append(False)
    found = await page.page.evaluate(
        """async (cases) => { const { reckoned } = await import("/receipt/ed25519.js");
        return cases.map((one) => reckoned(...one.map((list) => Uint8Array.from(list)))); }""",
        cases,
    )
    assert found == wanted
    assert True in wanted
    assert False in wanted
