"""The console with 500 machines: what the page weighs, how soon it shows, how many bytes it costs.

A real ledger, the real web server, a real Chromium. Every machine says how it is every 30 seconds
and some book moves every second. Run it alone: ``python bench/console.py [--machines 500]``.
"""

import argparse
import asyncio
import gzip
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from table import show

from edge.wire.facts import Loan, Return, Trouble, Well
from edge.wire.messages import Health, PartHealth, State
from gateway.broker import Broker
from gateway.config import BrokerOptions, ConsoleOptions
from gateway.console.app import STATIC, make_app
from gateway.console.server import ConsoleServer
from gateway.ledger import status
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.testing import ITEMS, Speaker, stock
from gateway.worker import LedgerWorker

PER_SITE = 3
HEALTH_SECONDS = 30
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]


class Province:
    """Many machines that say how they are, straight into the ledger."""

    def __init__(self, folder: Path, machines: int) -> None:
        self.path = folder / "ledger.db"
        self.ledger = stock(self.open(), now_ms())
        self.devices = [(f"s{n // PER_SITE:03}", f"m{n:04}") for n in range(machines)]
        self.speakers = {device: Speaker(device, site, "e") for site, device in self.devices}
        with self.ledger.store.transaction():
            for n, (site, device) in enumerate(self.devices):
                self.ledger.catalogue.put_site(site, "", f"Thư viện xã số {n // PER_SITE}")
                name = f"Máy mượn trả {n}"
                self.ledger.enrol(site, device, now_ms(), serial="1", fingerprint="", name=name)
                status.put_state(self.ledger, device, State(online=True), now_ms())
                self.health(device)

    def open(self) -> SqliteLedger:
        return SqliteLedger(self.path, lambda site: site.encode() * 8)

    def health(self, device: str) -> None:
        numbers = {"memory_mb": random.randrange(40, 60), "kiosk_visits": 4.0, "cpu_percent": 3.0}
        parts = {name: PartHealth(up=True) for name in ("pad", "card", "printer", "disk")}
        told = Health(at=now_ms(), version="1", boot="b", parts=parts, numbers=numbers)
        status.put_health(self.ledger, device, told, now_ms())

    def happened(self, device: str, fact: Loan | Return | Trouble | Well) -> None:
        speaker = self.speakers[device]
        event = speaker.happened(fact, now_ms())
        self.ledger.apply(speaker.site, speaker.batch(event.seq, event.seq), now_ms())


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@asynccontextmanager
async def served(province: Province, pulse: Pulse) -> AsyncIterator[str]:
    writes, reads = LedgerWorker(province.open, "w"), LedgerWorker(province.open, "r")

    async def up() -> None:
        return None

    broker = Broker(BrokerOptions(tls=False), lambda *_: None, up)
    app = make_app(writes, reads, broker, now_ms, pulse, ConsoleOptions(open=True))
    server = ConsoleServer(app, "127.0.0.1", 0, pulse)
    task = asyncio.create_task(server.run())
    await server.wait_ready()
    try:
        yield server.address
    finally:
        server.stop()
        await task
        writes.close()
        reads.close()


async def live(province: Province, pulse: Pulse) -> None:
    """Let machines say how they are, and books move."""
    pause, n = HEALTH_SECONDS / len(province.devices), 0
    while True:
        for _ in range(5):
            province.health(province.devices[n % len(province.devices)][1])
            n += 1
        if n % 15 == 0:
            device = random.choice(province.devices)[1]
            province.happened(device, Return(item=random.choice(ITEMS).item))
        pulse.beat()
        await asyncio.sleep(pause * 5)


async def bytes_of(address: str, seconds: float) -> tuple[int, int, int]:
    """Return what a packed stream costs: the first picture, then all else; and unpacked."""
    host, port = address.split("//")[1].strip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /api/events HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    )
    unpacker, head = zlib.decompressobj(31), await reader.readuntil(b"\r\n\r\n")
    assert b"gzip" in head
    first = more = plain = 0
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            async with asyncio.timeout(left):
                size = int(await reader.readline(), 16)
                data = await reader.readexactly(size + 2)
        except TimeoutError:
            break
        plain += len(unpacker.decompress(data[:-2]))
        first, more = (size, more) if not first else (first, more + size)
    writer.close()
    return first, more, plain


