import contextlib

import pytest

from demo.catalogue import library
from demo.places import open_places
from demo.world.world import World

LIBRARY = library()


@pytest.fixture
def places(tmp_path):
    return open_places(tmp_path / "demo", any_ports=True)


@pytest.fixture
async def world(places):
    made = World(LIBRARY, places, pace=0.02)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(made.open(power=False))
        yield made
