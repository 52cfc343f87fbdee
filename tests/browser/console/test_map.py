"""The sites on the map: by mouse and keyboard, in both languages, on a desk and on a phone."""

from pathlib import Path

import pytest

from gateway.enrol import enrol, open_ledger
from gateway.ledger.places import import_map
from gateway.testing import NOW

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
MAP = Path(__file__).parents[3] / "demo/data/map.geojson"


@pytest.fixture
def home(home, tmp_path):
    """The two libraries of the map, and three communes without machines that ever spoke."""
    ledger = open_ledger(home)
    text = MAP.read_text("utf-8").rstrip().removesuffix("]}")
    for n, (lon, lat) in enumerate(((105.3, 20.5), (105.85, 20.2), (105.8501, 20.2002)), 2):
        site = f"xa-{n}"
        enrol(home, ledger, site, f"{site}-all", tmp_path / site, NOW, site_name=f"Thư viện xã {n}")
        text += (
            f',{{"type":"Feature","properties":{{"site":"{site}"}},"geometry":'
            f'{{"type":"Point","coordinates":[{lon},{lat}]}}}}'
        )
    enrol(home, ledger, "xa-9", "xa-9-all", tmp_path / "xa-9", NOW, site_name="Thư viện xã 9")
    (tmp_path / "map.geojson").write_text(text + "]}", "utf-8")
    import_map(ledger, tmp_path / "map.geojson")
    ledger.close()
    return home


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_map_shows_how_sites_are_and_the_list_says_the_same(open_page, axe, lang):
    page = await open_page(f"?lang={lang}&page=machines", awaited=".tile-m")
    await page.page.click("[data-act=map-on][data-value='1']")
    await page.page.wait_for_selector(".land [data-mark]")
    states = await page.page.eval_on_selector_all(
        ".land [data-mark]", "all => all.map((one) => one.getAttribute('class'))"
    )
    assert sorted(states) == ["mark needs", "mark never", "mark never", "mark offline"]
    await page.picture(f"{lang}-map")
    found = await axe(page.page)
    await page.page.click(".land [data-mark=tinh]")
    await page.page.wait_for_selector(".chosen .tile-m[data-value=tinh-kiosk]")
    await page.page.set_viewport_size(PHONE)
    await page.page.locator(".land").scroll_into_view_if_needed()
    await page.picture(f"{lang}-map-phone")
    wide = await page.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    found += await axe(page.page)
    assert sorted(set(found)) == []
    await page.page.click("[data-act=map-on][data-value='']")
    await page.page.wait_for_selector(".land", state="detached")
    assert await page.page.locator(".sites .site").count() == 6
    assert page.complaints == []


async def test_the_keyboard_goes_from_mark_to_mark_and_into_a_crowd(open_page):
    page = await open_page("?page=machines&map=1", awaited=".land [data-mark]")
    await page.page.focus(".land [data-mark][tabindex='0']")
    await page.page.keyboard.press("ArrowDown")
    await page.page.focus(".land [data-mark=xa]")
    await page.page.keyboard.press("ArrowRight")
    crowd = ".land [data-many]"
    await page.page.wait_for_selector(f"{crowd}:focus")
    assert "2" in await page.page.text_content(f"{crowd} text.count")
    await page.page.keyboard.press("Enter")
    await page.page.wait_for_selector("[data-act=map-out]")
    assert await page.page.locator(".chosen .site").count() == 2
    await page.page.click("[data-act=map-out]")
    await page.page.wait_for_selector(".land [data-mark=tinh]")
    assert page.complaints == []


async def test_sites_that_are_not_on_the_map_are_named_beside_it(open_page):
    page = await open_page("?page=machines&map=1", awaited=".land [data-mark]")
    await page.page.click(".settled summary")
    await page.page.wait_for_selector(".settled .site:has-text('Thư viện xã 9')")


async def test_the_drawing_is_light(open_page):
    page = await open_page("?page=machines&map=1", awaited=".land [data-mark]")
    size = await page.page.evaluate("fetch('/api/map').then((r) => r.text()).then((t) => t.length)")
    assert size < 6000
