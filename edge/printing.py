"""The receipt printer as a station sees it: what it can do now, and what staff must hear."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from drivers.errors import DriverError
from drivers.ports import Line, Paper, Printer, PrinterStatus
from edge.device import DeviceAwayError
from edge.journal import Journal, JournalError
from edge.wire.facts import Fact, Trouble, Well

if TYPE_CHECKING:
    from edge.device import Device

log = logging.getLogger(__name__)
TROUBLES = {
    "paper_out": "the receipt printer is out of paper",
    "paper_low": "the receipt printer is nearly out of paper",
    "cover_open": "the cover of the receipt printer is open",
}


class Printing:
    """``word`` is ``none``, ``ok``, ``low``, ``out`` or ``away``."""

    def __init__(self, device: "Device[Printer] | None", journal: Journal) -> None:
        self._device = device
        self._journal = journal
        self._one = asyncio.Lock()
        self.word = "none" if device is None else "away"

    async def look(self) -> None:
        """Ask the printer how it is; tell staff of what changed."""
        async with self._one:
            await self._look()

    async def _look(self) -> None:
        if self._device is None:
            return
        try:
            status = await self._device.call(lambda printer: printer.status())
        except (DeviceAwayError, DriverError):
            self.word = "away"
            return
        self.word = _word(status)
        await self._tell(_reasons(status))

    async def print_lines(self, lines: Sequence[Line]) -> str:
        """Print; return nothing, or why not: ``paper_out``, ``printer_away``, ``not_printed``."""
        if self._device is None:
            return "printer_away"
        await self.look()
        if self.word not in ("ok", "low"):
            return self._why()
        try:
            await self._device.call(lambda printer: printer.print_lines(lines))
        except (DeviceAwayError, DriverError) as error:
            log.warning("receipt not printed: %s", error)
            await self.look()
            return self._why()
        return ""

    def _why(self) -> str:
        if self.word == "out":
            return "paper_out"
        return "printer_away" if self.word == "away" else "not_printed"

    async def _tell(self, reasons: set[str]) -> None:
        if self._device is None:
            return
        part = self._device.name
        known = {why for name, why in self._journal.troubles if name == part}
        facts: list[Fact] = [
            Trouble(part=part, reason=why, why=TROUBLES[why]) for why in sorted(reasons - known)
        ]
        facts += [Well(part=part, reason=why) for why in sorted(known & TROUBLES.keys() - reasons)]
        if not facts:
            return
        try:
            await self._journal.append(*facts)
        except JournalError as error:
            log.warning("printer: %s", error)


def _word(status: PrinterStatus) -> str:
    if not status.online and status.paper is Paper.UNKNOWN:
        return "away"
    if status.paper is Paper.OUT:
        return "out"
    if not status.online or status.cover_open:
        return "away"
    return "low" if status.paper is Paper.LOW else "ok"


def _reasons(status: PrinterStatus) -> set[str]:
    reasons = set()
    if status.paper is Paper.OUT:
        reasons.add("paper_out")
    if status.paper is Paper.LOW:
        reasons.add("paper_low")
    if status.cover_open:
        reasons.add("cover_open")
    return reasons
