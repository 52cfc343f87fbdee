"""From the edge's journal to the ledger: how fast, in how many bytes, over how bad a link.

The peers send the same facts one message each, QoS 1, to a centre that commits in groups.
"""

import asyncio
import contextlib
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import table
from centre import centre
from rig import free_port
from uplink_world import ITEMS, READERS, history, journal_of

from edge.clock import Clock
from edge.config import AgentOptions, UplinkOptions
from edge.journal import Journal
from edge.replica import Replica
from edge.uplink import Uplink
from edge.uplink.testing import Link, through
from edge.wire.batch import encode_batch, encode_event
from edge.wire.messages import Health
from gateway.testing import find_mosquitto

HERE = Path(__file__).parent
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
KEY = b"k" * 32
PEERS = {"paho": "paho-mqtt", "aiomqtt": "aiomqtt", "gmqtt": "gmqtt"}


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[int]:
    """Run a Mosquitto without TLS."""
    port = free_port()
    config = folder / "plain.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        "max_queued_messages 200000\nmax_inflight_messages 0\nlog_type error\nuser root\n"
    )
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


async def drained(journal: Journal) -> float:
    """Wait until all is acknowledged; return when."""
    while journal.acked < journal.last_seq:  # noqa: ASYNC110 - polled on purpose
        await asyncio.sleep(0.005)
    return time.perf_counter()


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
    stack.callback(lambda: process.kill() if process.returncode is None else None)
    assert process.stdout is not None
    await process.stdout.readline()
    return process


async def bare(folder: Path) -> float:
    """Return facts a second without lending rules."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(broker(folder))
        await ingest(stack, port, folder / "bare.db", COUNT, "batches")
        journal = await journal_of(folder / "journal.db", history(COUNT, KEY))
        stack.push_async_callback(journal.close)
        began = time.perf_counter()
        options = UplinkOptions(host="127.0.0.1", port=port, tls=False)
        await stack.enter_async_context(sending(folder, journal, options))
        while not journal.acked:  # noqa: ASYNC110 - polled on purpose
            await asyncio.sleep(0.001)
        first = journal.acked
        began = time.perf_counter()
        return (COUNT - first) / (await drained(journal) - began)


async def ruled(folder: Path) -> tuple[float, float]:
    """Return facts a second with all lending rules, after the connection; and our memory in MiB."""
    async with AsyncExitStack() as stack:
        supply = await stack.enter_async_context(centre(items=ITEMS, readers=READERS))
        options = UplinkOptions(**_paths(supply(folder)))
        key = bytes.fromhex((folder / "site.key").read_text())
        journal = await journal_of(folder / "journal.db", history(COUNT, key))
        stack.push_async_callback(journal.close)
        await stack.enter_async_context(sending(folder, journal, options))
        while not journal.acked:  # noqa: ASYNC110 - polled on purpose
            await asyncio.sleep(0.001)
        first, began = journal.acked, time.perf_counter()
        took = await drained(journal) - began
    return (COUNT - first) / took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _paths(options: dict[str, object]) -> dict[str, object]:
    return {k: Path(str(v)) if k in ("ca", "cert", "key") else v for k, v in options.items()}


async def peer(folder: Path, name: str, python: Path) -> float:
    """Return facts a second of a peer, one message each."""
    count = min(COUNT, 20_000)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(broker(folder))
        centre_ = await ingest(stack, port, folder / "peer.db", count, "single")
        journal = await journal_of(folder / "journal.db", history(count, KEY))
        await journal.close()
        command = (str(python), str(HERE / "uplink_peers.py"), name, str(port))
        pipe, quiet = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, str(folder / "journal.db"), str(count), stdin=pipe, stdout=pipe, stderr=quiet
        )
        stack.callback(lambda: process.kill() if process.returncode is None else None)
        assert process.stdin is not None
        assert process.stdout is not None
        assert centre_.stdout is not None
        await process.stdout.readline()
        began = time.perf_counter()
        process.stdin.write(b"\n")
        async with asyncio.timeout(300):
            await centre_.stdout.readline()
        took = time.perf_counter() - began
        await centre_.wait()
        await process.wait()
    return count / took


async def sizes(folder: Path, count: int, batch: int, *, secured: bool) -> tuple[float, float]:
    """Return bytes a fact up and down at TCP, in batches of this size over an open session."""
    link = Link()
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(broker(folder))
        await ingest(stack, port, folder / "sizes.db", count, "batches")
        near = await stack.enter_async_context(through(link, port))
        journal = await journal_of(folder / "journal.db", history(count, KEY, secured=secured))
        stack.push_async_callback(journal.close)
        options = UplinkOptions(host="127.0.0.1", port=near, tls=False, bytes_a_day=1)
        uplink = await _held(stack, folder, journal, options, batch)
        while not uplink.connected:  # noqa: ASYNC110 - polled on purpose
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.0)  # greetings; facts wait two seconds for a cursor
        link.forget()
        await drained(journal)
        await asyncio.sleep(0.1)
        return link.up / count, link.down / count  # before the goodbye


async def _held(
    stack: AsyncExitStack, folder: Path, journal: Journal, options: UplinkOptions, batch: int
) -> Uplink:
    """Start an uplink whose batches have one size; facts go when the greetings are over."""
    uplink = await stack.enter_async_context(sending(folder, journal, options, gather=False))
    pace = uplink._sender.pace  # noqa: SLF001
    pace.rows = batch
    pace.acknowledged = lambda *_: None  # type: ignore[method-assign]
    return uplink


async def commune(folder: Path) -> list[float]:
    """Return seconds from the first try to connect until a day's 150 facts are acknowledged."""
    found = []
    async with AsyncExitStack() as stack:
        supply = await stack.enter_async_context(centre(items=ITEMS, readers=READERS))
        options = _paths(supply(folder))
        key = bytes.fromhex((folder / "site.key").read_text())
        for seed in range(3):
            link = Link(rate=1200, delay=0.4, loss=0.1, seed=seed)
            async with through(link, int(str(options["port"]))) as port:
                place = folder / f"day{seed}"
                place.mkdir()
                journal = await journal_of(place / "journal.db", history(150, key, seed=seed))
                began = time.perf_counter()
                async with sending(place, journal, UplinkOptions(**options | {"port": port})):  # type: ignore[arg-type]
                    found.append(await drained(journal) - began)
                await journal.close()
    return found


