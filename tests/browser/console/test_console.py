"""The staff console in Chromium, in both languages."""

import json

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_everything_is_seen_without_scrolling_on_a_laptop(open_page, lang):
    page = await open_page(f"?lang={lang}", width=1366, height=768)
    height = await page.page.evaluate("document.documentElement.scrollHeight")
    assert height <= 768
    await page.picture(f"{lang}-laptop")
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_pictures_for_the_manual(open_page, lang):
    page = await open_page(f"?lang={lang}")
    await page.picture(lang)
    await page.page.click(".work .book .link >> nth=0")
    await page.page.wait_for_selector(".sheet[open] .feed")
    await page.picture(f"{lang}-item")
    await page.page.keyboard.press("Escape")
    await page.page.click("[data-act=theme]")
    await page.picture(f"{lang}-dark")
    await page.page.set_viewport_size({"width": 390, "height": 844})
    await page.picture(f"{lang}-phone")
    assert page.complaints == []


async def codes(page):
    return await page.page.eval_on_selector_all(".entry", "all => all.map(e => e.dataset.code)")


async def test_a_decision_shows_at_once_and_can_be_undone(open_page):
    page = await open_page()
    await page.page.fill("[data-act=duty]", "Cô Hoa")
    await page.page.click(".entry[data-code=STAFF_CALLED] .act")
    await page.page.wait_for_selector(".entry[data-code=STAFF_CALLED]", state="detached")
    await page.page.click(".settled summary")
    assert "Cô Hoa" in await page.page.inner_text(".settled li >> nth=0")
    await page.page.click(".toast .act")
    await page.page.wait_for_selector(".entry[data-code=STAFF_CALLED]")
    assert page.complaints == []


async def test_a_loan_without_a_known_card_is_given_one(open_page):
    page = await open_page()
    await page.page.click(".entry[data-code=UNKNOWN_CARD] [data-value=assign]")
    await page.page.wait_for_selector(".ask input:focus")
    await page.page.keyboard.type("không có")
    await page.page.keyboard.press("Enter")
    await page.page.wait_for_selector(".toast:has-text('Chưa thực hiện được')")
    assert "UNKNOWN_CARD" in await codes(page)
    await page.page.fill(".ask input", "91")
    await page.page.keyboard.press("Enter")
    await page.page.wait_for_selector(".entry[data-code=UNKNOWN_CARD]", state="detached")


async def test_filters_stay_in_the_address(open_page):
    page = await open_page()
    await page.page.click("[data-act=severity][data-value=warn]")
    await page.page.select_option("[data-act=site]", "xa")
    assert page.page.url.endswith("?severity=warn&site=xa")
    assert await codes(page) == ["READER_BLOCKED"]
    await page.page.reload()
    await page.page.wait_for_selector(".entry")
    assert await codes(page) == ["READER_BLOCKED"]


async def test_a_search_without_marks_finds_vietnamese_titles(open_page):
    page = await open_page()
    await page.page.fill("[data-act=find]", "vang bong")
    await page.page.wait_for_function("document.querySelectorAll('.now .event').length === 1")
    assert "Vang bóng một thời" in await page.page.inner_text(".now .event")


async def test_what_is_shown_can_be_taken_along_as_a_table(open_page):
    page = await open_page()
    async with page.page.expect_download() as waiting:
        await page.page.click("[data-act=export]")
    path = await (await waiting.value).path()
    lines = path.read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(await codes(page))
    assert "Nửa chừng xuân" in "\n".join(lines)


async def test_the_page_changes_by_itself(open_page, centre):
    one, other = await open_page(), await open_page("?lang=en")
    await one.page.click(".entry[data-code=TROUBLE] .act")
    await other.page.wait_for_selector(".entry[data-code=TROUBLE]", state="detached")


async def test_what_cannot_be_known_or_written_is_said(open_page):
    page = await open_page()
    board = await (await page.page.request.get(f"{page.url}api/board")).json()
    pieces = {f"devices/{row['device']}": {**row, "online": False, "waiting": 0}
              for row in board["devices"]}  # fmt: skip
    pieces |= {f"sites/{row['site']}": row for row in board["sites"]}
    pieces |= {"centre/ledger": board["centre"][0], "centre/state": {"broker": True, "full": True}}
    told = json.dumps(json.dumps({"now": board["now"], "reset": True, "set": pieces}))
    await page.page.add_init_script(
        "window.EventSource = class { constructor() {"
        f" setTimeout(() => this.onmessage({{ data: {told} }}), 50); }} }};"
    )
    await page.page.reload()
    await page.page.get_by_text("Trung tâm chưa ghi được sổ").wait_for()
    cards = await page.page.locator(".card").all_inner_texts()
    assert cards
    assert all("Nghe lần cuối" in text and "Đã đồng bộ hết" not in text for text in cards)


async def test_nothing_is_asked_of_the_network_outside(open_page, centre):
    page = await open_page()
    await page.picture("vi")
    assert all(url.startswith((centre, "blob:")) for url in page.requests)


async def test_the_keyboard_alone_gets_to_the_first_decision(open_page):
    page = await open_page()
    for _ in range(25):
        await page.page.keyboard.press("Tab")
        focused = await page.page.evaluate("document.activeElement.dataset.act || ''")
        if focused == "resolve":
            break
    outline = await page.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert (focused, outline) == ("resolve", "4px")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_text_has_enough_contrast(open_page, theme):
    page = await open_page(f"?theme={theme}")
    poor = await page.page.evaluate(CONTRAST)
    assert poor == []


CONTRAST = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((c, n) => c * a + under[n] * (1 - a));
  const light = (color) => {
    const [r, g, b] = color.map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      layers.push(color);
      if ((color[3] ?? 1) === 1) break;
    }
    return layers.reverse().reduce((under, color) => over(color, under), [255, 255, 255]);
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim());
    if (!own || node.closest(".hidden, .skip, option") || !node.offsetParent) continue;
    const back = ground(node), front = over(rgb(getComputedStyle(node).color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${node.className || node.tagName} ${ratio.toFixed(2)}: ${node.textContent.slice(0, 30)}`);
  }
  return poor;
}"""
