import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import PortLostError
from drivers.ports import Driver, Scanner
from edge.agent import Agent, StationEndedError
from edge.clock import Clock
from edge.config import AgentOptions, Config, UplinkOptions
from edge.health import HealthReport, resident_bytes
from edge.journal import Journal
from edge.station import Services, Station, StationEntry
from edge.uplink.budget import Budget
from edge.wire.batch import decode_event
from edge.wire.facts import Booted, Loan, StaffCalled, Trouble, Well
from edge.wire.messages import Part


@dataclass(frozen=True)
class Nothing:
    """A table without options."""


class Bell:
    """A station with one button, which it presses itself."""

    def __init__(self, services: Services, behave: str) -> None:
        self.services, self.behave = services, behave

    async def run(self) -> None:
        await self.services.journal.append(StaffCalled(station="bell"))
        if self.behave == "ends":
            return
        if self.behave == "breaks":
            raise ZeroDivisionError
        await asyncio.Event().wait()

    def numbers(self) -> dict[str, float]:
        return {"pressed": 1, "bell_rung": 2}


@asynccontextmanager
async def unplugged(_: Any) -> AsyncIterator[None]:
    raise PortLostError("no such port")
    yield


def config(folder: Path, behave: str = "works") -> Config:
    (folder / "site.key").write_text("ab" * 32)

    def make(_: Any, services: Services) -> Station:
        return Bell(services, behave)

    return Config(
        path=folder / "agent.toml",
        agent=AgentOptions(
            site="tinh", device="tinh-bell", data=folder / "data", site_key=folder / "site.key"
        ),
        uplink=UplinkOptions(),
        devices={"scanner": (Driver("none", Scanner, Nothing, unplugged), None)},
        stations={"bell": (StationEntry("bell", Nothing, make), None)},
    )


def facts(folder: Path) -> list[Any]:
    journal = Journal.open(folder / "data" / "journal.db", "tinh-bell", Clock())
    found = [decode_event(body).fact for _, body in journal.waiting(0)]
    journal._reader.close()
    journal._writer.stop()
    return found


async def worked(agent: Agent, seconds: float = 0.05) -> None:
    """Let an agent work until its station is at work, or it ends by itself; then stop it."""
    task = asyncio.create_task(agent.run())
    async with asyncio.timeout(5):
        while not agent.stations and not task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await asyncio.wait((task,), timeout=seconds)
    agent.stop()
    await task


