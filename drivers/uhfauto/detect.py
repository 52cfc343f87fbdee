"""Find out which family a UHF reader is of, and how fast it speaks."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

from drivers import a0, uhf18
from drivers.a0.frames import FAMILY as A0
from drivers.a0.opening import ready as a0_ready
from drivers.errors import DriverError, NoReplyError, PortLostError
from drivers.ports import Transport, UhfReader
from drivers.transport import SerialLine, open_transport, parse
from drivers.uhf.opening import drivers, line_of
from drivers.uhf.options import UhfOptions
from drivers.uhf18.frames import FAMILY as RR
from drivers.uhf18.opening import ready as uhf18_ready

FamilyName = Literal["uhf18", "a0"]
QUICK = 0.4
"""How much of the usual time a reader gets to say that it is there."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A family at a speed; ``baud`` None where the line has none (TCP, a pseudo-terminal)."""

    family: FamilyName
    baud: int | None

    def __str__(self) -> str:
        return self.family if self.baud is None else f"{self.family} at {self.baud} baud"


ORDER = (Guess("uhf18", 57600), Guess("uhf18", 115200), Guess("a0", 115200))
"""What is tried, the most usual first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoOptions(UhfOptions):
    """Options of a UHF reader whose family is found out."""


def guesses(url: str) -> list[Guess]:
    """Return what to try at this address; a baud rate in it is taken at its word."""
    where = parse(url, SerialLine(Path(), baud=0))
    if not isinstance(where, SerialLine) or where.is_pseudo:
        return list(dict.fromkeys(Guess(guess.family, None) for guess in ORDER))
    if where.baud:
        return list(dict.fromkeys(Guess(guess.family, where.baud) for guess in ORDER))
    return list(ORDER)


@asynccontextmanager
async def found(options: UhfOptions) -> AsyncIterator[tuple[Guess, UhfReader]]:
    """Give the first reader that answers; NoReplyError names all that was tried.

    First each guess is tried quickly; if none answered, the wire may have been bad or the reader slow:
    all are tried again with the usual patience, as often as ``options.tries`` says. A port that
    cannot be opened at all raises at once: it is no question of family then.
    """
    tried: Sequence[Guess] = guesses(options.url)
    quick = replace(options, patience=options.patience * QUICK, tries=1)
    once = replace(options, tries=1)
    rounds = [quick, *[once] * (options.tries - 1)]
    for guess, patience in ((guess, patience) for patience in rounds for guess in tried):
        transport = await open_transport(options.url, SerialLine(Path(), baud=guess.baud or 9600))
        try:
            try:
                await _ready(guess, transport, patience)
            except PortLostError:
                raise
            except DriverError:
                continue
            yield guess, await _ready(guess, transport, options)
            return
        finally:
            await transport.close()
    raise NoReplyError(f"no UHF reader answered; tried {', '.join(map(str, tried))}")


async def search(url: str) -> tuple[FamilyName, str] | None:
    """Return driver and address at which a reader answers, None if none does; changes nothing.

    A speed in the address is not taken at its word: all are tried.
    """
    where = parse(url)
    bare = f"serial://{where.path}" if isinstance(where, SerialLine) else url
    try:
        async with found(AutoOptions(url=bare)) as (guess, _):
            return guess.family, bare if guess.baud is None else f"{bare}?baud={guess.baud}"
    except NoReplyError:
        return None


async def _ready(guess: Guess, transport: Transport, options: UhfOptions) -> UhfReader:
    common = {one.name: getattr(options, one.name) for one in fields(UhfOptions)}
    if guess.family == "a0":
        line = line_of(transport, A0, options)
        return await a0_ready(line, a0.A0Options(**common))
    return await uhf18_ready(line_of(transport, RR, options), uhf18.Uhf18Options(**common))


@asynccontextmanager
async def open_reader(options: AutoOptions) -> AsyncIterator[UhfReader]:
    """Open whichever reader is there."""
    async with found(options) as (_, reader):
        yield reader


GATE, PAD = drivers(
    "uhf-auto", AutoOptions, open_reader,
    "UHF reader in a security gate; finds out whether it is a uhf18 or an a0, and its speed",
    "UHF reader at a kiosk, a desk or a drop; finds out its family and its speed",
)  # fmt: skip
