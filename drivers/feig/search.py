"""Find the speed of a FEIG reader on a serial line: ask at each until it answers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from drivers.errors import DriverError
from drivers.feig.answers import Version
from drivers.feig.commands import BAUD_DETECT, VERSION
from drivers.feig.link import Link
from drivers.feig.opening import USUAL_LINE
from drivers.transport import SerialLine, TcpSocket, open_transport, parse

BAUDS = (38400, 115200, 57600, 19200, 9600, 230400, 4800)
"""The factory's first, then by how usual they are."""
PARITIES = ("E", "N", "O")
_PATIENCE = 0.6


async def find(
    url: str, bauds: Sequence[int] = BAUDS, parities: Sequence[str] = PARITIES
) -> tuple[str, Version] | None:
    """Return the address at which a reader answers and its version, None if none does.

    Asks nothing that changes a reader. PortLostError when the port itself cannot be opened.
    """
    where = parse(url, USUAL_LINE)
    if isinstance(where, TcpSocket):
        found = await _ask(url)
        return (url, found) if found else None
    for line in _lines(where, bauds, parities):
        address = f"serial://{line.path}?baud={line.baud}&parity={line.parity}"
        found = await _ask(address)
        if found:
            return address, found
    return None


def _lines(where: SerialLine, bauds: Sequence[int], parities: Sequence[str]) -> list[SerialLine]:
    """Return the settings to try: those of the address first."""
    kinds = parities[:1] if where.is_pseudo else parities
    rest = [replace(where, baud=baud, parity=parity) for parity in kinds for baud in bauds]
    return [where, *(line for line in rest if line != where)]


async def _ask(url: str) -> Version | None:
    async with _bare(url) as link:
        try:
            await link.ask(BAUD_DETECT, b"\x00")
            return await link.ask(VERSION)
        except DriverError:
            return None


@asynccontextmanager
async def _bare(url: str) -> AsyncIterator[Link]:
    transport = await open_transport(url, USUAL_LINE)
    try:
        yield Link(transport, patience=_PATIENCE, tries=1)
    finally:
        await transport.close()
