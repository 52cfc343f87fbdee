"""The shipped policy in Debian's Chromium: one page, and nothing around it. The screen's watch."""

import asyncio
import json
import mmap
import os
import shutil
import sys
from pathlib import Path

import pytest
from playwright.async_api import Error, async_playwright

from kiosk.testing import kiosk_in_a_box

pytestmark = pytest.mark.browser

POLICY = Path(__file__).parents[3] / "firmware_configs" / "chromium" / "shelfwire.json"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
FOR_THE_TEST = ("RemoteDebuggingAllowed", "DeveloperToolsAvailability")
"""Without these a test could not hold the browser's hand; one test keeps them all."""
ELSEWHERE = [
    "http://127.0.0.1:9/", "http://localhost:{port}/", "https://example.com/", "file:///etc/passwd",
    "chrome://version", "chrome://policy", "chrome://settings", "chrome://downloads",
    "view-source:http://127.0.0.1:{port}/", "data:text/html,hello", "chrome://inspect",
    "devtools://devtools/bundled/inspector.html",
]  # fmt: skip
needs_root = pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("unshare"), reason="only root can give Chromium a policy"
)


@pytest.fixture
async def box(tmp_path):
    async with kiosk_in_a_box(tmp_path) as box:
        await box.screen("idle")
        yield box


@pytest.fixture
def governed(tmp_path, box):
    """Return a function that makes a Chromium under the shipped policy, in a mount of its own."""

    def making(*left_out):
        policy = POLICY.read_text().replace(":8080", f":{box.kiosk.port}")
        kept = {name: value for name, value in json.loads(policy).items() if name not in left_out}
        folder = tmp_path / "etc/policies/managed"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "shelfwire.json").write_text(json.dumps(kept))
        wrapper = tmp_path / "chromium"
        wrapper.write_text(
            "#!/bin/sh\nexec unshare --mount --propagation private sh -c "
            f'\'mount --bind {tmp_path}/etc /etc/chromium && exec {CHROMIUM} "$@"\' sh "$@"\n'
        )
        wrapper.chmod(0o755)
        return str(wrapper)

    return making


def test_every_policy_is_a_word_that_this_chromium_knows():
    with Path("/usr/lib/chromium/chromium").open("rb") as file:
        program = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        names = json.loads(POLICY.read_text())
        assert [n for n in names if program.find(b"\0" + n.encode() + b"\0") < 0] == []


async def launched(tools, folder, wrapper, patience=60_000):
    return await tools.chromium.launch_persistent_context(
        folder, executable_path=wrapper, args=FLAGS, timeout=patience
    )


@pytest.fixture
async def held(governed, tmp_path):
    """A browser under the policy, as far as a test can hold its hand."""
    async with async_playwright() as tools:
        browser = await launched(tools, tmp_path / "profile", governed(*FOR_THE_TEST))
        yield browser
        await browser.close()


@needs_root
async def test_nobody_can_attach_to_the_browser_from_outside(governed, tmp_path):
    async with async_playwright() as tools:
        with pytest.raises(Error):
            await launched(tools, tmp_path / "profile", governed(), patience=3_000)


@needs_root
async def test_the_browser_shows_the_kiosk_and_goes_nowhere_else(held, box):
    page = await held.new_page()
    await page.goto(f"http://127.0.0.1:{box.kiosk.port}/")
    await page.wait_for_selector("body.on-idle")
    opened = []
    for address in ELSEWHERE:
        page = await held.new_page()
        try:
            await page.goto(address.format(port=box.kiosk.port))
            opened.append(address)
        except Error as error:
            assert "ERR_BLOCKED_BY_ADMINISTRATOR" in str(error), address
        await page.close()
    assert opened == []


@needs_root
async def test_the_page_gets_no_power_over_the_machine(held, box):
    page = await held.new_page()
    await page.goto(f"http://127.0.0.1:{box.kiosk.port}/")
    await page.wait_for_selector("body.on-idle")
    for power in ("geolocation", "notifications", "camera", "microphone", "clipboard-read"):
        asked = f"navigator.permissions.query({{name: '{power}'}}).then((p) => p.state)"
        assert await page.evaluate(asked) == "denied", power


async def keeper(url, profile, *browser, patience="60"):
    command = [sys.executable, "-m", "kiosk.browser", "--url", url, "--patience", patience, "--"]
    flags = [*FLAGS, "--headless", f"--user-data-dir={profile}", url]
    return await asyncio.create_subprocess_exec(
        *command, *(browser or (CHROMIUM, *flags)),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def pages(box, wanted):
    for _ in range(1200):
        if box.kiosk.stage.watchers == wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{box.kiosk.stage.watchers} pages, not {wanted}")


async def test_the_screen_shows_the_kiosk_and_ends_with_its_unit(box, tmp_path):
    url = f"http://127.0.0.1:{box.kiosk.port}/"
    screen = await keeper(url, tmp_path / "profile")
    await pages(box, 1)
    screen.terminate()
    assert await screen.wait() == 0
    await pages(box, 0)


async def test_a_browser_without_a_page_is_ended_so_that_systemd_starts_it_again(box):
    url = f"http://127.0.0.1:{box.kiosk.port}/"
    screen = await keeper(url, "", "sleep", "600", patience="1")
    _, words = await asyncio.wait_for(screen.communicate(), 40)
    assert screen.returncode == 1
    assert b"no page for 1 seconds" in words


async def test_a_page_outlives_a_restart_of_its_kiosk(tmp_path):
    async with kiosk_in_a_box(tmp_path / "one") as box:
        await box.screen("idle")
        port = box.kiosk.port
        screen = await keeper(f"http://127.0.0.1:{port}/", tmp_path / "profile")
        await pages(box, 1)
    async with kiosk_in_a_box(tmp_path / "two", port=port) as box:
        await pages(box, 1)
        screen.terminate()
        assert await screen.wait() == 0
