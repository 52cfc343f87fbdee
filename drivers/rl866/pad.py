"""The RL866 reader under a pad, a desk or a book drop: sees tags, reads and writes them.

A tag is connected before it is accessed, and stays so until another one is wanted.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from drivers.chips import WITHOUT_INFO, blocks_in_one_write
from drivers.errors import FrameError, RefusedError
from drivers.ports import Driver, ItemReader, SeenTag, TagInfo
from drivers.rl866 import commands
from drivers.rl866.answers import Report
from drivers.rl866.commands import ALL_HANDLES, MAX_BYTES, Command, connect_to
from drivers.rl866.link import Link
from drivers.rl866.options import Rl866Options
from drivers.rl866.status import WRONG_HANDLE
from drivers.transport import SerialLine, open_transport

R = TypeVar("R")

USUAL_LINE = SerialLine(Path(), baud=38400, parity="E")

_LARGEST_USUAL_BLOCK = 8
_MAX_PAGES = 64
_KEPT = 256
_KINDS = {b"\xe0\x04": 1, b"\xe0\x07": 2, b"\xe0\x02": 3, b"\xe0\x08": 4}
"""The reader's numbers of chip families, for a tag that no inventory has told us of."""


@dataclass(frozen=True, slots=True)
class _Connected:
    uid: bytes
    handle: int
    begun: int


class Rl866Pad:
    """Implements :class:`drivers.ports.ItemReader` over a link."""

    def __init__(self, link: Link) -> None:
        """Use a reader behind ``link``."""
        self._link = link
        self._connected: _Connected | None = None
        self._reports: dict[bytes, Report] = {}
        self._block_sizes: dict[bytes, int] = {}

    async def inventory(self) -> list[SeenTag]:
        """Return every tag in the field now, each once, in no order."""
        seen = await self._link.again(self._look)
        if len(self._reports) + len(seen) > _KEPT:
            self._reports.clear()
        self._reports.update(seen)
        return [SeenTag(report.uid, report.dsfid, report.antenna) for report in seen.values()]

    async def info(self, uid: bytes) -> TagInfo:
        """Return size, AFI and DSFID of one tag; TagLostError if it does not answer."""
        if uid[:3] in WITHOUT_INFO:
            await self.read(uid, 0, 1)
            return TagInfo(uid, None, None, *WITHOUT_INFO[uid[:3]])
        info = await self._link.again(partial(self._ask_info, uid))
        self._note_size(uid, info.block_size)
        return info

    async def read(self, uid: bytes, first: int, count: int) -> bytes:
        """Return ``count`` blocks from block ``first``; TagLostError if the tag leaves."""
        data = b""
        while count > 0:
            size = self._block_sizes.get(uid, _LARGEST_USUAL_BLOCK)
            some = min(count, MAX_BYTES // size)
            found = await self._link.again(partial(self._ask_blocks, uid, first, some))
            self._note_size(uid, len(found) // some)
            data += found
            first, count = first + some, count - some
        return data

    async def write(self, uid: bytes, first: int, data: bytes, block_size: int) -> None:
        """Write whole blocks from ``first``; after TagLostError any part may be written."""
        if block_size < 1 or len(data) % block_size:
            raise ValueError(f"{len(data)} bytes are not whole blocks of {block_size}")
        most = blocks_in_one_write(uid, MAX_BYTES // block_size)
        for start in range(0, len(data), most * block_size):
            some = data[start : start + most * block_size]
            head = _word(first + start // block_size) + _word(len(some) // block_size)
            await self._ask(uid, commands.WRITE_BLOCKS, head + some)

    async def write_afi(self, uid: bytes, afi: int) -> None:
        """Write the AFI of exactly this tag (always addressed); verify with :meth:`info`."""
        await self._ask(uid, commands.WRITE_AFI, bytes((afi,)))

    async def _ask(self, uid: bytes, command: Command[R], data: bytes = b"") -> R:
        return await self._link.again(lambda: self._access(uid, command, data))

    async def _access(self, uid: bytes, command: Command[R], data: bytes = b"") -> R:
        """Ask a tag once; a handle that the reader has forgotten is made anew."""
        try:
            return await self._link.once(command, data, await self._connect(uid))
        except RefusedError as error:
            if error.status != WRONG_HANDLE:
                raise
        self._connected = None
        return await self._link.once(command, data, await self._connect(uid))

    async def _connect(self, uid: bytes) -> int:
        """Return the handle of a tag, connected now or before."""
        await self._link.settle()
        begun = self._link.begun
        if self._connected and (self._connected.uid, self._connected.begun) == (uid, begun):
            return self._connected.handle
        await self._disconnect()
        report = self._reports.get(uid) or Report(uid, kind=_KINDS.get(uid[:2], 1))
        data = connect_to(uid, report.kind, report.antenna)
        handle = await self._link.once(commands.CONNECT, data)
        self._connected = _Connected(uid, handle, begun)
        return handle

    async def _disconnect(self) -> None:
        """Let go of every tag: of what we have connected, or of what nobody knows after doubt."""
        self._connected = None
        await self._link.once(commands.DISCONNECT, bytes((ALL_HANDLES,)))

    async def _look(self) -> dict[bytes, Report]:
        """One whole inventory, all again if a page is lost."""
        if self._connected:
            await self._disconnect()
        page = await self._link.once(commands.INVENTORY, bytes((commands.NEW,)))
        seen = {report.uid: report for report in page.tags}
        for _ in range(_MAX_PAGES):
            if not page.more:
                break
            page = await self._link.once(commands.INVENTORY, bytes((commands.GO_ON,)))
            seen.update((report.uid, report) for report in page.tags)
        return seen

    async def _ask_info(self, uid: bytes) -> TagInfo:
        info = await self._access(uid, commands.SYSTEM_INFO)
        if info.uid != uid:
            raise FrameError(f"asked tag {uid.hex()} and got the answer of {info.uid.hex()}")
        return info

    async def _ask_blocks(self, uid: bytes, first: int, count: int) -> bytes:
        without_locks = b"\x00"
        data = without_locks + _word(first) + _word(count)
        got, found = await self._access(uid, commands.READ_BLOCKS, data)
        if got != count:
            raise FrameError(f"asked for {count} blocks and got {got}")
        return found

    def _note_size(self, uid: bytes, size: int) -> None:
        if len(self._block_sizes) >= _KEPT:
            self._block_sizes.clear()
        self._block_sizes[uid] = size


def _word(value: int) -> bytes:
    return value.to_bytes(2, "little")


@asynccontextmanager
async def open_pad(options: Rl866Options) -> AsyncIterator[ItemReader]:
    """Open the reader at ``options.url``; it has answered when this returns."""
    transport = await open_transport(options.url, USUAL_LINE)
    try:
        link = Link(
            transport,
            address=options.address,
            patience=options.patience,
            tries=options.tries,
            numbered=options.numbered,
        )
        await link.again(link.settle)
        yield Rl866Pad(link)
    finally:
        await transport.close()


PAD = Driver(
    name="rl866",
    port=ItemReader,
    options=Rl866Options,
    open=open_pad,
    help="RL866 reader for ISO 15693 tags under a pad, a desk or a drop",
)
