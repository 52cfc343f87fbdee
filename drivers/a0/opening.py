"""Open an A0 reader as a gate, as a pad, or as itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.a0.frames import FAMILY
from drivers.a0.reader import A0Reader
from drivers.transport import SerialLine
from drivers.uhf.line import Line
from drivers.uhf.opening import drivers, open_line
from drivers.uhf.options import UhfOptions

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


async def ready(line: Line, options: A0Options) -> A0Reader:
    """Return a reader that has answered."""
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
    async with open_line(options, FAMILY, USUAL_LINE) as line:
        yield await ready(line, options)


_WHAT = "A0 protocol (IND903, YR89xx, R2000 modules) for UHF tags"
GATE, PAD = drivers(
    "a0", A0Options, open_reader,
    f"{_WHAT} in a security gate", f"{_WHAT} at a kiosk, a desk or a drop",
)  # fmt: skip
