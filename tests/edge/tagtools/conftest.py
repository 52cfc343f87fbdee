from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from edge.tagtools.intents import Intents
from edge.tagtools.testing import Pad, simulated_pad


@pytest.fixture
async def pad() -> AsyncIterator[Pad]:
    async with simulated_pad() as made:
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tagtools.db"


@pytest.fixture
def intents(path: Path) -> Iterator[Intents]:
    with Intents(path) as opened:
        yield opened
