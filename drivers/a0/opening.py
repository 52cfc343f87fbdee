"""Open an A0 reader as a gate, as a pad, or as itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.a0.frames import FAMILY
from drivers.a0.reader import A0Reader
from drivers.ports import Driver, GateReader, ItemReader, Transport
from drivers.transport import SerialLine, open_transport
from drivers.uhf.gate import UhfGate
from drivers.uhf.line import Line
from drivers.uhf.options import UhfOptions
from drivers.uhf.pad import UhfPad

USUAL_LINE = SerialLine(Path(), baud=115200)


@dataclass(frozen=True, slots=True, kw_only=True)
class A0Options(UhfOptions):
    """Options of an A0 reader."""

    session: int | None = field(
        default=None, metadata={"help": "session (0 to 3) of the inventory; none: real-time mode"}
    )

    def __post_init__(self) -> None:
        """Refuse with ValueError what no reader can take."""
        UhfOptions.__post_init__(self)
        if self.session is not None and not 0 <= self.session <= 3:
            raise ValueError("session must be 0 to 3")


async def ready(transport: Transport, options: A0Options) -> A0Reader:
    """Return a reader that has answered."""
    line = Line(
        transport,
        FAMILY,
        address=options.address,
        patience=options.patience,
        tries=options.tries,
    )
    reader = A0Reader(
        line,
        antennas=options.antennas,
        session=options.session,
        password=options.password_bytes,
    )
    await reader.version()
    return reader


@asynccontextmanager
async def open_reader(options: A0Options) -> AsyncIterator[A0Reader]:
    """Open the reader at ``options.url``."""
    transport = await open_transport(options.url, USUAL_LINE)
    try:
        yield await ready(transport, options)
    finally:
        await transport.close()


@asynccontextmanager
async def open_gate(options: A0Options) -> AsyncIterator[GateReader]:
    """Open the reader as a gate's."""
    async with open_reader(options) as reader:
        yield UhfGate(reader, options.rule())


@asynccontextmanager
async def open_pad(options: A0Options) -> AsyncIterator[ItemReader]:
    """Open the reader as a pad's."""
    async with open_reader(options) as reader:
        yield UhfPad(reader, options.rule(), foreign=options.foreign)


GATE = Driver(
    name="a0",
    port=GateReader,
    options=A0Options,
    open=open_gate,
    help="A0 protocol (IND903, YR89xx, R2000 modules) for UHF tags in a security gate",
)
PAD = Driver(
    name="a0-pad",
    port=ItemReader,
    options=A0Options,
    open=open_pad,
    help="A0 protocol (IND903, YR89xx, R2000 modules) for UHF tags at a kiosk, a desk or a drop",
)
