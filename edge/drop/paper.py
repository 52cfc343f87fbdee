"""What a drop prints: slips for staff at once, a receipt once nothing more comes. Never waited for."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from drivers.ports import Line
from edge.drop.options import DropOptions
from edge.drop.slips import hold_slip, receipt, transit_slip
from edge.drop.sorter import Sorted
from edge.printing import Printing
from edge.station import Services
from edge.texts import Texts

log = logging.getLogger(__name__)
LIMIT = 100
"""Slips and titles that may wait for the printer; further ones are left out and logged."""


class Paper:
    """The paper of one drop. :meth:`run` prints until it is cancelled; without printer it rests."""

    def __init__(self, options: DropOptions, services: Services) -> None:
        self._options = options
        self._services = services
        device = services.devices[options.printer] if options.printer else None
        self._printing = Printing(device, services.journal)
        self._texts = Texts(options.language)
        self._slips: asyncio.Queue[list[Line] | str] = asyncio.Queue(LIMIT)
        self._titles: list[str] = []

    def came_in(self, item: str, title: str, goes: Sorted) -> None:
        """Queue what is printed for an item whose return is recorded."""
        if not self._options.printer:
            return
        now, zone = self._services.clock.now_ms(), self._services.replica.policy.zone
        if self._options.slips and goes.held:
            self._queue(hold_slip(self._texts, title, item, now, zone))
        elif self._options.slips and goes.elsewhere:
            self._queue(transit_slip(self._texts, title, item, goes.elsewhere, now, zone))
        if self._options.receipt:
            self._queue(title or item)

    async def run(self) -> None:
        """Print what is queued."""
        while True:
            limit = self._options.receipt_seconds if self._titles else None
            slip: list[Line] | str | None = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    slip = await self._slips.get()
            if isinstance(slip, str):
                self._titles.append(slip)
            elif slip is not None:
                await self._print("slip", slip)
            if slip is None or len(self._titles) >= LIMIT:
                await self._print("receipt", self._receipt())

    def _receipt(self) -> list[Line]:
        titles, self._titles = self._titles, []
        name = self._services.agent.name or self._services.agent.site
        now, zone = self._services.clock.now_ms(), self._services.replica.policy.zone
        return receipt(self._texts, name, titles, now, zone)

    def _queue(self, slip: list[Line] | str) -> None:
        try:
            self._slips.put_nowait(slip)
        except asyncio.QueueFull:
            log.warning("%s: the printer does not keep up, a slip is left out", self._options.name)

    async def _print(self, what: str, lines: Sequence[Line]) -> None:
        why = await self._printing.print_lines(lines)
        if why:
            log.warning("%s: %s not printed (%s)", self._options.name, what, why)
