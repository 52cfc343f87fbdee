"""What pads and gates have in common when they are opened: log in, settings, antenna on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.errors import RefusedError
from drivers.feig.commands import LOGIN, READ_CONFIG, RF_OUTPUT, WRITE_CONFIG
from drivers.feig.link import Link
from drivers.feig.options import BlockOrder, FeigOptions
from drivers.feig.profile import Profile, load
from drivers.feig.status import Status
from drivers.transport import SerialLine, open_transport, parse

USUAL_LINE = SerialLine(Path(), baud=38400, parity="E")
DEFAULT_ORDER: BlockOrder = "reversed"


@asynccontextmanager
async def opened(options: FeigOptions) -> AsyncIterator[tuple[Link, BlockOrder]]:
    """Give a link to a reader that is ready, and the order of its block bytes."""
    profile = load(options.profile) if options.profile else Profile()
    order = options.block_order or profile.block_order or DEFAULT_ORDER
    where = parse(options.url, USUAL_LINE)
    on_serial = isinstance(where, SerialLine) and not where.is_pseudo
    transport = await open_transport(options.url, USUAL_LINE)
    try:
        link = Link(
            transport,
            address=options.address,
            patience=options.patience,
            tries=options.tries,
            pause=options.pause_ms / 1000 if on_serial else 0.0,
        )
        await start(link, profile, options.password_bytes)
        yield link, order
    finally:
        await transport.close()


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
