"""The reader under a pad, a desk or a book drop: sees tags, reads and writes them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from drivers.chips import WITHOUT_INFO, blocks_in_one_write
from drivers.errors import FrameError
from drivers.feig import commands
from drivers.feig.answers import Blocks
from drivers.feig.commands import ADDRESSED, MAX_BYTES, MODE_MORE, MODE_NEW
from drivers.feig.guard import Guard
from drivers.feig.link import Link
from drivers.feig.opening import DEFAULT_ORDER, opened
from drivers.feig.options import BlockOrder, PadOptions
from drivers.feig.order import in_order
from drivers.feig.outputs import Kind, Switch
from drivers.feig.service import Service, identity
from drivers.feig.status import IsoError, TagRefusedError
from drivers.ports import Driver, ItemReader, SeenTag, TagInfo

_LARGEST_USUAL_BLOCK = 8
_MAX_PAGES = 64
_SIZES_KEPT = 256


class FeigPad:
    """Implements :class:`drivers.ports.ItemReader` over a link."""

    def __init__(
        self, link: Link, order: BlockOrder = DEFAULT_ORDER, guard: Guard | None = None
    ) -> None:
        """Use a reader that :func:`drivers.feig.opening.start` made ready."""
        self._link = link
        self._guard = guard
        self._order = order
        self._block_sizes: dict[bytes, int] = {}

    async def inventory(self) -> list[SeenTag]:
        """Return every tag in the field now, each once, in no order."""
        if self._guard is not None:
            await self._guard.check()
        return await self._link.again(self._look)

    async def info(self, uid: bytes) -> TagInfo:
        """Return size, AFI and DSFID of one tag; TagLostError if it does not answer."""
        try:
            info = await self._link.again(partial(self._ask_info, uid))
        except TagRefusedError as error:
            if error.iso_error != IsoError.NOT_SUPPORTED or uid[:3] not in WITHOUT_INFO:
                raise
            info = TagInfo(uid, None, None, *WITHOUT_INFO[uid[:3]])
        self._note_size(uid, info.block_size)
        return info

    async def read(self, uid: bytes, first: int, count: int) -> bytes:
        """Return ``count`` blocks from block ``first``; TagLostError if the tag leaves."""
        data = b""
        while count > 0:
            size = self._block_sizes.get(uid, _LARGEST_USUAL_BLOCK)
            some = min(count, MAX_BYTES // size)
            found = await self._link.again(partial(self._ask_blocks, uid, first, some))
            self._note_size(uid, found.size)
            data += b"".join(in_order(self._order, block) for block in found.blocks)
            first, count = first + some, count - some
        return data

    async def write(self, uid: bytes, first: int, data: bytes, block_size: int) -> None:
        """Write whole blocks from ``first``; after TagLostError any part may be written."""
        if block_size < 1 or len(data) % block_size:
            raise ValueError(f"{len(data)} bytes are not whole blocks of {block_size}")
        most = blocks_in_one_write(uid, MAX_BYTES // block_size)
        blocks = [data[i : i + block_size] for i in range(0, len(data), block_size)]
        for done in range(0, len(blocks), most):
            some = blocks[done : done + most]
            head = bytes((first + done, len(some), block_size))
            wire = b"".join(in_order(self._order, block) for block in some)
            await self._link.ask(commands.WRITE_BLOCKS, ADDRESSED + uid + head + wire)

    async def write_afi(self, uid: bytes, afi: int) -> None:
        """Write the AFI of exactly this tag (always addressed); verify with :meth:`info`."""
        await self._link.ask(commands.WRITE_AFI, ADDRESSED + uid + bytes((afi,)))

    async def write_dsfid(self, uid: bytes, dsfid: int) -> None:
        """Write the DSFID of exactly this tag (always addressed); verify with :meth:`info`."""
        await self._link.ask(commands.WRITE_DSFID, ADDRESSED + uid + bytes((dsfid,)))

    async def identity(self) -> str:
        """Return model and firmware in words."""
        return identity(await Service(self._link).version())

    async def set_relay(self, number: int, active: bool, seconds: float = 0.0) -> None:
        """Switch a relay of the reader; ``seconds`` 0 is for good."""
        switch = Switch.ON if active else Switch.OFF
        await Service(self._link).set_output(Kind.RELAY, number, switch, seconds)

    async def _look(self) -> list[SeenTag]:
        """One whole inventory.

        The reader tells each tag once until its field was off, so a lost page can only be had again
        from the beginning.
        """
        await self._link.once(commands.RF_RESET)
        page = await self._link.once(commands.INVENTORY, bytes((MODE_NEW,)))
        seen = {tag.uid: tag for tag in page.tags}
        for _ in range(_MAX_PAGES):
            if not page.more:
                break
            page = await self._link.once(commands.INVENTORY, bytes((MODE_MORE,)))
            seen.update((tag.uid, tag) for tag in page.tags)
        return list(seen.values())

    async def _ask_info(self, uid: bytes) -> TagInfo:
        info = await self._link.once(commands.SYSTEM_INFO, ADDRESSED + uid)
        if info.uid != uid:
            raise FrameError(f"asked tag {uid.hex()} and got the answer of {info.uid.hex()}")
        return info

    async def _ask_blocks(self, uid: bytes, first: int, count: int) -> Blocks:
        found = await self._link.once(commands.READ_BLOCKS, ADDRESSED + uid + bytes((first, count)))
        if len(found.blocks) != count:
            raise FrameError(f"asked for {count} blocks and got {len(found.blocks)}")
        return found

    def _note_size(self, uid: bytes, size: int) -> None:
        if len(self._block_sizes) >= _SIZES_KEPT:
            self._block_sizes.clear()
        self._block_sizes[uid] = size


@asynccontextmanager
async def open_pad(options: PadOptions) -> AsyncIterator[ItemReader]:
    """Open the reader at ``options.url`` and make it ready."""
    async with opened(options) as reader:
        yield FeigPad(reader.link, reader.order, reader.guard)


PAD = Driver(
    name="feig",
    port=ItemReader,
    options=PadOptions,
    open=open_pad,
    help="FEIG reader for ISO 15693 tags under a pad, a desk or a drop",
)