def memory_mb(pid: int) -> float:
    """Return the proportional memory of a process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(row for row in text.splitlines() if row.startswith("Pss:")).split()[1]) / 1024


def scripts() -> int:
    """Return the bytes of all scripts and styles of the page as they travel."""
    files = [file for file in STATIC.iterdir() if file.suffix in (".js", ".css")]
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


async def weight(browser: Browser) -> float:
    """Return the memory of the browser's heaviest page, in MiB."""
    info = await (await browser.new_browser_cdp_session()).send("SystemInfo.getProcessInfo")
    pids = [row["id"] for row in info["processInfo"] if row["type"] == "renderer"]
    return max(memory_mb(pid) for pid in pids)


async def look(address: str, province: Province, pulse: Pulse, rounds: int) -> dict[str, float]:
    """Open the machines' page; return its weight and how soon it shows a trouble and its end."""
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        page = await context.new_page()
        empty = await weight(browser)
        began = time.monotonic()
        await page.goto(f"{address}?page=machines&lang=en")
        await page.wait_for_selector(".tile-m")
        opened = time.monotonic() - began
        delays = []
        for n in range(rounds):
            device = province.devices[n * 7][1]
            for fact, state in (
                (Trouble(part="printer", reason="paper_out"), "needs"),
                (Well(part="printer", reason="paper_out"), "well"),
            ):
                began = time.monotonic()
                province.happened(device, fact)
                pulse.beat()
                await page.wait_for_selector(
                    f".tile-m.{state}[data-value={device}]", state="attached"
                )
                delays.append(time.monotonic() - began)
        client = await page.context.new_cdp_session(page)
        await client.send("Performance.enable")
        await client.send("HeapProfiler.collectGarbage")
        rows = (await client.send("Performance.getMetrics"))["metrics"]
        metrics = {row["name"]: row["value"] for row in rows}
        heaviest = await weight(browser)
        await browser.close()
    delays.sort()
    return {
        "open": opened,
        "median": statistics.median(delays),
        "p99": delays[int(0.99 * (len(delays) - 1))],
        "heap": metrics["JSHeapUsedSize"] / 2**20,
        "renderer": heaviest,
        "empty": empty,
        "nodes": metrics["Nodes"],
    }


async def measure(machines: int, seconds: float, rounds: int) -> None:
    pulse = Pulse()
    with tempfile.TemporaryDirectory() as folder:
        province = Province(Path(folder), machines)
        async with served(province, pulse) as address:
            living = asyncio.create_task(live(province, pulse))
            first, more, plain = await bytes_of(address, seconds)
            seen = await look(address, province, pulse, rounds)
            living.cancel()
            await asyncio.wait((living,))
        province.ledger.close()
    show(
        f"The console with {machines} machines",
        ("what", "value"),
        [
            ("first picture, packed", f"{first / 1024:.1f} KiB"),
            ("after that, packed", f"{more * 8 / seconds / 1000:.2f} kbit/s"),
            ("unpacked in all", f"{plain / 1024:.0f} KiB in {seconds:.0f} s"),
            ("scripts and styles, packed", f"{scripts() / 1024:.1f} KiB"),
            ("page opens", f"{seen['open']:.2f} s"),
            ("a trouble or its end shows, median", f"{seen['median'] * 1000:.0f} ms"),
            ("… p99", f"{seen['p99'] * 1000:.0f} ms"),
            ("JavaScript heap", f"{seen['heap']:.1f} MiB"),
            (
                "the page's process (an empty page)",
                f"{seen['renderer']:.0f} MiB ({seen['empty']:.0f})",
            ),
            ("nodes", f"{seen['nodes']:.0f}"),
        ],
    )


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--machines", type=int, default=500)
    words.add_argument("--seconds", type=float, default=30)
    words.add_argument("--rounds", type=int, default=20)
    args = words.parse_args()
    asyncio.run(measure(args.machines, args.seconds, args.rounds))
