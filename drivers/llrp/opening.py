"""Open an LLRP reader as a gate, as a pad, or as itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from drivers.errors import OptionError
from drivers.llrp.reader import LlrpReader, connected
from drivers.transport import SerialLine, parse
from drivers.uhf.opening import drivers
from drivers.uhf.options import UhfOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class LlrpOptions(UhfOptions):
    """Options of a reader that speaks LLRP; ``address`` and ``tries`` mean nothing to it."""

    session: int = field(default=0, metadata={"help": "session (0 to 3) of the inventory"})
    scan_ms: int = field(default=250, metadata={"help": "how long one inventory lasts, ms"})

    def __post_init__(self) -> None:
        """Refuse with ValueError what no reader can take."""
        UhfOptions.__post_init__(self)
        if not 0 <= self.session <= 3:
            raise ValueError("session must be 0 to 3")
        if not 20 <= self.scan_ms <= 10_000:
            raise ValueError("scan_ms must be 20 to 10000")


@asynccontextmanager
async def open_reader(options: LlrpOptions) -> AsyncIterator[LlrpReader]:
    """Open the reader at ``options.url``."""
    where = parse(options.url)
    if isinstance(where, SerialLine):
        raise OptionError(f"address {options.url!r}: LLRP needs tcp://host:5084")
    async with connected(where.host, where.port, options.patience) as reader:
        yield LlrpReader(
            reader,
            antennas=options.antennas,
            session=options.session,
            scan_seconds=options.scan_ms / 1000,
            password=options.password_bytes,
        )


_WHAT = "LLRP (Impinj, Zebra, …) for UHF tags"
_NEEDS = "; needs the extra llrp"
GATE, PAD = drivers(
    "llrp", LlrpOptions, open_reader,
    f"{_WHAT} in a security gate{_NEEDS}", f"{_WHAT} at a kiosk, a desk or a drop{_NEEDS}",
)  # fmt: skip
