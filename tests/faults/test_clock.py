"""An agent without a battery clock boots in 2001 (libfaketime), and is put right by the centre."""

import asyncio
import contextlib
import sqlite3

import pytest

from gateway.service import now_ms

pytestmark = pytest.mark.system
GOOD = {"lost": 0, "doubled": 0, "strange": 0}
SURE_MS, SLACK_MS = 60_000, 2_000


async def test_facts_of_2001_are_where_they_belong_once_the_centre_told_the_time(
    library, fake_clock
):
    environment, say = fake_clock
    library.agent.env = environment
    say("@2001-01-01 00:00:00")
    begun = now_ms()
    await library.agent.start()  # no gateway yet: nobody tells the time
    await library.until(5)
    alone, ended = len(library.journaled()), now_ms()
    await library.gateway.start()
    assert await library.settled(alone + 1, 40) == GOOD
    async with asyncio.timeout(30):
        while any(unc > SURE_MS for _, unc, _ in places(library)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    found = places(library)
    assert [at for at, _, _ in found] == sorted(at for at, _, _ in found)
    for at, unc, _ in found[:alone]:
        assert begun - unc - SLACK_MS <= at <= ended + unc + SLACK_MS


def places(library):
    """When the ledger says that each fact was, and how sure it is."""
    with contextlib.closing(sqlite3.connect(library.centre / "ledger.db")) as db:
        return db.execute("SELECT at, unc, seq FROM facts ORDER BY seq").fetchall()
