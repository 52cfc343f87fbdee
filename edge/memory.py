"""Memory that nobody uses any more goes back to the machine: the C library alone keeps most of it."""

import asyncio
import ctypes

SECONDS = 10.0
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""glibc's; another C library may have none."""


async def give_back() -> None:
    """Work until cancelled."""
    while _trim is not None:
        _trim(0)
        await asyncio.sleep(SECONDS)
