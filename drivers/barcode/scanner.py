"""The barcode scanner on a serial line."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.barcode.options import ScanOptions
from drivers.barcode.scans import ScanReader
from drivers.errors import OptionError
from drivers.ports import Scan, Scanner, Transport
from drivers.transport import SerialLine, open_transport


@dataclass(frozen=True, slots=True)
class ScannerOptions(ScanOptions):
    """Options of a serial barcode scanner."""

    url: str = field(metadata={"help": "where it is, such as serial:///dev/ttyACM0?baud=9600"})
    gap_ms: int = field(
        default=80,
        metadata={"help": "pause that ends a scan if the scanner sends no line end, milliseconds"},
    )


class SerialScanner:
    """Implements :class:`drivers.ports.Scanner` over a transport."""

    def __init__(self, transport: Transport, options: ScannerOptions) -> None:
        """Read from ``transport``."""
        if not 10 <= options.gap_ms <= 1000:
            raise OptionError(f"gap_ms {options.gap_ms} is not usable: allowed are 10 to 1000")
        self._transport = transport
        self._gap = options.gap_ms / 1000
        self._reader = ScanReader(codabar=options.codabar, papers=options.papers)
        self._scans: deque[Scan] = deque()

    async def next_scan(self) -> Scan:
        """Wait for the next scan and return it; cancelling loses none."""
        while not self._scans:
            self._scans += await self._more()
        return self._scans.popleft()

    async def _more(self) -> list[Scan]:
        if not self._reader.open:
            return self._reader.feed(await self._transport.receive())
        try:
            async with asyncio.timeout(self._gap):
                data = await self._transport.receive()
        except TimeoutError:
            return self._reader.end()
        return self._reader.feed(data)


@asynccontextmanager
async def open_scanner(options: ScannerOptions) -> AsyncIterator[Scanner]:
    """Open the scanner at ``options.url``."""
    transport = await open_transport(options.url, SerialLine(Path(), baud=9600))
    try:
        yield SerialScanner(transport, options)
    finally:
        await transport.close()
