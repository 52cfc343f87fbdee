import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import fields
from importlib.metadata import entry_points

import pytest

from drivers.errors import NoReplyError, PortLostError
from drivers.ports import Driver, ItemReader
from drivers.rl866 import PAD as RL866
from drivers.rl866 import Rl866Simulator
from drivers.testing.echo import Echo
from drivers.testing.field import Field
from drivers.testing.serve import Served, serve_pty, serve_tcp
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag
from drivers.threem import PAD as THREEM
from drivers.threem import ThreeMSimulator

UID = bytes.fromhex("E004015012345678")
Serve = Callable[[Simulator], Awaitable[Served]]
DRIVERS = pytest.mark.parametrize(
    ("driver", "simulator"), [(RL866, Rl866Simulator), (THREEM, ThreeMSimulator)]
)


@pytest.fixture(params=[serve_pty, serve_tcp])
async def serve(request: pytest.FixtureRequest) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def on_a_wire(simulator: Simulator) -> Served:
            served: Served = await request.param(simulator)
            stack.push_async_callback(served.close)
            return served

        yield on_a_wire


def test_the_drivers_are_found_by_the_names_on_the_boxes() -> None:
    found = {entry.name: entry for entry in entry_points(group="shelfwire.drivers")}
    assert found["rl866"].load() is RL866
    assert found["3m"].load() is THREEM


@DRIVERS
def test_every_option_is_explained(driver: Driver, simulator: object) -> None:
    assert all(option.metadata["help"] for option in fields(driver.options))


@pytest.mark.parametrize(
    ("driver", "wrong"),
    [
        (RL866, {"address": 256}),
        (RL866, {"patience": 0.0}),
        (RL866, {"tries": 0}),
        (THREEM, {"blocks": 0}),
        (THREEM, {"patience": 0.0}),
        (THREEM, {"tries": 101}),
    ],
)
def test_an_option_that_no_reader_takes_is_refused(driver: Driver, wrong: dict[str, float]) -> None:
    [name] = wrong
    with pytest.raises(ValueError, match=name):
        driver.options(url="tcp://127.0.0.1:1", **wrong)


@DRIVERS
async def test_a_reader_on_a_real_wire_reads_and_writes(
    driver: Driver, simulator: Callable[..., Simulator], serve: Serve
) -> None:
    tag = Tag(UID, bytearray(range(112)), dsfid=6, afi=0x07)
    served = await serve(simulator(Field(tag), block_seconds=0.0))
    async with driver.open(driver.options(url=served.address)) as opened:
        pad: ItemReader = opened
        assert [seen.uid for seen in await pad.inventory()] == [UID]
        assert await pad.read(UID, 0, 28) == bytes(range(112))
        await pad.write(UID, 1, b"book", 4)
        await pad.write_afi(UID, 0xC2)
        assert (await pad.info(UID)).afi == 0xC2
    assert tag.block(1) == b"book"


@DRIVERS
async def test_an_unplugged_reader_is_a_lost_port_and_works_again_when_plugged(
    driver: Driver, simulator: Callable[..., Simulator], serve: Serve
) -> None:
    served = await serve(simulator(Field(Tag(UID)), block_seconds=0.0))
    options = driver.options(url=served.address)
    with pytest.raises(PortLostError):
        async with driver.open(options) as pad:
            await served.unplug()
            async with asyncio.timeout(5):
                while True:
                    await pad.inventory()
                    await asyncio.sleep(0)
    await served.plug()
    async with driver.open(options) as pad:
        assert [seen.uid for seen in await pad.inventory()] == [UID]


@DRIVERS
async def test_something_else_at_the_address_is_no_reader(
    driver: Driver,
    simulator: object,
    serve: Serve,
) -> None:
    served = await serve(Echo())
    with pytest.raises(NoReplyError):
        async with driver.open(driver.options(url=served.address, patience=0.02)):
            pass
