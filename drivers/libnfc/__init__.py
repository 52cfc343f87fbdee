"""Card readers through libnfc and pynfc, in a process of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from drivers.contactless.options import ContactlessOptions
from drivers.contactless.reader import PollingCardReader
from drivers.contactless.remote import in_child
from drivers.errors import OptionError
from drivers.ports import CardReader, Driver


@dataclass(frozen=True, slots=True)
class LibnfcOptions(ContactlessOptions):
    """Options of a card reader that libnfc drives."""

    device: str = field(
        metadata={"help": "libnfc's name for the reader, such as pn532_uart:/dev/ttyUSB1:115200"}
    )
    answer_s: float = field(
        default=5.0,
        metadata={"help": "a call into libnfc that takes longer is given up, and its process too"},
    )


@asynccontextmanager
async def open_libnfc(options: LibnfcOptions) -> AsyncIterator[CardReader]:
    """Open the reader ``options.device`` in a child process."""
    options.check()
    if not options.device or options.answer_s <= 0:
        raise OptionError("device must name a reader, and answer_s must be above 0")
    async with in_child("drivers.libnfc.child", options.device, seconds=options.answer_s) as child:
        yield PollingCardReader(child, options)


LIBNFC = Driver(
    name="libnfc",
    port=CardReader,
    options=LibnfcOptions,
    open=open_libnfc,
    help="contactless card reader through libnfc (pynfc), for readers that have no driver here",
)
