import asyncio
import contextlib
from typing import Any

from drivers.feig import PAD, FeigSimulator, PadOptions
from drivers.testing.field import Field
from drivers.testing.serve import serve_tcp
from drivers.testing.tag15693 import Tag
from edge.device import Device, DeviceAwayError
from edge.journal import Journal

UID = bytes.fromhex("E004015012345678")


async def test_a_reader_that_lost_its_login_in_a_power_dip_is_logged_in_again(
    journal: Journal,
) -> None:
    simulator = FeigSimulator(Field(Tag(UID)), block_seconds=0.0, password=b"\x01\x02\x03\x04")
    served = await serve_tcp(simulator)
    options = PadOptions(served.address, password="01020304")
    device: Device[Any] = Device(
        "pad", PAD, options, journal, grace=60, pause=lambda _: asyncio.sleep(0.01)
    )
    task = asyncio.create_task(device.run())

    async def seen() -> int:
        while True:
            await device.wait_up()
            with contextlib.suppress(DeviceAwayError):
                return len(await device.call(lambda pad: pad.inventory()))

    async with asyncio.timeout(5):
        assert await seen() == 1
        simulator.power_up()
        assert await seen() == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await served.close()
