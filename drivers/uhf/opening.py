"""A UHF reader of any family as two drivers: in a security gate, and as a pad."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from drivers.ports import Driver, GateReader, ItemReader, Transport, UhfReader
from drivers.transport import SerialLine, open_transport
from drivers.uhf.gate import UhfGate
from drivers.uhf.line import Family, Line
from drivers.uhf.options import UhfOptions
from drivers.uhf.pad import UhfPad

O = TypeVar("O", bound=UhfOptions)  # noqa: E741 - of options


def drivers(
    name: str,
    options: type[O],
    open_reader: Callable[[O], AbstractAsyncContextManager[UhfReader]],
    at_a_gate: str,
    at_a_pad: str,
) -> tuple[Driver, Driver]:
    """Return the drivers ``name`` and ``name-pad``; the texts are their lines of the manual."""

    @asynccontextmanager
    async def open_gate(chosen: O) -> AsyncIterator[GateReader]:
        async with open_reader(chosen) as reader:
            yield UhfGate(reader, chosen.rule())

    @asynccontextmanager
    async def open_pad(chosen: O) -> AsyncIterator[ItemReader]:
        async with open_reader(chosen) as reader:
            yield UhfPad(reader, chosen.rule(), foreign=chosen.foreign)

    return (
        Driver(name=name, port=GateReader, options=options, open=open_gate, help=at_a_gate),
        Driver(name=f"{name}-pad", port=ItemReader, options=options, open=open_pad, help=at_a_pad),
    )


def line_of(transport: Transport, family: Family, options: UhfOptions) -> Line:
    """Return the line to a reader, as its options have it."""
    return Line(
        transport,
        family,
        address=options.address,
        patience=options.patience,
        tries=options.tries,
    )


@asynccontextmanager
async def open_line(options: UhfOptions, family: Family, usual: SerialLine) -> AsyncIterator[Line]:
    """Open the wire at ``options.url`` for as long as the context lasts."""
    transport = await open_transport(options.url, usual)
    try:
        yield line_of(transport, family, options)
    finally:
        await transport.close()
