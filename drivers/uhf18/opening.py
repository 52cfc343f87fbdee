"""Open a UHFReader18 / 288 reader as a gate, as a pad, or as itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from drivers.transport import SerialLine
from drivers.uhf.line import Line
from drivers.uhf.opening import drivers, open_line
from drivers.uhf.options import UhfOptions
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


async def ready(line: Line, options: Uhf18Options) -> Uhf18Reader:
    """Return a reader that has answered."""
    info = await Uhf18Reader(line).info()
    model = info.model if options.model == "auto" else Model(options.model)
    return Uhf18Reader(line, model, antennas=options.antennas, password=options.password_bytes)


@asynccontextmanager
async def open_reader(options: Uhf18Options) -> AsyncIterator[Uhf18Reader]:
    """Open the reader at ``options.url``."""
    async with open_line(options, FAMILY, USUAL_LINE) as line:
        yield await ready(line, options)


_WHAT = "UHFReader18 / 288 (RR, Chafon) for UHF tags"
GATE, PAD = drivers(
    "uhf18", Uhf18Options, open_reader,
    f"{_WHAT} in a security gate", f"{_WHAT} at a kiosk, a desk or a drop",
)  # fmt: skip
