"""The reader in a security gate: it buffers what passes, we fetch and clear."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from drivers.errors import DriverError, GateDataLostError
from drivers.feig import commands
from drivers.feig.answers import BufferPage, People
from drivers.feig.link import Link
from drivers.feig.opening import DEFAULT_ORDER, opened
from drivers.feig.options import BlockOrder, GateOptions
from drivers.feig.order import all_in_order
from drivers.ports import Driver, GateReader, Sighting

_MAX_PAGES = 64


class FeigGate:
    """Implements :class:`drivers.ports.GateReader` over a link."""

    def __init__(self, link: Link, order: BlockOrder = DEFAULT_ORDER, records: int = 255) -> None:
        """Use a reader that is ready; fetch so many ``records`` at a time."""
        self._link = link
        self._order = order
        self._records = records
        self._kept: list[Sighting] = []

    async def sightings(self) -> list[Sighting]:
        """Return what the reader buffered since the last call (may be empty) and clear it.

        Nothing is lost on the way: what was fetched is kept until it can be returned, and what
        could not be cleared comes again. Raises GateDataLostError once per overflow.
        """
        try:
            for _ in range(_MAX_PAGES):
                if not await self._fetch():
                    break
        except GateDataLostError:
            raise
        except DriverError:
            if not self._kept:
                raise
        kept, self._kept = self._kept, []
        return kept

    async def people(self) -> People:
        """Return the people counter of the gate; RefusedError when it has none."""
        return await self._link.ask(commands.PEOPLE)

    async def _fetch(self) -> bool:
        """Fetch a page and clear it; False when it was the last."""
        page = await self._link.ask(commands.READ_BUFFER, self._records.to_bytes(2, "big"))
        if page.overflow:
            await self._link.ask(commands.INIT_BUFFER)
            raise GateDataLostError("the gate reader's buffer ran over and was emptied")
        if page.passages or page.skipped:
            self._kept += self._in_memory_order(page)
            await self._link.ask(commands.CLEAR_BUFFER)
        return page.more

    def _in_memory_order(self, page: BufferPage) -> list[Sighting]:
        return [
            replace(seen, data=all_in_order(self._order, seen.data, passage.block_size))
            for passage in page.passages
            for seen in [passage.sighting]
        ]


@asynccontextmanager
async def open_gate(options: GateOptions) -> AsyncIterator[GateReader]:
    """Open the reader at ``options.url`` and make it ready."""
    async with opened(options) as (link, order):
        yield FeigGate(link, order, options.records)


GATE = Driver(
    name="feig-gate",
    port=GateReader,
    options=GateOptions,
    open=open_gate,
    help="FEIG reader for ISO 15693 tags in a security gate (buffered read)",
)
