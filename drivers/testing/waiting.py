"""Waits for what tasks and devices do in their own time; generous, since machines of tests are busy."""

import asyncio
from collections.abc import Callable

PATIENCE = 30.0
PAUSE = 0.005


async def until(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Return True once ``true`` says so; raise TimeoutError when it does not in time."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(PAUSE)
    return True
