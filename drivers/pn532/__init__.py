"""PN532 card reader over its serial port (HSU)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.pn532.reader import CardOptions, Pn532CardReader
from drivers.ports import CardReader, Driver
from drivers.transport import SerialLine, open_transport


@asynccontextmanager
async def open_card_reader(options: CardOptions) -> AsyncIterator[CardReader]:
    """Open the reader at ``options.url`` and wake it."""
    transport = await open_transport(options.url, SerialLine(Path(), baud=115200))
    try:
        reader = Pn532CardReader(transport, options)
        await reader.start()
        yield reader
    finally:
        await transport.close()


CARD = Driver(
    name="pn532",
    port=CardReader,
    options=CardOptions,
    open=open_card_reader,
    help="contactless card reader with a PN532 on a serial port",
)
