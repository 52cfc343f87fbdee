"""The kiosk's page on a slow machine: first paint, taps, weight, and memory over many visits.

Chromium with a CPU slowed four times shows a real kiosk; the figures are of this machine and are never
asserted. ``python bench/page/run.py --sessions 2000`` prints them.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from playwright.async_api import CDPSession, Page, async_playwright

from kiosk.testing import Box, kiosk_in_a_box

FLAGS = ["--no-sandbox", "--disable-gpu"]
SLOWER = 4
WATCH = """() => { window.taps = [];
  new PerformanceObserver((list) => { for (const e of list.getEntries())
    if (e.interactionId) window.taps.push([e.duration, e.target?.closest?.("[data-press]")?.dataset.press ?? "", e.processingEnd - e.processingStart, e.processingStart - e.startTime]); })
    .observe({ type: "event", durationThreshold: 16, buffered: true }); }"""
COMING = """(screen) => { let began = 0, tell; window.coming = new Promise((done) => { tell = done; });
  const seen = () => document.body.classList.contains(`on-${screen}`);
  const body = document.body.className + document.body.dataset.state;
  const look = (at) => { if (began && document.body.className + document.body.dataset.state !== body && seen())
    requestAnimationFrame(() => setTimeout(() => tell(performance.now() - began)));
    else requestAnimationFrame(look); };
  addEventListener("pointerup", (event) => { began = event.timeStamp; }, { once: true, capture: true });
  requestAnimationFrame(look); }"""
PAUSE_MS = 120
PAINT = """() => Math.round(performance.getEntriesByName("first-contentful-paint")[0].startTime)"""


async def paint(page: Page, line: CDPSession, url: str) -> list[int]:
    """Return five first contentful paints in ms, on a fresh cache."""
    found = []
    await line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    for _ in range(5):
        await page.goto(url)
        await page.wait_for_selector("body[data-state]")
        await page.wait_for_timeout(300)
        found.append(await page.evaluate(PAINT))
    return sorted(found)


WEIGH = """() => { const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const sum = (list) => list.reduce((bytes, one) => bytes + one.decodedBodySize, 0);
  const isFont = (one) => one.name.endsWith(".woff2");
  return [sum(all.filter((one) => !isFont(one))), sum(all.filter(isFont))]; }"""


async def weigh(page: Page, url: str) -> tuple[int, int]:
    """Return the bytes of everything but fonts, and of fonts, that the page asks for."""
    await page.goto(url)
    await page.wait_for_selector("body[data-state]")
    await page.wait_for_timeout(500)
    rest, fonts = await page.evaluate(WEIGH)
    return rest, fonts


async def tap(page: Page, box: Box) -> tuple[list[float], list[float]]:
    """Return how long taps took until the next paint (16 ms: the clock's smallest), and their screens."""
    await page.evaluate(WATCH)
    screens: list[float] = []

    async def go(press: str, screen: str) -> None:
        await page.evaluate(COMING, screen)
        await page.click(f"[data-press={press}]:visible")
        screens.append(await page.evaluate("window.coming"))
        await page.wait_for_timeout(PAUSE_MS)

    for _ in range(10):
        await go("borrow", "identify")
        await go("back", "idle")
        for look in ("large_text", "contrast", "language") * 2:
            await page.click(f"[data-press={look}]")
            await page.wait_for_timeout(PAUSE_MS)
        await go("account", "identify")
        box.tap("100004")
        await page.wait_for_selector("body.on-account [data-press=renew]")
        await page.wait_for_timeout(PAUSE_MS)
        await go("borrow", "books")
        await go("return", "books")
        await go("back", "books")
        await go("finish", "bye")
        box.press("finish")
        await page.wait_for_selector("body.on-idle")
    await page.wait_for_timeout(300)
    found = await page.evaluate("window.taps")
    return sorted(one[0] for one in found), sorted(screens)


def parts(found: list[float]) -> str:
    """Return the middle, the 98th percentile and the worst of sorted figures in ms."""
    late = found[int(len(found) * 0.98)]
    return f"{found[len(found) // 2]:.0f} ms, p98 {late:.0f} ms, worst {found[-1]:.0f} ms, n={len(found)}"


async def memory(line: CDPSession) -> tuple[float, int]:
    """Return the page's heap in MiB and its nodes, after the rubbish was collected."""
    await line.send("HeapProfiler.collectGarbage")
    await line.send("HeapProfiler.collectGarbage")
    heap = (await line.send("Runtime.getHeapUsage"))["usedSize"] / 2**20
    nodes = (await line.send("Memory.getDOMCounters"))["nodes"]
    return heap, nodes


async def visit(page: Page, box: Box) -> None:
    """Live through a visit over five screens in two languages, each of them painted."""

    async def seen(screen: str) -> None:
        await box.screen(screen, seconds=60)
        await page.wait_for_selector(f"body.on-{screen}")

    box.press("borrow")
    await seen("identify")
    box.press("language")
    box.press("return")
    await seen("books")
    box.press("finish")
    await seen("bye")
    box.press("finish")
    await seen("idle")


async def main(sessions: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        async with kiosk_in_a_box(Path(folder)) as box, async_playwright() as tools:
            await box.screen("idle")
            url = f"http://127.0.0.1:{box.kiosk.port}/"
            browser = await tools.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            line = await page.context.new_cdp_session(page)
            rest, fonts = await weigh(page, url)
            print(f"weight without fonts  {rest / 1024:.0f} KiB (fonts {fonts / 1024:.0f} KiB)")
            await line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            paints = await paint(page, line, url)
            print(f"first paint           {paints[2]} ms, worst {paints[-1]} ms (CPU / {SLOWER})")
            taps, screens = await tap(page, box)
            print(f"tap to next paint     {parts(taps)} (CPU / {SLOWER})")
            print(f"tap to next screen    {parts(screens)} (CPU / {SLOWER})")
            await line.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            await soak(page, line, box, sessions)
            await browser.close()


async def soak(page: Page, line: CDPSession, box: Box, sessions: int) -> None:
    """Live many visits on one page and print what memory did."""
    for _ in range(50):
        await visit(page, box)
    first, began = await memory(line), time.monotonic()
    print(f"after    50 to warm up  heap {first[0]:.2f} MiB, {first[1]} nodes")
    for done in range(1, sessions + 1):
        await visit(page, box)
        if done % max(1, sessions // 8) == 0:
            heap, nodes = await memory(line)
            print(
                f"after {done:5} visits      heap {heap:.2f} MiB ({heap - first[0]:+.2f}), {nodes} nodes"
            )
    print(f"{sessions} visits in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--sessions", type=int, default=2000)
    asyncio.run(main(told.parse_args().sessions))
