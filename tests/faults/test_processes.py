"""What happens to processes: killed, frozen, without a broker. Nothing is lost, nothing doubled."""

import asyncio
import os
import signal

import pytest

pytestmark = pytest.mark.system
GOOD = {"lost": 0, "doubled": 0, "strange": 0}


async def test_an_agent_killed_again_and_again(library):
    await library.start()
    for _ in range(3):
        before = len(library.journaled())
        await library.carry(8)
        await library.until(before + 4)
        await library.agent.kill()
        await library.carry(2)
        await library.agent.start()
    await library.until(len(library.journaled()) + 1)
    assert await library.settled(30) == GOOD


async def test_a_gateway_killed_again_and_again(library):
    await library.start()
    await library.until(1)
    for _ in range(3):
        await library.carry(15)
        await library.gateway.kill()
        await library.carry(5)
        await library.gateway.start()
        await asyncio.sleep(0.7)
    assert await library.settled(40) == GOOD


async def test_a_broker_killed_again_and_again_forgets_and_nothing_is_lost(library):
    await library.start()
    await library.until(1)
    for _ in range(3):
        await library.carry(15)
        library.broker.process.kill()
        await library.broker.process.wait()
        await library.carry(5)
        await library.broker.start()
        await asyncio.sleep(0.5)
    assert await library.settled(40) == GOOD


async def test_processes_that_freeze_and_thaw(library):
    await library.start()
    await library.until(1)
    for pid in (library.agent.pid, library.gateway.pid, library.broker.process.pid):
        await library.carry(10)
        os.kill(pid, signal.SIGSTOP)
        await library.carry(10, pause=0.1)
        os.kill(pid, signal.SIGCONT)
    assert await library.settled(40) == GOOD
