"""Every pad driver with its simulator: what they promise is the same, so the tests are."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from drivers import feig, rl866, threem
from drivers.feig.link import Link as FeigLink
from drivers.ports import ItemReader, Transport
from drivers.rl866.link import Link as Rl866Link
from drivers.testing.field import Field
from drivers.testing.simulator import Simulator
from drivers.testing.wires import Dripping, Wire
from drivers.threem.link import Link as ThreeMLink


@dataclass(frozen=True)
class Family:
    simulator: Callable[..., Any]
    pad: Callable[..., ItemReader]


FAMILIES = {
    "feig": Family(
        lambda field, **how: feig.FeigSimulator(field, page=2, **how),
        lambda wire, **how: feig.FeigPad(FeigLink(wire, **how)),
    ),
    "rl866": Family(
        lambda field, **how: rl866.Rl866Simulator(field, page=2, **how),
        lambda wire, **how: rl866.Rl866Pad(Rl866Link(wire, **how)),
    ),
    "3m-810": Family(
        lambda field, **how: threem.ThreeMSimulator(field, **how),
        lambda wire, **how: threem.ThreeMPad(ThreeMLink(wire, **how)),
    ),
    "3m-210": Family(
        lambda field, **how: threem.ThreeMSimulator(field, model="210", **how),
        lambda wire, **how: threem.ThreeMPad(ThreeMLink(wire, **how)),
    ),
}

QUICK = 0.01


class Rig:
    """Makes simulated readers and pads on wires, and closes the wires."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._wires: list[Transport] = []

    def simulator(self, *tags: Any, seconds: float = 0.0) -> Simulator:
        field = tags[0] if tags and isinstance(tags[0], Field) else Field(*tags)
        made: Simulator = self._family.simulator(field, block_seconds=seconds)
        return made

    def pad(self, wire: Transport, **how: Any) -> ItemReader:
        self._wires.append(wire)
        return self._family.pad(wire, **{"patience": QUICK, **how})

    async def close(self) -> None:
        for wire in self._wires:
            await wire.close()


@pytest.fixture(params=FAMILIES, scope="module")
def family(request: pytest.FixtureRequest) -> Iterator[Family]:
    yield FAMILIES[request.param]


@pytest.fixture
async def rig(family: Family) -> AsyncIterator[Rig]:
    made = Rig(family)
    yield made
    await made.close()


@pytest.fixture(params=[Wire, Dripping])
def wire(request: pytest.FixtureRequest) -> Callable[[Simulator], Transport]:
    made: Callable[[Simulator], Transport] = request.param
    return made
