"""The pages beside the desk: machines, gates and bins, the log; in both languages, desktop and phone."""

from contextlib import closing
from pathlib import Path

import pytest

from gateway.enrol import open_ledger
from gateway.ledger import posts
from gateway.testing import NOW

pytestmark = pytest.mark.browser
SCREENS = Path(__file__).parents[3] / ".artifacts" / "screens"
PHONE = {"width": 390, "height": 844}
PAGES = {
    "machines": ".site .tile-m",
    "gates": ".ring .outcomes",
    "stats": ".year tbody tr",
    "log": ".work .quiet",
}


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_every_page_is_whole_on_a_desk_and_on_a_phone(open_page, axe, lang):
    page = await open_page(f"?lang={lang}")
    found = []
    for name, seen in PAGES.items():
        await page.page.set_viewport_size({"width": 1440, "height": 900})
        await page.page.click(f"[data-act=page][data-value={name}]")
        await page.page.wait_for_selector(seen)
        await page.picture(f"{lang}-{name}")
        found += await axe(page.page)
        await page.page.set_viewport_size({"width": 1280, "height": 800})
        assert await page.page.evaluate("document.documentElement.scrollWidth") <= 1280, name
        await page.page.set_viewport_size(PHONE)
        await page.picture(f"{lang}-{name}-phone")
        wide = await page.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], name
        found += await axe(page.page)
    assert sorted(set(found)) == []
    assert page.complaints == []


@pytest.mark.parametrize(
    ("lang", "words"), [("vi", "lượt chờ báo, lâu nhất"), ("en", "the oldest for")]
)
async def test_operators_see_what_the_library_system_was_not_told(
    home, open_page, axe, lang, words
):
    with closing(open_ledger(home)) as ledger:
        ledger.store.run("INSERT INTO ils_cursor VALUES (1, 0)")
        posts.gather(ledger)
        posts.end(ledger, posts.next_post(ledger, NOW).fact, "refused", NOW, "Patron Blocked")
    page = await open_page(f"?lang={lang}&page=machines", awaited=".ils.look")
    assert words in await page.page.inner_text(".ils")
    await page.picture(f"{lang}-machines-library")
    await page.page.set_viewport_size(PHONE)
    await page.picture(f"{lang}-machines-library-phone")
    assert await page.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert await axe(page.page) == []
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_machine_opens_and_is_asked_for_something(open_page, axe, lang):
    page = await open_page(f"?lang={lang}&page=machines", awaited=".tile-m")
    await page.page.click(".tile-m[data-value=tinh-kiosk]")
    await page.page.wait_for_selector(".sheet[open] .deeds")
    await page.page.click(".deeds [data-value=health]")
    await page.page.wait_for_selector(".asked li")
    await page.page.click(".deeds [data-value=restart]")
    await page.page.wait_for_selector(".ask.wide button:focus")
    await page.picture(f"{lang}-device")
    found = await axe(page.page)
    await page.page.click(".ask.wide [type=submit]")
    await page.page.wait_for_selector(".asked li >> nth=1")
    await page.page.click("[data-act=visits]")
    await page.page.wait_for_selector(".visits li")
    await page.page.click(".visits .link >> nth=0")
    await page.page.wait_for_selector(".steps li")
    await page.page.set_viewport_size(PHONE)
    await page.picture(f"{lang}-device-phone")
    found += await axe(page.page)
    assert sorted(set(found)) == []
    assert page.complaints == []


async def test_an_alarm_gets_its_outcome_in_one_tap(open_page):
    page = await open_page("?page=gates", awaited=".ring")
    await page.page.click(".ring [data-value=false_alarm]")
    await page.page.wait_for_selector(".ring", state="detached")
    await page.page.click(".toast .act")
    await page.page.wait_for_selector(".ring")
    assert page.complaints == []


