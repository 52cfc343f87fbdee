"""The commands of a FEIG reader that can never be undone; no other module sends them.

Password protection (NXP) is left out: where the chip maker's code stands in the frame is not
published, and a guess would be for ever.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.errors import FrameError
from drivers.feig import commands
from drivers.feig.commands import ADDRESSED
from drivers.feig.link import Link
from drivers.feig.opening import opened
from drivers.feig.options import FeigOptions
from drivers.ports import TagLocks


class FeigLocks:
    """Implements :class:`drivers.ports.TagLocks` over a link."""

    def __init__(self, link: Link) -> None:
        """Use a reader that is ready."""
        self._link = link

    async def locked(self, uid: bytes, first: int, count: int) -> list[bool]:
        """Return which of these blocks are locked."""
        where = bytes((first, count))
        bits = await self._link.ask(commands.BLOCK_SECURITY, ADDRESSED + uid + where)
        if len(bits) != count:
            raise FrameError(f"asked for the locks of {count} blocks and got {len(bits)}")
        return [bool(bit) for bit in bits]

    async def lock_blocks(self, uid: bytes, first: int, count: int) -> None:
        """Lock blocks for ever; RefusedError names one that cannot be."""
        await self._link.ask(commands.LOCK_BLOCKS, ADDRESSED + uid + bytes((first, count)))

    async def lock_afi(self, uid: bytes) -> None:
        """Lock the security byte for ever."""
        await self._link.ask(commands.LOCK_AFI, ADDRESSED + uid)

    async def lock_dsfid(self, uid: bytes) -> None:
        """Lock the DSFID for ever."""
        await self._link.ask(commands.LOCK_DSFID, ADDRESSED + uid)


@asynccontextmanager
async def open_locks(options: FeigOptions) -> AsyncIterator[TagLocks]:
    """Open the reader at ``options.url`` for locking."""
    async with opened(options) as reader:
        yield FeigLocks(reader.link)
