"""Open a UHFReader18 / 288 reader as a gate, as a pad, or as itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from drivers.ports import Driver, GateReader, ItemReader, Transport
from drivers.transport import SerialLine, open_transport
from drivers.uhf.gate import UhfGate
from drivers.uhf.line import Line
from drivers.uhf.options import UhfOptions
from drivers.uhf.pad import UhfPad
from drivers.uhf18.commands import Model
from drivers.uhf18.frames import FAMILY
from drivers.uhf18.reader import Uhf18Reader

USUAL_LINE = SerialLine(Path(), baud=57600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uhf18Options(UhfOptions):
    """Options of a UHFReader18 / 288 reader."""

    model: Literal["auto", "18", "288"] = field(
        default="auto", metadata={"help": "dialect of the reader; auto: it is asked what it is"}
    )


async def ready(transport: Transport, options: Uhf18Options) -> Uhf18Reader:
    """Return a reader that has answered."""
    line = Line(
        transport,
        FAMILY,
        address=options.address,
        patience=options.patience,
        tries=options.tries,
    )
    info = await Uhf18Reader(line).info()
    model = info.model if options.model == "auto" else Model(options.model)
    return Uhf18Reader(line, model, antennas=options.antennas, password=options.password_bytes)


@asynccontextmanager
async def open_reader(options: Uhf18Options) -> AsyncIterator[Uhf18Reader]:
    """Open the reader at ``options.url``."""
    transport = await open_transport(options.url, USUAL_LINE)
    try:
        yield await ready(transport, options)
    finally:
        await transport.close()


@asynccontextmanager
async def open_gate(options: Uhf18Options) -> AsyncIterator[GateReader]:
    """Open the reader as a gate's."""
    async with open_reader(options) as reader:
        yield UhfGate(reader, options.rule())


@asynccontextmanager
async def open_pad(options: Uhf18Options) -> AsyncIterator[ItemReader]:
    """Open the reader as a pad's."""
    async with open_reader(options) as reader:
        yield UhfPad(reader, options.rule(), foreign=options.foreign)


GATE = Driver(
    name="uhf18",
    port=GateReader,
    options=Uhf18Options,
    open=open_gate,
    help="UHFReader18 / 288 (RR, Chafon) for UHF tags in a security gate",
)
PAD = Driver(
    name="uhf18-pad",
    port=ItemReader,
    options=Uhf18Options,
    open=open_pad,
    help="UHFReader18 / 288 (RR, Chafon) for UHF tags at a kiosk, a desk or a drop",
)
