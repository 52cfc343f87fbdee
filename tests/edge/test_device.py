import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from drivers.errors import PortLostError, TagLostError
from drivers.ports import Driver, ItemReader
from drivers.testing.waiting import until
from edge.device import Device, DeviceAwayError
from edge.journal import Journal
from edge.wire.batch import decode_event
from edge.wire.facts import Trouble, Well


class Cable:
    """A device behind a cable that a test pulls; the port answers when it is in."""

    def __init__(self, plugged: bool = True) -> None:
        self.plugged = plugged
        self.opened = 0
        self.open = 0

    async def inventory(self) -> list[str]:
        if not self.plugged:
            raise PortLostError("no answer")
        return ["E0"]

    async def next_card(self) -> str:
        await asyncio.Event().wait()
        return ""

    @asynccontextmanager
    async def driver(self, _: Any) -> AsyncIterator["Cable"]:
        if not self.plugged:
            raise PortLostError("no such port")
        self.opened += 1
        self.open += 1
        try:
            yield self
        finally:
            self.open -= 1


class Waits:
    """The supervisor's pauses: short ones pass at once, the grace when the test says so."""

    def __init__(self) -> None:
        self.grace = asyncio.Event()
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        if seconds == 10.0:
            await self.grace.wait()
        else:
            self.asked.append(seconds)
            await asyncio.sleep(0.001)


@pytest.fixture
def cable() -> Cable:
    return Cable()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def device(cable: Cable, waits: Waits, journal: Journal) -> AsyncIterator[Device[Any]]:
    driver = Driver("test", ItemReader, object, cable.driver)
    device: Device[Any] = Device("pad", driver, None, journal, pause=waits)
    task = asyncio.create_task(device.run())
    yield device
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert cable.open == 0


def facts(journal: Journal) -> list[Any]:
    return [decode_event(body).fact for _, body in journal.waiting(0)]  # type: ignore[union-attr]


async def test_a_call_reaches_the_open_port(device: Device[Any]) -> None:
    await device.wait_up()
    assert await device.call(lambda port: port.inventory()) == ["E0"]
    assert device.up
    assert device.why == ""
    assert device.port().plugged


async def test_a_device_that_was_lost_is_opened_again(device: Device[Any], cable: Cable) -> None:
    await device.wait_up()
    cable.plugged = False
    with pytest.raises(DeviceAwayError, match=r"pad: no answer\. Check the cable"):
        await device.call(lambda port: port.inventory())
    await until(lambda: not device.up)
    with pytest.raises(DeviceAwayError):
        await device.call(lambda port: port.inventory())
    with pytest.raises(DeviceAwayError):
        device.port()
    cable.plugged = True
    await asyncio.wait_for(device.wait_up(), 2)
    assert await device.call(lambda port: port.inventory()) == ["E0"]
    assert cable.opened == 2


async def test_a_loss_and_a_return_are_logged_once_each(
    device: Device[Any], cable: Cable, waits: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await device.wait_up()
    cable.plugged = False
    device.lose(PortLostError("no answer"))
    await until(lambda: len(waits.asked) > 5)
    cable.plugged = True
    await asyncio.wait_for(device.wait_up(), 2)
    await asyncio.sleep(0.01)
    assert [record.getMessage() for record in caplog.records] == [
        "pad is unavailable: no answer. Check the cable and the power of the device.",
        "pad is back",
    ]


async def test_pauses_between_tries_grow_to_a_longest_one(
    device: Device[Any], cable: Cable, waits: Waits
) -> None:
    await device.wait_up()
    cable.plugged = False
    device.lose(PortLostError("no answer"))
    await until(lambda: len(waits.asked) > 12)
    assert waits.asked[0] <= 0.5
    assert waits.asked[3] > waits.asked[0]
    assert 10 < max(waits.asked) <= 15


async def test_staff_hear_of_a_loss_after_the_grace_and_of_the_return(
    device: Device[Any], cable: Cable, waits: Waits, journal: Journal
) -> None:
    await device.wait_up()
    cable.plugged = False
    device.lose(PortLostError("no answer"))
    await until(lambda: len(waits.asked) > 2)
    assert facts(journal) == []
    waits.grace.set()
    await until(lambda: journal.troubles)
    waits.grace.clear()
    cable.plugged = True
    await until(lambda: not journal.troubles)
    trouble, well = facts(journal)
    assert (trouble.part, trouble.reason) == ("pad", "reader_lost")
    assert trouble.why.startswith("no such port")
    assert well == Well(part="pad", reason="reader_lost")


async def test_a_trouble_from_before_a_restart_is_over_when_the_device_is_there(
    cable: Cable, waits: Waits, journal: Journal
) -> None:
    await journal.append(Trouble(part="pad", reason="reader_lost"))
    driver = Driver("test", ItemReader, object, cable.driver)
    device: Device[Any] = Device("pad", driver, None, journal, pause=waits)
    task = asyncio.create_task(device.run())
    await until(lambda: not journal.troubles)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_tag_that_left_is_no_loss_of_the_reader(device: Device[Any]) -> None:
    async def leaves(port: Cable) -> None:
        raise TagLostError("gone")

    await device.wait_up()
    with pytest.raises(TagLostError):
        await device.call(leaves)
    assert device.up


async def test_who_waits_for_a_card_hears_that_the_cable_was_pulled(device: Device[Any]) -> None:
    await device.wait_up()
    waiter = asyncio.create_task(device.call(lambda port: port.next_card()))
    await asyncio.sleep(0.005)
    device.lose(PortLostError("unplugged"))
    with pytest.raises(DeviceAwayError, match="unplugged"):
        await asyncio.wait_for(waiter, 1)


async def test_a_call_can_be_cancelled(device: Device[Any]) -> None:
    await device.wait_up()
    waiter = asyncio.create_task(device.call(lambda port: port.next_card()))
    await asyncio.sleep(0.005)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert device.up