async def test_an_agent_records_its_start_runs_its_stations_and_ends_cleanly(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        await worked(Agent(config(tmp_path)))
    boots = [fact for fact in facts(tmp_path) if isinstance(fact, Booted)]
    assert [(boot.stations, boot.clean) for boot in boots] == [(["bell"], True)] * 2
    assert StaffCalled(station="bell") in facts(tmp_path)


@pytest.mark.parametrize(
    ("behave", "error"), [("ends", StationEndedError), ("breaks", ZeroDivisionError)]
)
async def test_what_nobody_planned_for_ends_the_agent_and_the_next_start_says_so(
    tmp_path: Path, behave: str, error: type[Exception]
) -> None:
    with pytest.RaisesGroup(error):
        await worked(Agent(config(tmp_path, behave)), 4.0)
    await worked(Agent(config(tmp_path)))
    boots = [fact for fact in facts(tmp_path) if isinstance(fact, Booted)]
    assert [boot.clean for boot in boots] == [True, False]


async def test_what_was_not_noted_before_a_power_cut_is_noted_at_the_start(
    tmp_path: Path,
) -> None:
    settings = config(tmp_path)
    journal = Journal.open(settings.agent.data / "journal.db", "tinh-bell", Clock())
    await journal.append(Loan(item="b1", card="c" * 32, due=5))
    await journal.close(clean=False)
    seen: list[Any] = []

    def make(_: Any, services: Services) -> Station:
        seen.append(services.replica.loan("b1"))
        return Bell(services, "works")

    settings.stations["bell"] = (StationEntry("bell", Nothing, make), None)
    await worked(Agent(settings))
    assert seen[0].item == "b1"


async def test_a_full_disk_is_told_once_and_its_end_too(tmp_path: Path) -> None:
    settings = config(tmp_path)
    full = AgentOptions(
        site="tinh",
        device="tinh-bell",
        data=tmp_path / "data",
        site_key=tmp_path / "site.key",
        reserve_mb=1 << 40,
    )
    for agent in (full, full, settings.agent):
        await worked(
            Agent(Config(settings.path, agent, settings.uplink, {}, dict(settings.stations)))
        )
    told = [fact for fact in facts(tmp_path) if isinstance(fact, Trouble | Well)]
    assert [(type(fact), fact.reason) for fact in told] == [
        (Trouble, "disk_full"),
        (Well, "disk_full"),
    ]


async def test_health_says_what_is_away_and_why(services: Services) -> None:
    device: Any = type("Away", (), {"up": False, "why": "unplugged"})()
    whole = Services(
        services.agent, services.clock, services.journal, services.replica, services.desk,
        {"pad": device},
    )  # fmt: skip
    times = iter([0.0, 2.0, 4.0])
    report = HealthReport(
        lambda: whole, {"bell": Bell(whole, "")}, "1.2", lambda: 0.5, lambda: next(times)
    )
    await services.journal.append(StaffCalled(station="x"))
    health = report.now()
    assert (health.parts["pad"].up, health.parts["pad"].why) == (False, "unplugged")
    assert health.parts["disk"].up
    assert (health.waiting, health.version, health.boot) == (1, "1.2", "boot-1")
    assert health.numbers["bell_pressed"] == 1
    assert health.numbers["bell_rung"] == 2
    assert health.numbers["cpu_percent"] == 0
    assert 1 < health.numbers["memory_mb"] < 2000
    assert resident_bytes() > 0


async def test_health_says_that_the_copy_is_too_old_and_that_the_links_budget_is_spent(
    services: Services, clock: Any
) -> None:
    budget = Budget(1000)
    report = HealthReport(lambda: services, {}, "1", budget=lambda: budget)
    assert (report.now().parts["copy"].up, report.now().parts["link"].up) == (True, True)
    services.replica.apply(Part(version=1, made=clock.now_ms()))
    budget.spend(1_000_000, clock.now_ms())
    assert report.now().parts["link"].why == "budget_spent"
    assert report.now().numbers["link_mb_today"] == 1.0
    for days, why in ((6, ""), (8, "copy_old"), (31, "copy_stopped")):
        made = clock.now_ms() - days * 86_400_000
        services.replica.apply(Part(version=1, start=1, made=made))
        assert report.now().parts["copy"].why == why
        assert report.now().parts["copy"].up is not bool(why)


# -- the program itself, as a process


CONFIG = """
[agent]
site = "tinh"
device = "tinh-bell"
data = "data"
site_key = "site.key"
"""


@contextmanager
def started(folder: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    (folder / "agent.toml").write_text(CONFIG)
    (folder / "site.key").write_text("ab" * 32)
    with subprocess.Popen(
        [sys.executable, "-m", "edge", "agent", "--config", str(folder / "agent.toml")],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def supervisor(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(folder / "notify"))
        sock.settimeout(15)
        yield sock


def test_the_program_tells_systemd_how_it_is_and_ends_on_sigterm(tmp_path: Path) -> None:
    with (
        supervisor(tmp_path) as systemd,
        started(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="600000") as agent,
    ):
        said = [systemd.recv(1000).decode() for _ in range(4)]
        assert sum("READY=1" in words for words in said) == 1
        assert said.count("WATCHDOG=1") == 3
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(10) == 0
        assert "STOPPING=1" in said + [systemd.recv(1000).decode()]


def test_a_power_cut_is_seen_at_the_next_start(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            supervisor(tmp_path) as systemd,
            started(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as agent,
        ):
            systemd.recv(1000)
            agent.kill()
            agent.wait(10)
        (tmp_path / "notify").unlink()
    boots = [fact for fact in facts(tmp_path) if isinstance(fact, Booted)]
    assert [boot.clean for boot in boots] == [True, False]


def test_a_second_agent_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        supervisor(tmp_path) as systemd,
        started(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")),
    ):
        systemd.recv(1000)
        with started(tmp_path) as second:
            _, words = second.communicate(timeout=20)
            assert second.returncode == 2
            assert "another agent works in" in words


def test_a_journal_of_a_newer_program_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    db = sqlite3.connect(tmp_path / "data" / "journal.db")
    db.execute("PRAGMA user_version = 42")
    db.close()
    with started(tmp_path) as agent:
        _, words = agent.communicate(timeout=20)
        assert agent.returncode == 1
    assert len(words.splitlines()) == 1
    assert "written by a newer program (schema 42" in words
