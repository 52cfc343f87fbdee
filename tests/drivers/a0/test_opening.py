"""On real wires: a pseudo-terminal and a TCP port, unplugged and plugged in again."""

from collections.abc import AsyncIterator

import pytest

from drivers.a0 import GATE, PAD, A0Options, A0Simulator
from drivers.errors import DriverError, PortLostError
from drivers.ports import GateReader, ItemReader
from drivers.tags import AFI_IN, AFI_OUT, NewTag, encode_mb01
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.serve import Served, serve_pty, serve_tcp

BANK = encode_mb01(NewTag("893000000001", "VN-HNLIB"))


@pytest.fixture
def tag() -> Gen2Tag:
    return Gen2Tag(bytes(12), BANK[4:], int.from_bytes(BANK[2:4], "big"))


@pytest.fixture(params=["pty", "tcp"])
async def served(request: pytest.FixtureRequest, tag: Gen2Tag) -> AsyncIterator[Served]:
    wire = request.param
    device = A0Simulator(AirField(tag), round_seconds=0.001)
    served = await (serve_pty(device) if wire == "pty" else serve_tcp(device))
    yield served
    await served.close()


async def test_a_gate_is_opened_and_sees(served: Served) -> None:
    gate: GateReader
    async with GATE.open(A0Options(url=served.address)) as gate:
        [seen] = await gate.sightings()
        assert seen.afi == AFI_IN


async def test_a_pad_is_opened_and_lends(served: Served, tag: Gen2Tag) -> None:
    pad: ItemReader
    async with PAD.open(A0Options(url=served.address)) as pad:
        [seen] = await pad.inventory()
        await pad.write_afi(seen.uid, AFI_OUT)
    assert (tag.pc or 0) & 0xFF == AFI_OUT


async def test_a_pulled_cable_is_a_lost_port_and_a_new_one_works(served: Served) -> None:
    options = A0Options(url=served.address, patience=0.2)
    async with GATE.open(options) as gate:
        await served.unplug()
        with pytest.raises(PortLostError):
            await gate.sightings()
    with pytest.raises(DriverError):
        async with GATE.open(options):
            pass
    await served.plug()
    async with GATE.open(options) as gate:
        assert len(await gate.sightings()) == 1


def test_an_option_that_no_reader_takes_is_named() -> None:
    for wrong, name in (({"address": 256}, "address"), ({"antennas": (9,)}, "antennas"),
                        ({"password": "12"}, "password"), ({"session": 4}, "session")):  # fmt: skip
        with pytest.raises(ValueError, match=name):
            A0Options(url="tcp://127.0.0.1:6000", **wrong)  # type: ignore[arg-type]
