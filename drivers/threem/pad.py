"""The 3M pad: sees tags, reads and writes them."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from drivers.chips import blocks_in_one_write, usual_size
from drivers.errors import FrameError, RefusedError
from drivers.ports import Driver, ItemReader, SeenTag, TagInfo
from drivers.threem import commands
from drivers.threem.answers import BLOCK_BYTES, Info
from drivers.threem.commands import ALL_AFIS, ALL_INFO, SET_UP, SET_UP_VALUES, UIDS_ONLY
from drivers.threem.link import Link
from drivers.threem.options import ThreeMOptions
from drivers.threem.status import Status
from drivers.transport import SerialLine, open_transport

USUAL_LINE = SerialLine(Path(), baud=19200)
DEFAULT_BLOCKS = 8

_TAG_WITHOUT = frozenset({Status.NOT_AVAILABLE, Status.NOT_SUPPORTED, Status.TAG_NOT_SUPPORTED})


class ThreeMPad:
    """Implements :class:`drivers.ports.ItemReader` over a link."""

    def __init__(self, link: Link, blocks: int = DEFAULT_BLOCKS) -> None:
        """Use a pad behind ``link``; ``blocks`` of a tag at a time."""
        self._link = link
        self._blocks = blocks
        self._knows_info = True
        self._odd: set[bytes] = set()

    async def inventory(self) -> list[SeenTag]:
        """Return every tag in the field now, each once, in no order."""
        uids = await self._link.ask(commands.INVENTORY, bytes((ALL_AFIS, UIDS_ONLY)))
        return [SeenTag(uid) for uid in dict.fromkeys(uids)]

    async def info(self, uid: bytes) -> TagInfo:
        """Return size, AFI and DSFID of one tag; TagLostError if it does not answer."""
        info = await self._info(uid)
        usual = usual_size(uid)
        size, count = info.block_size, info.block_count
        if size is None or count is None:
            if usual is None:
                raise RefusedError(Status.NOT_AVAILABLE, "the tag does not tell its size")
            size, count = usual
        if size != BLOCK_BYTES:
            self._odd.add(uid)
        chip = None if info.chip is None else info.chip >> 8
        return TagInfo(uid, info.dsfid, info.afi, size, count, chip)

    async def read(self, uid: bytes, first: int, count: int) -> bytes:
        """Return ``count`` blocks from block ``first``; TagLostError if the tag leaves."""
        if uid in self._odd:
            raise _blocks_of_another_size()
        data = b""
        while count > 0:
            some = min(count, self._blocks)
            data += await self._link.again(partial(self._read, uid, first, some))
            first, count = first + some, count - some
        return data

    async def write(self, uid: bytes, first: int, data: bytes, block_size: int) -> None:
        """Write whole blocks from ``first``; after TagLostError any part may be written."""
        if block_size < 1 or len(data) % block_size:
            raise ValueError(f"{len(data)} bytes are not whole blocks of {block_size}")
        if block_size != BLOCK_BYTES:
            raise _blocks_of_another_size()
        most = blocks_in_one_write(uid, self._blocks) * BLOCK_BYTES
        for start in range(0, len(data), most):
            some = data[start : start + most]
            head = bytes((first + start // BLOCK_BYTES, len(some) // BLOCK_BYTES, 0))
            await self._link.ask(commands.WRITE_BLOCKS, head + some, uid)

    async def write_afi(self, uid: bytes, afi: int) -> None:
        """Write the AFI of exactly this tag (always addressed); verify with :meth:`info`."""
        await self._link.ask(commands.WRITE_AFI, bytes((afi,)), uid)

    async def write_dsfid(self, uid: bytes, dsfid: int) -> None:
        """Write the DSFID of exactly this tag (always addressed); verify with :meth:`info`."""
        await self._link.ask(commands.WRITE_DSFID, bytes((dsfid,)), uid)

    async def _read(self, uid: bytes, first: int, count: int) -> bytes:
        found = await self._link.once(commands.READ_BLOCKS, bytes((first, count)), uid)
        if [block.number for block in found] != list(range(first, first + count)):
            raise FrameError(f"asked for {count} blocks from {first} and got others")
        return b"".join(block.data for block in found)

    async def _info(self, uid: bytes) -> Info:
        """Ask for all at once; a pad that cannot is asked for one thing after the other."""
        if self._knows_info:
            try:
                return await self._link.ask(commands.TAG_INFO, bytes((ALL_INFO,)), uid)
            except RefusedError as error:
                if error.status != Status.NOT_IMPLEMENTED:
                    raise
                self._knows_info = False
        afi = await self._value(commands.READ_AFI, uid)
        dsfid = await self._value(commands.READ_DSFID, uid)
        if afi is None and dsfid is None:
            await self.read(uid, 0, 1)
        return Info(dsfid, afi)

    async def _value(self, command: commands.Command[int], uid: bytes) -> int | None:
        try:
            return await self._link.ask(command, uid=uid)
        except RefusedError as error:
            if error.status not in _TAG_WITHOUT | {Status.NOT_IMPLEMENTED}:
                raise
        return None


def _blocks_of_another_size() -> RefusedError:
    error = RefusedError(Status.NOT_SUPPORTED, f"the pad knows only blocks of {BLOCK_BYTES} bytes")
    error.hint = "Read and write this kind of tag with another reader."
    return error


@asynccontextmanager
async def open_pad(options: ThreeMOptions) -> AsyncIterator[ItemReader]:
    """Open the pad at ``options.url``; it has answered when this returns."""
    transport = await open_transport(options.url, USUAL_LINE)
    try:
        link = Link(transport, patience=options.patience, tries=options.tries)
        await link.again(link.settle)
        if options.set_up:
            with contextlib.suppress(RefusedError):
                await link.ask(SET_UP, SET_UP_VALUES)
        yield ThreeMPad(link, options.blocks)
    finally:
        await transport.close()


PAD = Driver(
    name="3m",
    port=ItemReader,
    options=ThreeMOptions,
    open=open_pad,
    help="3M pad 810 or 210 for ISO 15693 tags",
)
