"""Chromium in front of a kiosk in a box; screenshots go to .artifacts/screens."""

import os
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from kiosk.testing import kiosk_in_a_box, receipt_keys

SCREENS = Path(__file__).parents[3] / ".artifacts" / "screens"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]

ALL = os.environ.get("SHELFWIRE_SCREENS") == "all"
"""``make screens``: pictures of every screen for eyes; otherwise axe-core looks at it."""
SIZES = {"": (1280, 800), "wide": (1920, 1080), "small": (800, 480), "tall": (1080, 1920)}
LOOKS = ("large_text", "contrast", "low_reach", "kids")
PAINTED = "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r))))"
"""Wait until the page has painted a change and done what it does after that."""


@pytest.fixture
def lang():
    return "vi"


@pytest.fixture
async def box(tmp_path, lang):
    async with kiosk_in_a_box(
        tmp_path, language=lang, receipt_keys=receipt_keys(tmp_path / "keys")
    ) as box:
        await box.screen("idle")
        yield box


@pytest.fixture
async def browser():
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


class Page:
    """The kiosk's page; every request and every complaint of the browser is kept."""

    def __init__(self, page, port):
        self.page, self.url = page, f"http://127.0.0.1:{port}/"
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None,
        )

    async def open(self):
        await self.page.goto(self.url)
        await self.page.wait_for_selector("body[data-state]")
        await self.page.evaluate("document.fonts.ready")
        return self

    async def shows(self, screen, state=""):
        wanted = f"body.on-{screen}" + (f"[data-state={state}]" if state else "")
        await self.page.wait_for_selector(wanted, timeout=20_000)

    async def click(self, name):
        await self.page.click(f"[data-press={name}]")

    async def picture(self, name, wait=450):
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.wait_for_timeout(wait)
        await self.page.screenshot(path=SCREENS / f"{name}.png", animations="disabled")


@pytest.fixture
def open_page(browser, box):
    pages = []

    async def opening(width=1280, height=800, **more):
        size = {"width": width, "height": height}
        context = await browser.new_context(viewport=size, locale="vi-VN", **more)
        page = Page(await context.new_page(), box.kiosk.port)
        pages.append(page)
        return await page.open()

    return opening


class Album:
    """Every screen in four sizes and as readers change it: pictures for eyes, or what axe-core finds."""

    def __init__(self, box, page, axe, lang):
        self._box, self._page, self._axe, self._lang = box, page, axe, lang
        self.found = []

    async def show(self, what, *, looks=LOOKS, whole=True):
        """Look at the screen that is there; ``whole``: with all rules and not only those of layout."""
        await self._sizes(f"{what}-{self._lang}", whole=whole)
        for look in looks if ALL else looks[:1]:
            await self._change(look, chosen=True)
            await self._sizes(f"{what}-{self._lang}-{look}")
            await self._change(look, chosen=False)

    async def _sizes(self, name, *, whole=False):
        for size, (width, height) in SIZES.items():
            await self._page.page.set_viewport_size({"width": width, "height": height})
            await self._take(
                "-".join(filter(None, ("kiosk", name, size))), whole=whole and not size
            )
        width, height = SIZES[""]
        await self._page.page.set_viewport_size({"width": width, "height": height})

    async def _take(self, name, *, whole):
        if ALL:
            await self._page.picture(name, wait=80)
        else:
            await self._page.page.evaluate(PAINTED)
            lines = await self._axe(self._page.page, layout=not whole)
            self.found += [f"{name}: {line}" for line in lines]

    async def _change(self, look, *, chosen):
        self._box.press(look)
        name = f"[data-press={look}][aria-pressed={str(chosen).lower()}]"
        if look == "kids" and not await self._page.page.locator("[data-press=kids]").count():
            name = "body.kids" if chosen else "body:not(.kids)"
        await self._page.page.wait_for_selector(name, state="attached")


@pytest.fixture
def album(box, axe, lang):
    """Return a function from a page to the album of its screens."""
    return lambda page: Album(box, page, axe, lang)
