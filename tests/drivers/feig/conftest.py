from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from drivers.feig.link import Link
from drivers.feig.opening import start
from drivers.feig.pad import FeigPad
from drivers.feig.profile import Profile
from drivers.feig.simulator import FeigSimulator
from drivers.ports import Transport
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Dripping, Wire

UIDS = [bytes.fromhex(f"E0040150000000{n:02X}") for n in range(40)]


@pytest.fixture
def tag() -> Tag:
    return Tag(UIDS[0], bytearray(range(112)), dsfid=6, afi=0x07)


@pytest.fixture
def field(tag: Tag) -> Field:
    return Field(tag)


@pytest.fixture
def simulator(field: Field) -> FeigSimulator:
    return FeigSimulator(field, block_seconds=0.0)


Connect = Callable[[Transport], Awaitable[FeigPad]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    opened: list[Transport] = []

    async def over(transport: Transport) -> FeigPad:
        opened.append(transport)
        link = Link(transport, patience=0.02, tries=3)
        await start(link, Profile())
        return FeigPad(link)

    yield over
    for transport in opened:
        await transport.close()


@pytest.fixture(params=[Wire, Dripping])
async def pad(
    request: pytest.FixtureRequest, simulator: FeigSimulator, connect: Connect
) -> FeigPad:
    return await connect(request.param(simulator))
