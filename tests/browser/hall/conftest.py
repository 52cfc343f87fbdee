"""Chromium in the hall; screenshots go to .artifacts/screens."""

import asyncio
import contextlib
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import async_playwright

from demo.catalogue import library
from demo.day.hands import Hall
from demo.places import open_places
from demo.world.hall import make_app
from demo.world.world import World

SCREENS = Path(__file__).parents[3] / ".artifacts" / "screens"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--font-render-hinting=none",
]  # fmt: skip


@pytest.fixture
def places(tmp_path):
    return open_places(tmp_path / "demo", any_ports=True)


@pytest.fixture
async def world(places):
    async with contextlib.AsyncExitStack() as stack:
        world = World(library(), places, pace=0.1)
        await stack.enter_async_context(world.open(power=False))
        config = uvicorn.Config(
            make_app(world), host="127.0.0.1", port=places.ports["hall"], log_level="error",
            ws="websockets-sansio", timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        yield world
        server.should_exit = True
        await task


@pytest.fixture
def hall(places):
    return Hall(places)


@pytest.fixture
async def browser():
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


class HallPage:
    """The hall in a browser: what is dragged where, and what it complained of."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None,
        )

    async def open(self):
        await self.page.goto(self.url)
        await self.page.wait_for_selector("body[data-ready]")
        await self.page.evaluate("document.fonts.ready")
        return self

    def plan(self, site="tinh"):
        return self.page.locator(f".plan >> nth={0 if site == 'tinh' else 1}")

    async def drag(self, thing, spot, site="tinh"):
        start = await self.plan(site).locator(thing).bounding_box()
        end = await self.plan(site).locator(spot).bounding_box()
        mouse = self.page.mouse
        await mouse.move(start["x"] + start["width"] / 3, start["y"] + start["height"] / 3)
        await mouse.down()
        await mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=6)
        await mouse.up()

    async def picture(self, name):
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.wait_for_timeout(500)
        await self.page.screenshot(path=SCREENS / f"{name}.png")


@pytest.fixture
def open_hall(browser, places):
    pages = []

    async def opening(width=1440, height=900, **more):
        size = {"width": width, "height": height}
        context = await browser.new_context(viewport=size, locale="vi-VN", **more)
        pages.append(context)
        return await HallPage(await context.new_page(), places.url("hall")).open()

    return opening
