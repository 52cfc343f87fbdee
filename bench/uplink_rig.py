"""Broker, bare centre and an agent's uplink: what the benches of the uplink share."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

from rig import free_port

from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions
from edge.journal import Journal
from edge.replica import Replica
from edge.uplink import Uplink
from edge.wire.messages import Health
from gateway.testing import find_mosquitto

HERE = Path(__file__).parent
KEY = b"k" * 32


@asynccontextmanager
async def broker(folder: Path, rights: str = "") -> AsyncIterator[int]:
    """Run a Mosquitto without TLS; ``rights``: its access list."""
    port = free_port()
    config = folder / "plain.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        "max_queued_messages 200000\nmax_inflight_messages 0\nlog_type error\nuser root\n"
    )
    if rights:
        (folder / "rights").write_text(rights)
        (folder / "rights").chmod(0o600)
        config.write_text(f"{config.read_text()}acl_file {folder / 'rights'}\n")
    process = await asyncio.create_subprocess_exec(
        str(find_mosquitto()), "-c", str(config), stderr=asyncio.subprocess.DEVNULL
    )
    await asyncio.sleep(0.5)
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def sending(
    folder: Path, journal: Journal, options: UplinkOptions, *, gather: bool = True
) -> AsyncIterator[Uplink]:
    """Run the uplink of an agent."""
    (folder / "site.key").write_text(KEY.hex())
    agent = AgentOptions(site="tinh", device="bench", data=folder, site_key=folder / "site.key")
    clock = Clock()
    with closing(Replica.open(folder / "replica.db", clock.now_ms)) as replica:
        uplink = Uplink(
            options,
            agent,
            journal,
            replica,
            clock,
            health=lambda: Health(at=0, version="", boot=""),
            allowed={},
        )
        if not gather:
            uplink._sender._gather = 0.0  # noqa: SLF001
        task = asyncio.create_task(uplink.run())
        try:
            yield uplink
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def copied(folder: Path, options: UplinkOptions) -> None:
    """Give the device its copy of the catalogue, as one has that only lost its network."""
    journal = Journal.open(folder / "before.db", "bench", Clock())
    async with sending(folder, journal, options) as uplink, asyncio.timeout(120):
        while not uplink._replica.version:  # noqa: ASYNC110, SLF001 - polled on purpose
            await asyncio.sleep(0.05)
    await journal.close()


async def drained(journal: Journal) -> float:
    """Wait until all is acknowledged; return when."""
    while journal.acked < journal.last_seq:  # noqa: ASYNC110 - polled on purpose
        await asyncio.sleep(0.005)
    return time.perf_counter()


async def ended(process: asyncio.subprocess.Process) -> None:
    """End a process that may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def ingest(
    stack: AsyncExitStack, port: int, file: Path, count: int, how: str
) -> asyncio.subprocess.Process:
    """Start the bare centre; return when it listens."""
    command = (
        sys.executable,
        str(HERE / "uplink_ingest.py"),
        str(port),
        str(file),
        str(count),
        how,
    )
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    stack.push_async_callback(ended, process)
    assert process.stdout is not None
    await process.stdout.readline()
    return process


def paths_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the uplink with paths where they belong."""
    return {k: Path(str(v)) if k in ("ca", "cert", "key") else v for k, v in options.items()}
