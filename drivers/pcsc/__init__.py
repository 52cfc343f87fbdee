"""Card readers through PC/SC (pcscd and pyscard), in a process of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from drivers.contactless.options import ContactlessOptions
from drivers.contactless.reader import PollingCardReader
from drivers.contactless.remote import in_child
from drivers.errors import OptionError
from drivers.ports import CardReader, Driver


@dataclass(frozen=True, slots=True)
class PcscOptions(ContactlessOptions):
    """Options of a card reader behind PC/SC."""

    reader: str = field(
        default="",
        metadata={"help": "part of the reader's name; empty for the first that is no SAM"},
    )
    answer_s: float = field(
        default=5.0, metadata={"help": "a call that takes longer is given up, and its process too"}
    )


@asynccontextmanager
async def open_pcsc(options: PcscOptions) -> AsyncIterator[CardReader]:
    """Open a reader of pcscd in a child process."""
    options.check()
    if options.answer_s <= 0:
        raise OptionError("answer_s must be above 0")
    async with in_child("drivers.pcsc.child", options.reader, seconds=options.answer_s) as child:
        yield PollingCardReader(child, options)


PCSC = Driver(
    name="pcsc",
    port=CardReader,
    options=PcscOptions,
    open=open_pcsc,
    help="contactless card reader through PC/SC (pyscard), such as an ACR122 or ACR1252",
)
