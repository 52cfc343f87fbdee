"""What pads and gates have in common when they are opened: log in, settings, antenna on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import RefusedError
from drivers.feig.commands import LOGIN, READ_CONFIG, RF_OUTPUT, WRITE_CONFIG
from drivers.feig.guard import Guard
from drivers.feig.link import Link
from drivers.feig.options import BlockOrder, FeigOptions
from drivers.feig.profile import Profile, load
from drivers.feig.status import Status
from drivers.transport import SerialLine, open_transport, parse

USUAL_LINE = SerialLine(Path(), baud=38400, parity="E")
DEFAULT_ORDER: BlockOrder = "reversed"


@dataclass(frozen=True, slots=True)
class Opened:
    """A reader that is ready: the link, the order of its block bytes, its settings' guard."""

    link: Link
    order: BlockOrder
    guard: Guard


@asynccontextmanager
async def linked(options: FeigOptions) -> AsyncIterator[Link]:
    """Give a link to a reader, which is asked and set nothing yet."""
    where = parse(options.url, USUAL_LINE)
    on_serial = isinstance(where, SerialLine) and not where.is_pseudo
    transport = await open_transport(options.url, USUAL_LINE)
    try:
        yield Link(
            transport,
            address=options.address,
            patience=options.patience,
            tries=options.tries,
            pause=options.pause_ms / 1000 if on_serial else 0.0,
        )
    finally:
        await transport.close()


@asynccontextmanager
async def opened(options: FeigOptions) -> AsyncIterator[Opened]:
    """Give a reader that is ready."""
    profile = load(options.profile) if options.profile else Profile()
    async with linked(options) as link:
        await start(link, profile, options.password_bytes)
        guard = Guard(link, profile, options.check_seconds)
        yield Opened(link, order_of(options.block_order, profile), guard)


def order_of(chosen: BlockOrder | None, profile: Profile) -> BlockOrder:
    """Return the byte order: as configured, else as the profile says, else the usual one."""
    return chosen or profile.block_order or DEFAULT_ORDER


async def start(link: Link, profile: Profile, password: bytes = b"") -> None:
    """Make a reader ready: it answers, lets us in, has its settings and its field on."""
    if password:
        await link.ask(LOGIN, password)
    for number in profile.blocks:
        await _set(link, number, profile)
    try:
        await link.ask(RF_OUTPUT, b"\x01")
    except RefusedError as error:
        if error.status not in (Status.UNKNOWN_COMMAND, Status.NOT_AVAILABLE):
            raise  # a reader without this command has its field always on


async def _set(link: Link, number: int, profile: Profile) -> None:
    """Write a configuration block into RAM if it differs; EEPROM cells wear and are left alone."""
    address = bytes((number,))
    block = await link.ask(READ_CONFIG, address)
    wanted = profile.apply(number, block)
    if wanted != block:
        await link.ask(WRITE_CONFIG, address + wanted)
