"""Nouns that the edge's tests share."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.ports import Driver
from drivers.testing.serve import serve_tcp
from drivers.testing.simulator import Simulator
from edge.clock import Clock
from edge.config import AgentOptions
from edge.desk import Desk
from edge.device import Device
from edge.journal import Journal
from edge.replica import Replica
from edge.station import Services
from edge.wire.batch import decode_event
from edge.wire.messages import Answer, Ask


class Hands:
    """The hands of a clock that a test moves, in seconds."""

    def __init__(self) -> None:
        self.wall, self.mono = 1_795_000_000.0, 50.0

    def pass_time(self, seconds: float) -> None:
        """Let time go by."""
        self.wall += seconds
        self.mono += seconds


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def clock(hands: Hands) -> Clock:
    return Clock(lambda: hands.wall, lambda: hands.mono, "boot-1", lambda: True)


@pytest.fixture
async def journal(tmp_path: Path, clock: Clock) -> AsyncIterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", "tinh-kiosk", clock)
    yield journal
    await journal.close()


class Line:
    """The line to the centre, which is down, or up and silent: nobody answers here."""

    def __init__(self) -> None:
        self.connected, self.heard_ms = False, 0

    async def ask(self, _question: Ask, _seconds: float) -> Answer | None:
        """Give no answer."""
        return None


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def replica(tmp_path: Path, clock: Clock, journal: Journal) -> Iterator[Replica]:
    with contextlib.closing(Replica.open(tmp_path / "replica.db", clock.now_ms)) as replica:
        journal.listen(replica.note)
        yield replica


@pytest.fixture
def services(
    tmp_path: Path, clock: Clock, journal: Journal, replica: Replica, line: Line
) -> Services:
    options = AgentOptions(
        site="tinh", device="tinh-kiosk", data=tmp_path, site_key=tmp_path / "key"
    )
    desk = Desk(b"k" * 32, replica, clock, line)
    return Services(options, clock, journal, replica, desk, {})


@contextlib.asynccontextmanager
async def device_on(name: str, driver: Driver, sim: Simulator, journal: Journal) -> AsyncIterator:
    """Serve a simulated device on a real wire and have it looked after."""
    served = await serve_tcp(sim)
    options = driver.options(url=served.address)
    device = Device(name, driver, options, journal)
    task = asyncio.create_task(device.run(), name=name)
    try:
        async with asyncio.timeout(5):
            await device.wait_up()
        yield device, served
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await served.close()


@pytest.fixture
def on_wire() -> Callable[..., Any]:
    return device_on


@pytest.fixture
def facts(journal: Journal) -> Callable[..., list[Any]]:
    def journaled(*kinds: type) -> list[Any]:
        found = [decode_event(body).fact for _, body in journal.waiting(0)]
        return [fact for fact in found if not kinds or isinstance(fact, kinds)]

    return journaled
