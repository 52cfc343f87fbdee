"""The reader in a security gate: it buffers what passes, we fetch and clear."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from drivers.errors import DriverError, GateDataLostError, RefusedError
from drivers.feig import commands
from drivers.feig.answers import BufferPage, Passage, People
from drivers.feig.guard import Guard
from drivers.feig.link import Link
from drivers.feig.opening import DEFAULT_ORDER, opened
from drivers.feig.options import BlockOrder, GateOptions
from drivers.feig.order import all_in_order
from drivers.feig.outputs import Kind, Switch
from drivers.feig.service import UNKNOWN, Service, identity
from drivers.ports import Driver, GateReader, PeopleCount, Sighting
from drivers.tags.uhf import bank_image
from drivers.uhf.rule import UhfRule

_MAX_PAGES = 64


class FeigGate:
    """Implements :class:`drivers.ports.GateReader` over a link."""

    def __init__(
        self,
        link: Link,
        order: BlockOrder = DEFAULT_ORDER,
        records: int = 255,
        guard: Guard | None = None,
        rule: UhfRule | None = None,
    ) -> None:
        """Use a reader that is ready; fetch so many ``records`` at a time."""
        self._link = link
        self._rule = rule or UhfRule()
        self._guard = guard
        self._order = order
        self._records = records
        self._kept: list[Sighting] = []
        self._old = False

    async def sightings(self) -> list[Sighting]:
        """Return what the reader buffered since the last call (may be empty) and clear it.

        Nothing is lost on the way: what was fetched is kept until it can be returned, and what
        could not be cleared comes again. Raises GateDataLostError once per overflow.
        """
        if self._guard is not None and not self._kept:
            await self._guard.check()
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
        return await Service(self._link).people()

    async def people_count(self) -> PeopleCount:
        """Return how many people the gate's own counter saw; RefusedError when it has none."""
        return summed(await self.people())

    async def identity(self) -> str:
        """Return model and firmware in words."""
        return identity(await Service(self._link).version())

    async def set_relay(self, number: int, active: bool, seconds: float = 0.0) -> None:
        """Switch a relay of the reader; ``seconds`` 0 is for good."""
        switch = Switch.ON if active else Switch.OFF
        await Service(self._link).set_output(Kind.RELAY, number, switch, seconds)

    async def _fetch(self) -> bool:
        """Fetch a page and clear it; False when it was the last."""
        page = await self._page()
        if page.overflow:
            self._kept += sightings_of(page, self._order, self._rule)
            await self._link.ask(commands.INIT_BUFFER)
            raise GateDataLostError("the gate reader's buffer ran over and was emptied")
        if page.passages or page.skipped:
            self._kept += sightings_of(page, self._order, self._rule)
            await self._link.ask(commands.CLEAR_BUFFER)
        return page.more

    async def _page(self) -> BufferPage:
        """Ask in the form that the reader knows: an older one refuses the newer question."""
        if not self._old:
            try:
                return await self._link.ask(commands.READ_BUFFER, self._records.to_bytes(2, "big"))
            except RefusedError as error:
                if error.status not in UNKNOWN:
                    raise
        page = await self._link.ask(commands.READ_BUFFER_OLD, bytes((self._records,)))
        self._old = True
        return page


def sightings_of(page: BufferPage, order: BlockOrder, rule: UhfRule) -> list[Sighting]:
    """Return the sightings of a page: block bytes as the tag has them, UHF tags as the site reads."""
    seen = [_sighting(passage, order, rule) for passage in page.passages]
    return [one for one in seen if one is not None]


def _sighting(passage: Passage, order: BlockOrder, rule: UhfRule) -> Sighting | None:
    seen, tag = passage.sighting, passage.air
    if tag is None:
        told: BlockOrder = "plain" if passage.lsb_first else order
        return replace(seen, data=all_in_order(told, seen.data, passage.block_size))
    if tag.pc is None or not rule.is_ours(tag):
        return None
    return Sighting(
        rule.uid(tag, passage.tid),
        afi=rule.security.state(tag.pc, tag.epc),
        antenna=tag.antenna,
        data=bank_image(tag.pc, tag.epc),
        bank=rule.bank,
        rssi=seen.rssi,
    )


def summed(people: People) -> PeopleCount:
    """Return both beams of a counter as one count."""
    return PeopleCount(people.in_1 + people.in_2, people.out_1 + people.out_2)


@asynccontextmanager
async def open_gate(options: GateOptions) -> AsyncIterator[GateReader]:
    """Open the reader at ``options.url`` and make it ready."""
    async with opened(options) as reader:
        yield FeigGate(reader.link, reader.order, options.records, reader.guard, options.uhf.rule())


GATE = Driver(
    name="feig-gate",
    port=GateReader,
    options=GateOptions,
    open=open_gate,
    help="FEIG reader in a security gate, HF or UHF (buffered read)",
)
