"""A real agent process on simulated devices, and a catalogue for it: what the station benches share.

The devices live in the process of the bench, the agent in its own, with TCP between them.
"""

import asyncio
import json
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.tags import NewTag, encode
from drivers.testing.serve import serve_tcp
from drivers.testing.simulator import Reply, Simulator
from drivers.testing.tag15693 import Tag
from edge.circulation.model import GroupRule, ItemView, LoanView, Policy, ReaderView
from edge.replica import Replica
from edge.wire.batch import to_builtins
from edge.wire.facts import card_ref
from edge.wire.messages import Part

KEY = b"k" * 32
OWNER = "VN-TINH"
DAY_MS = 86_400_000
CARD = "100001"


class Watched:
    """A simulated device that notes what it was asked, and when it was busy on the air."""

    def __init__(self, simulator: Simulator) -> None:
        """Stand in front of ``simulator``."""
        self.simulator = simulator
        self.asked: list[tuple[float, bytes]] = []
        self.busy: list[tuple[float, float]] = []

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Pass on."""
        self.simulator.connected(send)

    def feed(self, data: bytes) -> list[Reply]:
        """Pass on, and note."""
        now = time.perf_counter()
        replies = self.simulator.feed(data)
        self.asked.append((now, data))
        if after := sum(reply.after for reply in replies):
            self.busy.append((now, now + after))
        return replies

    def air(self, begin: float, end: float) -> float:
        """Return for how many seconds between two moments the device was busy on the air."""
        return sum(max(0.0, min(b, end) - max(a, begin)) for a, b in self.busy)

    def forget(self) -> None:
        """Begin to note anew."""
        self.asked.clear()
        self.busy.clear()


@dataclass(slots=True)
class Rig:
    """A running agent. ``folder`` holds its configuration and its data."""

    folder: Path
    process: asyncio.subprocess.Process
    ports: dict[str, int] = field(default_factory=dict)


def book(number: int, *, afi: int = 0x07) -> Tag:
    """Return the tag of the n-th book."""
    data = encode(NewTag(item_id=item_id(number), owner=OWNER), "iso28560-3", 112, 4)
    uid = bytes.fromhex("E00401") + number.to_bytes(5, "big")
    return Tag(uid, bytearray(data.ljust(112, b"\0")), dsfid=0x3E, afi=afi)


def item_id(number: int) -> str:
    """Return the number of the n-th book."""
    return f"TV{number:06}"


Devices = dict[str, tuple[str, Simulator]]
"""Driver and simulator by name."""
Plan = tuple[Devices, dict[str, Any]]
"""A station's devices and its options."""
Supply = Callable[[Path], dict[str, Any]]
"""Puts a site key, and what an agent may know before it starts, into a folder; returns [uplink]."""


def alone(*, items: int = 1000, loans: int = 0) -> Supply:
    """Give the local copy of a library, the last ``loans`` of its items lent just now; no centre."""

    def supply(folder: Path) -> dict[str, Any]:
        (folder / "site.key").write_text(KEY.hex())
        _stock(folder / "data", items, loans)
        return {}

    return supply


def _stock(data: Path, items: int, loans: int) -> None:
    now = int(time.time() * 1000)
    policy = Policy(owners=[OWNER], offline_limit=10_000, groups={"adult": GroupRule(limit=10_000)})
    part = Part(
        version=1,
        made=now,
        policy=to_builtins(policy),
        items=[ItemView(item=item_id(n), title=f"Sách số {n}") for n in range(1, items + 1)],
        readers=[ReaderView(card=card_ref(KEY, CARD), reader="R1")],
        loans=[
            LoanView(item=item_id(n), reader=f"r{n % 400}", due=now + 14 * DAY_MS, since=now)
            for n in range(items - loans + 1, items + 1)
        ],
    )
    with closing(Replica.open(data / "replica.db", lambda: now)) as replica:
        replica.apply(part)


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(
    devices: Devices,
    stations: Mapping[str, Mapping[str, Any]],
    supply: Supply,
) -> AsyncIterator[Rig]:
    """Run an agent with these devices (driver and simulator) and stations (options)."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        (folder / "data").mkdir()
        tables: dict[str, Any] = {
            "agent": {"site": "tinh", "device": "bench", "data": "data", "site_key": "site.key"}
        }
        if uplink := supply(folder):
            tables["uplink"] = uplink
        for name, (driver, simulator) in devices.items():
            served = await serve_tcp(simulator)
            stack.push_async_callback(served.close)
            tables[f"devices.{name}"] = {"driver": driver, "url": served.address}
        tables |= {f"stations.{name}": options for name, options in stations.items()}
        config = folder / "agent.toml"
        config.write_text(_toml(tables))
        yield Rig(folder, await _start(stack, config))


async def _start(stack: AsyncExitStack, config: Path) -> asyncio.subprocess.Process:
    log = stack.enter_context((config.parent / "agent.log").open("wb"))
    command = (sys.executable, "-m", "edge", "agent", "--config", str(config))
    process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
        if await process.wait():
            print((config.parent / "agent.log").read_text())

    stack.push_async_callback(end)
    return process


def _toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a TOML file of flat tables."""
    return "\n\n".join(
        "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())])
        for name, table in tables.items()
    )
