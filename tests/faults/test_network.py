"""A link of 128 kbit/s that loses every tenth packet, and is cut: real processes behind it.

The kernel here cannot lose packets for one port (no netem), so the path is a relay of ours that
does to a TCP stream what loss does: what is lost comes again later and holds up what is behind it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from edge.uplink.testing import Link, through

pytestmark = pytest.mark.system
GOOD = {"lost": 0, "doubled": 0, "strange": 0}
RATE = 128_000 / 8


@asynccontextmanager
async def behind(library, link) -> AsyncIterator[None]:
    """Let the agent reach the broker through a link only."""
    async with through(link, library.broker.port) as port:
        file = library.folder / "agent.toml"
        text = file.read_text()
        file.write_text(text.replace(f"port = {library.broker.port}", f"port = {port}"))
        yield


async def test_a_slow_link_that_loses_every_tenth_packet(library):
    link = Link(rate=RATE, delay=0.15, loss=0.1, resend=0.6)
    async with behind(library, link):
        await library.start()
        await library.until(1)
        for _ in range(3):
            await library.carry(25)
            link.cut()
            await library.carry(5)
        await library.agent.kill()
        await library.agent.start()
        assert await library.settled(60, 60) == GOOD
        assert link.up > 0
        await library.agent.stop()
