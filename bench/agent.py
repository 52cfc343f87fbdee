"""What an agent with all three stations costs: memory after the start and after some loans, idle CPU.

Everything is real: TLS to Mosquitto, a gateway that answers, a page that is open, simulated devices
that take their time on the air. The gateway and the devices are other processes.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import table
from centre import centre
from rig import Plan, Rig
from visit import STACK, Desk, kiosk

from drivers.feig import FeigGateSimulator, FeigSimulator
from drivers.gpio.simulator import BoardSimulator

LOANS = 60
SETTLE, WINDOW = 8.0, 12.0
"""Seconds of quiet before idle is measured (the gate slows down), and for how long it is."""
TICKS = os.sysconf("SC_CLK_TCK")
GATE: Plan = (
    {"antenna": ("feig-gate", FeigGateSimulator()), "lines": ("board-socket", BoardSimulator())},
    {"reader": "antenna", "board": "lines"},
)
DROP: Plan = (
    {"chute": ("feig", FeigSimulator()), "flap": ("board-socket", BoardSimulator())},
    {"reader": "chute", "board": "flap"},
)


def said(what: str) -> None:
    """Say how far it is."""
    print(what, file=sys.stderr, flush=True)


def memory(pid: int) -> tuple[float, float]:
    """Return resident and proportional memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split()[0]: int(line.split()[1]) / 1024 for line in lines}
    return sizes["Rss:"], sizes["Pss:"]


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def idle(pid: int) -> float:
    """Return the share of one core that the process takes while nobody is there."""
    said(f"quiet for {SETTLE + WINDOW:.0f} s")
    await asyncio.sleep(SETTLE)
    began, used = time.perf_counter(), cpu_seconds(pid)
    await asyncio.sleep(WINDOW)
    return (cpu_seconds(pid) - used) / (time.perf_counter() - began)


async def visits(desk: Desk) -> None:
    """Lend and take back until there were enough loans; the first reader wants it printed."""
    for n in range(LOANS // STACK):
        said(f"visit {n + 1} of {LOANS // STACK}")
        for work in (desk.lend, desk.take_back):
            await desk.lay()
            await work()
            await desk.leave("no_receipt" if n else "print")


@asynccontextmanager
async def read_all(desk: Desk) -> AsyncIterator[None]:
    """Read what the page is told meanwhile, as a browser does."""

    async def read() -> None:
        while True:
            json.loads(await desk.page.recv())

    task = asyncio.create_task(read())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def measure(rig: Rig, desk: Desk) -> list[tuple[str, ...]]:
    """Return the lines of the table."""
    pid = rig.process.pid
    lines: list[tuple[str, ...]] = []
    for when in ("after the start", f"after {LOANS} loans"):
        async with read_all(desk):
            share = await idle(pid)
        resident, proportional = memory(pid)
        lines.append((when, f"{resident:.1f}", f"{proportional:.1f}", f"{share:.1%}"))
        if when == "after the start":
            await visits(desk)
    return lines


async def run() -> list[tuple[str, ...]]:
    """Run the centre and an agent with three stations."""
    async with centre() as supply, kiosk(supply, gate=GATE, drop=DROP) as (rig, desk):
        await desk.ready(online=True)
        return await measure(rig, desk)


def main() -> None:
    """Measure once."""
    title = "Agent, three stations (targets: < 90 MiB, < 3 % of a core)"
    table.show(title, ("", "resident MiB", "proportional MiB", "idle CPU"), asyncio.run(run()))


if __name__ == "__main__":
    main()
