"""What operating.md tells an operator to do, done to real processes. Nothing is lost, nothing doubled."""

import asyncio
import shutil

import pytest

from gateway.cli import main

pytestmark = pytest.mark.system
GOOD = {"lost": 0, "doubled": 0, "strange": 0}


def gateway(*words):
    assert main([str(word) for word in words]) == 0


async def test_a_centre_that_is_put_back_from_an_older_copy_gets_everything_again(
    library, tmp_path
):
    await library.start()
    await library.until(10)
    gateway("backup", tmp_path / "copy.tar", "--home", library.centre)  # the gateway is at work
    await library.carry(10)
    assert await library.settled(20) == GOOD
    await library.gateway.kill()
    shutil.rmtree(library.centre)
    gateway("restore", tmp_path / "copy.tar", library.centre)
    library.broker.reload()
    await library.gateway.start()
    await library.until(len(library.journaled()) + 5)
    assert await library.settled(30) == GOOD


@pytest.mark.parametrize("card", ["read", "dead"])
async def test_a_pi_is_replaced_under_its_old_name(library, card):
    await library.start()
    await library.carry(10)
    assert await library.settled(10) == GOOD
    await library.gateway.kill()
    await library.agent.kill()
    if card == "dead":  # facts that only the old card had are gone with it; these were sent
        shutil.rmtree(library.data)
    gateway("enrol", "tinh", "gate-1", "--out", library.folder / "keys", "--home", library.centre)
    library.broker.reload()
    await library.gateway.start()
    await library.agent.start()
    await library.until(len(library.journaled()) + 5)
    async with asyncio.timeout(30):
        while library.sums()["lost"]:  # noqa: ASYNC110  other processes
            await asyncio.sleep(0.1)
    sums = library.sums()
    assert sums["doubled"] == 0
    assert (sums["strange"] > 0) is (card == "dead")


async def test_broker_and_gateway_get_new_certificates(library):
    await library.start()
    await library.until(5)
    gateway("renew", "--all", "--home", library.centre)
    await library.broker.stop()
    await library.broker.start()
    await library.gateway.kill()
    await library.gateway.start()
    await library.until(len(library.journaled()) + 5)
    assert await library.settled(20) == GOOD
