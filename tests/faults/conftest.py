"""A gate, its agent, a broker and the centre: real processes that a test may do anything to."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from demo.processes import Child, program
from drivers.feig import FeigGateSimulator
from drivers.gpio.simulator import BoardSimulator
from drivers.tags import NewTag, encode
from drivers.testing.loopdisk import LoopDisk, NoLoopDiskError
from drivers.testing.serve import Served, serve_tcp
from drivers.testing.tag15693 import Tag
from gateway.enrol import enrol, make_home, open_ledger
from gateway.service import now_ms
from gateway.testing import Mosquitto, find_mosquitto, free_port, stock

DEVICE, SITE = "gate-1", "tinh"
FACTS = "SELECT epoch, seq, json_extract(CAST(body AS TEXT), '$.id') FROM"


class Library:
    """One gate with everything behind it. ``data`` and ``centre`` may be mount points."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.centre = folder / "data", folder / "centre"
        self.reader, self.board = FeigGateSimulator(), BoardSimulator()
        self.served: list[Served] = []
        self.carried = 0
        self.agent = Child("agent", [], folder / "agent.log")
        self.gateway = Child("gateway", [], folder / "gateway.log")
        self.broker: Mosquitto | None = None

    async def open(self) -> None:
        """Found the library; nothing runs yet but broker and devices."""
        home = make_home(self.centre, ["127.0.0.1"])
        ledger = open_ledger(home)
        stock(ledger, now_ms())
        enrol(home, ledger, SITE, DEVICE, self.folder / "keys", now_ms())
        ledger.close()
        self.broker = Mosquitto(home, self.folder)
        await self.broker.start()
        config = home.config.read_text().replace("port = 8883", f"port = {self.broker.port}")
        home.config.write_text(config.replace("port = 8090", f"port = {free_port()}"))
        command = [program("shelfwire-gateway"), "run", "--config", str(home.config)]
        self.gateway.command = command
        self.served = [await serve_tcp(self.reader), await serve_tcp(self.board)]
        file = self.folder / "agent.toml"
        file.write_text(self._config())
        self.agent.command = [program("shelfwire"), "agent", "--config", str(file)]

    def _config(self) -> str:
        keys = self.folder / "keys"
        tables = {
            "agent": {
                "site": SITE, "device": DEVICE, "data": str(self.data),
                "site_key": str(keys / "site.key"), "reserve_mb": 1,
            },
            "uplink": {
                "host": "127.0.0.1", "port": self.broker.port, "retry_max": 0.5,
                "ca": str(keys / "ca.crt"), "cert": str(keys / "device.crt"),
                "key": str(keys / "device.key"),
            },
            "devices.gate": {"driver": "feig-gate", "url": self.served[0].address},
            "devices.board": {"driver": "board-socket", "url": self.served[1].address},
            "stations.gate": {"reader": "gate", "board": "board", "count_minutes": 0.01},
        }  # fmt: skip
        return "\n\n".join(
            "\n".join(
                [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in rows.items())]
            )
            for name, rows in tables.items()
        )

    async def start(self) -> None:
        """Start the centre and the agent."""
        await self.gateway.start()
        await self.agent.start()

    async def close(self) -> None:
        """Stop everything that still runs."""
        for child in (self.agent, self.gateway):
            if child.running:
                os.kill(child.pid, signal.SIGCONT)
            await child.stop()
        if self.broker is not None:
            await self.broker.stop()
        for served in self.served:
            await served.close()

    async def carry(self, books: int, pause: float = 0.02) -> None:
        """Carry so many armed books through the gate, each another one."""
        for _ in range(books):
            self.carried += 1
            data = encode(NewTag(item_id=f"B{self.carried:05}"), "iso28560-3", 112, 4)
            uid = bytes.fromhex("E00402") + self.carried.to_bytes(5, "big")
            self.reader.pass_tag(Tag(uid, bytearray(data.ljust(112, b"\0")), dsfid=0x3E, afi=7))
            await asyncio.sleep(pause)

    def journaled(self) -> list[tuple[str, int, str]]:
        """Epoch, number and id of every fact of the journal."""
        try:
            with reading(self.data / "journal.db") as db:
                [epoch] = db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
                facts = FACTS.replace("epoch,", "?,")
                rows = db.execute(f"{facts} events", (epoch,)).fetchall()
                return rows + db.execute(f"{FACTS} archive").fetchall()
        except (sqlite3.OperationalError, TypeError):  # there is none yet, or only half of one
            return []

    def in_ledger(self) -> list[tuple[str, int, str]]:
        """The same of the ledger, for our device."""
        with reading(self.centre / "ledger.db") as db:
            return db.execute(
                "SELECT epoch, seq, id FROM facts WHERE device = ?", (DEVICE,)
            ).fetchall()

    def sums(self) -> dict[str, int]:
        """What is lost, doubled, or in the ledger without having been in the journal."""
        journal, ledger = self.journaled(), self.in_ledger()
        ids = Counter(row[2] for row in ledger)
        return {
            "lost": len({row[2] for row in journal} - ids.keys()),
            "doubled": sum(count > 1 for count in ids.values()),
            "strange": len(ids.keys() - {row[2] for row in journal}),
        }

    async def settled(self, least: int, seconds: float = 30) -> dict[str, int]:
        """Carry on until so many facts are journaled, wait until the ledger has all; the sums.

        A book carried while the gate is still starting may pass unseen, so more follow.
        """
        nothing = {"lost": 0, "doubled": 0, "strange": 0}
        await self.until(least)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.sums() != nothing:  # noqa: ASYNC110  other processes
                    await asyncio.sleep(0.1)
        return self.sums()

    async def until(self, facts: int) -> None:
        """Wait until so many facts are in the journal.

        A book carried while the gate is still starting passes unseen, so after two seconds more
        books follow.
        """
        patience = time.monotonic() + 2
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                while len(self.journaled()) < facts:  # other processes write it
                    await self.carry(int(time.monotonic() > patience), pause=0.1)
                    await asyncio.sleep(0.05)
        assert len(self.journaled()) >= facts, self.agent.last_words(30)


