"""A family is found over a bad wire, or it is an error; never the wrong one, never a wrong tag."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from drivers.a0 import A0Simulator
from drivers.errors import DriverError, NoReplyError, PortLostError
from drivers.testing.faults import Faults
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.serve import ServedOnTcp, serve_tcp
from drivers.testing.simulator import Reply
from drivers.uhf18 import Uhf18Simulator
from drivers.uhfauto import AutoOptions, found

EPC = bytes.fromhex("e200301666130121155074ef")
Make = Callable[..., Any]
FAMILIES: dict[str, Make] = {"uhf18": Uhf18Simulator, "a0": A0Simulator}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def wire(family: str, faults: Faults) -> AsyncIterator[tuple[ServedOnTcp, AutoOptions]]:
    device = FAMILIES[family](AirField(Gen2Tag(bytes(12), EPC, 0x3000)), round_seconds=0)
    served = await serve_tcp(device, faults=faults)
    try:
        yield served, AutoOptions(url=served.address, patience=0.3)
    finally:
        await served.close()


@pytest.mark.parametrize("faults", [{"split": 0.0005}, {"delay": 0.03}], ids=["drip", "late"])
async def test_a_slow_wire_changes_nothing(family: str, faults: dict[str, float]) -> None:
    async with wire(family, Faults(**faults)) as (_, options), found(options) as (guess, reader):
        assert guess.family == family
        assert [tag.epc for tag in await reader.inventory()] == [EPC]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("wrong", ["flip", "drop"])
async def test_on_a_noisy_wire_what_is_found_is_there(family: str, wrong: str, seed: int) -> None:
    faults = Faults(seed=seed)
    faults.set(wrong, 25)
    async with wire(family, faults) as (_, options):
        with contextlib.suppress(DriverError):
            async with found(options) as (guess, reader):
                assert guess.family == family
                for _ in range(3):
                    assert {tag.epc for tag in await reader.inventory()} <= {EPC}


@pytest.mark.parametrize("lost", [1, 2, 4])
async def test_a_reader_whose_first_answers_were_lost_is_found(family: str, lost: int) -> None:
    class Deafened(Faults):
        left = lost

        def to_device(self, data: bytes) -> bytes:
            self.left -= bool(data)
            return b"" if self.left >= 0 else data

    async with wire(family, Deafened()) as (_, options), found(options) as (guess, reader):
        assert guess.family == family
        assert [tag.epc for tag in await reader.inventory()] == [EPC]


async def test_a_cable_pulled_is_a_lost_port_and_the_reader_is_found_again(family: str) -> None:
    async with wire(family, Faults()) as (served, options):
        async with found(options) as (_, reader):
            await served.unplug()
            with pytest.raises(PortLostError):
                await reader.inventory()
        with pytest.raises(PortLostError):
            async with found(options):
                pass
        await served.plug()
        async with found(options) as (guess, _):
            assert guess.family == family


class Babbling:
    """Answers whatever comes with what no reader says."""

    def connected(self, _send: Callable[[bytes], None]) -> None:
        pass

    def feed(self, data: bytes) -> list[Reply]:
        return [Reply(bytes(range(0, 256, 3)) * 3)] if data else []


async def test_a_device_that_babbles_is_no_reader() -> None:
    served = await serve_tcp(Babbling())
    with pytest.raises(NoReplyError, match="tried uhf18, a0"):
        async with found(AutoOptions(url=served.address, patience=0.1)):
            pass
    await served.close()
