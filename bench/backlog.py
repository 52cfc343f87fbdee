"""An agent with a million waiting facts: how soon it is ready, and how much memory it takes.

``backlog.py [FACTS]``. The broker cannot be reached; the local copy is in step with the journal.
"""

import asyncio
import json
import os
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import table
from agent import memory
from rig import KEY, free_port
from uplink_world import history, journal_of, replica_part

from edge.clock import Clock
from edge.replica import Replica
from edge.wire.batch import Event, encode_event

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
SAMPLE = 5000
SETTLE = 15.0


def fill(path: Path, sample: list[Event], count: int) -> None:
    """Append the sample's facts, again and again, until there are so many."""
    bodies = [encode_event(event).decode().split(",", 1)[1] for event in sample]

    def rows() -> Iterator[tuple[int, str]]:
        for seq in range(len(sample) + 1, count + 1):
            yield seq, f'{{"seq":{seq},{bodies[(seq - 1) % len(bodies)]}'

    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        db.executemany("INSERT INTO facts (seq, body) VALUES (?, ?)", rows())
        db.execute("COMMIT")


async def prepare(folder: Path, count: int) -> None:
    """Make the agent's folder: configuration, journal, local copy."""
    sample = history(min(SAMPLE, count), KEY)
    journal = await journal_of(folder / "journal.db", sample)
    epoch = journal.epoch
    await journal.close()
    if count > len(sample):
        fill(folder / "journal.db", sample, count)
    with closing(Replica.open(folder / "replica.db", Clock().now_ms)) as replica:
        replica.apply(replica_part(KEY))
        replica.adopt(epoch)
        at = next(
            n for n in range(count, 0, -1) if hasattr(sample[(n - 1) % SAMPLE].fact, "evidence")
        )
        last = sample[(at - 1) % len(sample)]
        replica.note(Event(seq=at, id=last.id, at=last.at, fact=last.fact))
    (folder / "site.key").write_text(KEY.hex())
    tables = {
        "agent": {"site": "tinh", "device": "bench", "data": ".", "site_key": "site.key"},
        "uplink": {"host": "127.0.0.1", "port": free_port(), "tls": False},
    }
    lines = [
        "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in one.items())])
        for name, one in tables.items()
    ]
    (folder / "agent.toml").write_text("\n".join(lines))


async def start(folder: Path) -> tuple[float, float, float]:
    """Return seconds until an agent says that it is ready, and its memory then and later (MiB)."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as heard:
        heard.bind(str(folder / "notify"))
        heard.setblocking(False)
        command = (sys.executable, "-m", "edge", "agent", "--config", str(folder / "agent.toml"))
        env = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
        began = time.perf_counter()
        with (folder / "agent.log").open("wb") as log:
            agent = await asyncio.create_subprocess_exec(*command, env=env, stdout=log, stderr=log)
        try:
            async with asyncio.timeout(300):
                while b"READY=1" not in await asyncio.get_running_loop().sock_recv(heard, 4096):
                    pass
            took = time.perf_counter() - began
            first = memory(agent.pid)[0]
            await asyncio.sleep(SETTLE)
            return took, first, memory(agent.pid)[0]
        finally:
            agent.terminate()
            await agent.wait()


def main() -> None:
    """Measure with a backlog and without."""
    lines = []
    for count in (1000, COUNT):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
            asyncio.run(prepare(Path(name), count))
            took, first, later = asyncio.run(start(Path(name)))
        lines.append((f"{count:,} facts wait", f"{took:.2f}", f"{first:.1f}", f"{later:.1f}"))
    head = ("", "ready after s", "resident MiB", f"{SETTLE:.0f} s later")
    table.show("Agent with a backlog (targets: under 2 s, under 120 MiB)", head, lines)


if __name__ == "__main__":
    main()
