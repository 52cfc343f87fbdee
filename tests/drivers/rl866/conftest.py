from collections.abc import AsyncIterator

import pytest

from drivers.ports import Transport
from drivers.rl866.link import Link
from drivers.rl866.pad import Rl866Pad
from drivers.rl866.simulator import Rl866Simulator
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Dripping, Wire

UID = bytes.fromhex("E004015000000000")


@pytest.fixture
def tag() -> Tag:
    return Tag(UID, bytearray(range(112)), dsfid=6, afi=0x07)


@pytest.fixture
def field(tag: Tag) -> Field:
    return Field(tag)


@pytest.fixture
def simulator(field: Field) -> Rl866Simulator:
    return Rl866Simulator(field, block_seconds=0.0)


@pytest.fixture(params=[Wire, Dripping])
async def pad(request: pytest.FixtureRequest, simulator: Rl866Simulator) -> AsyncIterator[Rl866Pad]:
    transport: Transport = request.param(simulator)
    yield Rl866Pad(Link(transport, patience=0.02))
    await transport.close()
