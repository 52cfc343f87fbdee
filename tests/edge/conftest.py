"""Nouns that the edge's tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.clock import Clock
from edge.journal import Journal


class Hands:
    """The hands of a clock that a test moves, in seconds."""

    def __init__(self) -> None:
        self.wall, self.mono = 1_795_000_000.0, 50.0

    def pass_time(self, seconds: float) -> None:
        """Let time go by."""
        self.wall += seconds
        self.mono += seconds


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def clock(hands: Hands) -> Clock:
    return Clock(lambda: hands.wall, lambda: hands.mono, "boot-1", lambda: True)


@pytest.fixture
async def journal(tmp_path: Path, clock: Clock) -> AsyncIterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", "tinh-kiosk", clock)
    yield journal
    await journal.close()