@contextlib.contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """Read a database that another process writes."""
    db = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
    try:
        yield db
    finally:
        db.close()


@pytest.fixture
async def unfounded(tmp_path) -> AsyncIterator[Library]:
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    made = Library(tmp_path)
    yield made
    await made.close()


@pytest.fixture
async def library(unfounded) -> Library:
    await unfounded.open()
    return unfounded


@pytest.fixture
def small_disk():
    """Mount a few megabytes of memory as a disk of its own: root only."""
    mounted = []

    def mount(folder: Path, size: str = "6m") -> Path:
        if os.geteuid() != 0:
            pytest.skip("mounting a small disk takes root")
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "shelfwire-test", str(folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def plug(tmp_path):
    """Give a folder a disk whose power can be cut: root and loop devices only."""
    disks = []

    def plug_in(folder: Path) -> LoopDisk:
        try:
            disks.append(LoopDisk(tmp_path / f"disk{len(disks)}.img", folder))
        except NoLoopDiskError as error:
            pytest.skip(str(error))
        return disks[-1]

    yield plug_in
    for disk in disks:
        disk.close()


@pytest.fixture
def fiu(tmp_path):
    """Prefix of a command whose system calls can be made to fail, and how to make them."""
    if shutil.which("fiu-run") is None:
        pytest.skip("fiu-utils is not installed")
    door = tmp_path / "fiu"

    def order(pid: int, *words: str) -> None:
        for word in words:
            subprocess.run(["fiu-ctrl", "-f", str(door), "-c", word, str(pid)], check=True)

    return ["fiu-run", "-x", "-f", str(door)], order


@pytest.fixture
def fake_clock(tmp_path):
    """Environment of a process whose wall clock is what a file says, and how to say it."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        pytest.skip("libfaketime is not installed")
    file = tmp_path / "clock"

    def say(text: str) -> None:
        new = file.with_suffix(".new")
        new.write_text(text + "\n")
        new.rename(file)

    say("+0")
    environment = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return environment, say