def install(folder: Path) -> Path:
    """Install the peers into an environment of their own."""
    venv.create(folder / "peers", with_pip=True)
    python = folder / "peers" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *PEERS.values()], check=True)
    return python


def main() -> None:
    """Measure all, show the tables."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        root = Path(name)

        def place(what: str) -> Path:
            (root / what).mkdir()
            return root / what

        rates: dict[str, float] = {}
        with contextlib.suppress(subprocess.CalledProcessError):
            python = install(root)
            for one in PEERS:
                rates[f"{one}, one message each"] = asyncio.run(peer(place(one), one, python))
        rates["Shelfwire, transport and bare ingest"] = asyncio.run(bare(place("bare")))
        rates["Shelfwire, TLS, all lending rules"], memory = asyncio.run(ruled(place("ruled")))
        print({what: round(rate) for what, rate in rates.items()}, flush=True)
        ours = rates["Shelfwire, transport and bare ingest"]
        table.show(
            f"Draining {COUNT:,} facts, durable at both ends (peers: {min(COUNT, 20_000):,})",
            ("", "facts/s", "Shelfwire bare against it"),
            ((what, f"{rate:,.0f}", f"{ours / rate:.1f}") for what, rate in rates.items()),
        )
        print(f"memory of the bench with the agent's journal and uplink: {memory:.0f} MiB")
        _bytes(place)
        days = asyncio.run(commune(place("commune")))
        print(
            "a commune's day (150 facts; 9.6 kbit/s, 800 ms there and back, 10 % of segments lost; "
            f"from the first SYN, TLS 1.3): {', '.join(f'{one:.1f} s' for one in days)}"
        )


def _bytes(place: Callable[[str], Path]) -> None:
    rows = []
    for what, secured in (
        ("loans, returns, tags secured", True),
        ("loans and returns only", False),
    ):
        for count, batch in ((5000, 500), (500, 10), (1, 1)):
            where = place(f"bytes{secured}{batch}")
            up, down = asyncio.run(sizes(where, count, batch, secured=secured))
            events = [encode_event(one) for one in history(batch, KEY, secured=secured)]
            plain = len(encode_batch("bench", "0" * 16, 1, events)) / batch
            rows.append(
                (f"{what}, {batch}", f"{up:.1f}", f"{down:.1f}", f"{up + down:.1f}", f"{plain:.1f}")
            )
    table.show(
        "Bytes a fact at TCP, with MQTT, in batches of 500, of 10, and alone",
        ("", "up", "acknowledgement", "together", "as JSON + zstd"),
        rows,
    )


if __name__ == "__main__":
    main()
