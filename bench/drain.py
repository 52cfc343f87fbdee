"""Draining a backlog from the edge's journal into the ledger, beside what else could carry it.

The peers send the same facts one message each, QoS 1, to a centre that commits in groups.
``drain.py [FACTS]``
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import peers
import table
from centre import centre
from things import RIGHTS
from uplink_rig import HERE, KEY, broker, copied, drained, ended, ingest, paths_of, sending
from uplink_world import ITEMS, READERS, history, journal_of

from edge.config import UplinkOptions

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
PEERS = {"paho-naive": 2000, "paho": 20_000, "aiomqtt": 20_000, "gmqtt": 50_000}
"""Facts that each is given: what it does in some seconds."""
RUNS = 3


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


async def ruled(folder: Path) -> float:
    """Return facts a second with all lending rules, of a device that has its copy of the catalogue."""
    async with AsyncExitStack() as stack:
        supply = await stack.enter_async_context(centre(items=ITEMS, readers=READERS))
        options = UplinkOptions(**paths_of(supply(folder)))
        key = bytes.fromhex((folder / "site.key").read_text())
        await copied(folder, options)
        journal = await journal_of(folder / "journal.db", history(COUNT, key))
        stack.push_async_callback(journal.close)
        await stack.enter_async_context(sending(folder, journal, options))
        while not journal.acked:  # noqa: ASYNC110 - polled on purpose
            await asyncio.sleep(0.001)
        first, began = journal.acked, time.perf_counter()
        took = await drained(journal) - began
    return (COUNT - first) / took


async def peer(folder: Path, name: str, python: Path) -> float:
    """Return facts a second of a peer, one message each."""
    count = min(COUNT, PEERS[name])
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
        stack.push_async_callback(ended, process)
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


async def things(folder: Path, python: Path) -> float:
    """Return facts a second of thingsboard-gateway, from the first message that arrived."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(broker(folder, RIGHTS))
        centre_ = await ingest(stack, port, folder / "peer.db", COUNT, "things")
        journal = await journal_of(folder / "journal.db", history(COUNT, KEY))
        await journal.close()
        command = (str(python), str(HERE / "things.py"))
        given = ("prepare", str(folder), str(port), str(folder / "journal.db"), str(COUNT))
        await (await asyncio.create_subprocess_exec(*command, *given)).wait()
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, "run", str(folder), stdout=quiet, stderr=quiet
        )
        stack.push_async_callback(ended, process)
        assert centre_.stdout is not None
        async with asyncio.timeout(300):
            await centre_.stdout.readline()
            began = time.perf_counter()
            done = await centre_.stdout.readline()
        took = time.perf_counter() - began
    print(f"thingsboard-gateway sent {int(done.split()[1]):,} facts twice", file=sys.stderr)
    return COUNT / took


def medians(measures: dict[str, Callable[[Path], float]], root: Path) -> dict[str, float]:
    """Let all take turns, some times over; return the median of each."""
    rates: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(RUNS):
        for name, measure in measures.items():
            folder = root / f"{len(rates)}-{turn}-{name[:12].replace(' ', '-')}"
            folder.mkdir()
            rates[name].append(measure(folder))
            print(f"{name}: {rates[name][-1]:,.0f}/s", file=sys.stderr, flush=True)
    return {name: sorted(found)[RUNS // 2] for name, found in rates.items()}


def _peer(name: str, folder: Path) -> float:
    python = peers.python()
    assert python is not None
    return asyncio.run(peer(folder, name, python))


def _things(folder: Path) -> float:
    python = peers.things()
    assert python is not None
    return asyncio.run(things(folder, python))


def main() -> None:
    """Measure all, show the table."""
    python, why = peers.python(), peers.why()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        measures: dict[str, Callable[[Path], float]] = {}
        for one in PEERS if python else ():
            measures[f"{one}, a message each"] = partial(_peer, one)
        if peers.things():
            measures["thingsboard-gateway, its packs"] = _things
        measures["Shelfwire, bare ingest"] = lambda folder: asyncio.run(bare(folder))
        measures["Shelfwire, TLS, all lending rules"] = lambda folder: asyncio.run(ruled(folder))
        rates = medians(measures, Path(name))
    ours, ruled_ = list(rates.values())[-2:]
    table.show(
        f"Draining {COUNT:,} facts, durable at both ends, median of {RUNS} turns",
        ("", "facts/s", "bare against it", "with rules against it"),
        (
            (what, f"{rate:,.0f}", f"{ours / rate:.1f}", f"{ruled_ / rate:.1f}")
            for what, rate in rates.items()
        ),
    )
    print(why)


if __name__ == "__main__":
    main()
