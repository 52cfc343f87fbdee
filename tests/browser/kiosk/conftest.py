"""Chromium in front of a kiosk in a box; screenshots go to .artifacts/screens."""

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
