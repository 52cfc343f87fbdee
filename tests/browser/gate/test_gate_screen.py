"""The polite screen at the gate in Chromium: what it says, to whom it tells nothing, and axe-core."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from edge.gate.screen import GateScreen

SCREENS = Path(__file__).parents[3] / ".artifacts" / "screens"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--font-render-hinting=none",
]  # fmt: skip
pytestmark = pytest.mark.browser


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def answers(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


@pytest.fixture
async def screen() -> AsyncIterator[tuple[GateScreen, int]]:
    port = free_port()
    screen = GateScreen("gate", "Thư viện tỉnh", port)
    task = asyncio.create_task(screen.run())
    await answers(port)
    yield screen, port
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def page(screen: tuple[GateScreen, int]) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await page.goto(f"http://127.0.0.1:{screen[1]}/")
        await page.wait_for_function("document.getElementById('library').textContent")
        yield page
        await browser.close()


async def test_the_screen_asks_politely_names_nobody_and_everybody_can_read_it(
    screen: tuple[GateScreen, int], page: Page, axe: Any
) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    found = []
    for name, words in (("calm", "Hẹn gặp lại"), ("please", "Mời bạn"), ("fire", "Lối ra")):
        if name == "please":
            screen[0].please()
        screen[0].fire(name == "fire")
        await page.wait_for_selector(f"body[data-shown={name}]")
        await page.wait_for_timeout(300)
        assert words in await page.inner_text("main")
        found += await axe(page)
        await page.screenshot(path=SCREENS / f"gate-{name}.png")
    assert sorted(set(found)) == []


async def test_only_the_pi_itself_may_ask(screen: tuple[GateScreen, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", screen[1])
    writer.write(b"GET / HTTP/1.1\r\nHost: library.example\r\nConnection: close\r\n\r\n")
    assert b" 400 " in await reader.readline()
    writer.close()