async def test_an_entry_is_given_to_somebody_until_a_moment(open_page):
    page = await open_page()
    await page.page.click(".entry[data-code=TROUBLE] .plan")
    await page.page.fill(".ask [name=assignee]", "Anh Sơn")
    await page.page.select_option(".ask [name=hours]", "72")
    await page.page.click(".ask [type=submit]")
    await page.page.wait_for_selector(".entry[data-code=TROUBLE] .plan:has-text('Anh Sơn')")
    await page.page.click(".toast .act")
    await page.page.wait_for_selector(
        ".entry[data-code=TROUBLE] .plan:has-text('Anh Sơn')", state="detached"
    )
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_an_entry_shows_what_each_device_read_and_is_settled_and_taken_back_there(
    open_page, axe, lang
):
    page = await open_page(f"?lang={lang}")
    await page.page.click(".entry[data-code=GATE_ALARM] [data-act=entry]")
    await page.page.wait_for_selector(".sheet[open] .beside")
    cells = page.page.locator(".beside tr[data-row=bit] td")
    assert [text[:4] for text in await cells.all_inner_texts()] == ["→ C2", "07 ("]
    assert await page.page.inner_text(".beside tr[data-row=rssi] td:last-child") == "−54 dBm"
    await page.page.wait_for_selector(".beside tr[data-row=uid] .pill.out")
    await page.picture(f"{lang}-evidence")
    found = await axe(page.page)
    await page.page.set_viewport_size(PHONE)
    await page.picture(f"{lang}-evidence-phone")
    found += await axe(page.page)
    wide = await page.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    await page.page.click(".sheet .acts [data-value=false_alarm]")
    await page.page.click(".sheet .acts [data-act=reopen]")
    await page.page.wait_for_selector(".sheet .acts [data-value=false_alarm]")
    assert await page.page.locator(".timeline .step").count() == 3
    assert sorted(set(found)) == []
    assert page.complaints == []


async def test_what_only_informs_is_accepted_together_and_taken_back(open_page):
    page = await open_page("?severity=warn")
    before = await page.page.locator(".entry").count()
    await page.page.click("[data-act=bulk]")
    last = f".entry >> nth={before - 1}"
    await page.page.wait_for_selector(last, state="detached")
    await page.page.click(".toast .act")
    await page.page.wait_for_selector(last)
    assert page.complaints == []


async def test_a_record_opens_with_a_reason_and_the_look_is_seen(open_page, axe):
    page = await open_page()
    await page.page.click(".entry [data-act=record] >> nth=0")
    await page.page.wait_for_selector(".sheet[open] [data-act=record-form]")
    await page.page.click("[data-act=record-why] >> nth=1")
    await page.picture("vi-record-why")
    found = await axe(page.page)
    await page.page.click("[data-act=record-form] [type=submit]")
    await page.page.wait_for_selector(".sheet .figures")
    await page.picture("vi-record")
    await page.page.keyboard.press("Escape")
    await page.page.click("[data-act=page][data-value=log]")
    await page.page.wait_for_selector(".work td:has-text('liên hệ về sách')")
    assert found == []
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_somebody_signs_in(browser, shut_centre, axe, lang):
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(f"{shut_centre}?lang={lang}")
    await page.wait_for_selector("[name=account]:focus")
    await page.keyboard.type("hoa")
    await page.fill("[name=password]", "wrong")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".why:not(:empty)")
    found = await page.evaluate("document.documentElement.lang")
    assert found == lang
    from_axe = await axe(page)
    await page.screenshot(path=SCREENS / f"console-{lang}-sign-in.png")
    await page.set_viewport_size(PHONE)
    await page.screenshot(path=SCREENS / f"console-{lang}-sign-in-phone.png")
    await page.fill("[name=password]", "0123456789")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".entry")
    assert "Cô Hoa" in await page.inner_text(".plate")
    await page.click("[data-act=leave]")
    await page.wait_for_selector("[name=account]")
    assert from_axe == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_sites_gates_are_told_in_figures(open_page, axe, lang):
    page = await open_page(f"?lang={lang}&page=gates", awaited=".ring")
    await page.page.click("[data-act=traffic] >> nth=0")
    await page.page.wait_for_selector(".sheet[open] .loans")
    await page.page.wait_for_timeout(400)
    assert sorted(set(await axe(page.page))) == []
    await page.picture(f"{lang}-traffic")
    assert page.complaints == []
