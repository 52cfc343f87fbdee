"""Where a device is: the URL in the configuration, read into values.

serial:///dev/ttyUSB0?baud=38400&parity=E&bits=8&stop=1
serial:///dev/pts/5            a pseudo-terminal: always 8N1, it knows no parity
tcp://192.0.2.7:10001
"""

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from drivers.errors import OptionError

BAUDS = range(50, 4_000_001)
PSEUDO_TERMINALS = Path("/dev/pts")


@dataclass(frozen=True, slots=True)
class SerialLine:
    """A serial device and its settings."""

    path: Path
    baud: int = 9600
    parity: str = "N"
    bits: int = 8
    stop: int = 1

    @property
    def is_pseudo(self) -> bool:
        """True when the path leads to a pseudo-terminal now; symlinks are followed."""
        return self.path.resolve().is_relative_to(PSEUDO_TERMINALS)

    def usable(self) -> "SerialLine":
        """Return the settings the line can really take: 8N1 on a pseudo-terminal."""
        return replace(self, parity="N", bits=8, stop=1) if self.is_pseudo else self


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """A device or a serial server in the network."""

    host: str
    port: int


def parse(url: str, defaults: SerialLine | None = None) -> SerialLine | TcpSocket:
    """Read an address; what a serial URL does not say comes from ``defaults``.

    Raises OptionError, which names the part that is wrong and what is allowed.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme == "serial":
            return _serial(url, parts, defaults)
        if parts.scheme == "tcp":
            return _tcp(url, parts)
    except ValueError as error:  # urlsplit: brackets; .port: beyond 65535
        raise OptionError(f"address {url!r}: {error}") from error
    raise OptionError(f"address {url!r}: begin with serial:///dev/… or tcp://host:port")


def _tcp(url: str, parts: SplitResult) -> TcpSocket:
    if not parts.hostname or not parts.port or parts.path.strip("/") or parts.query:
        raise OptionError(f"address {url!r}: a TCP address is tcp://host:port and nothing more")
    return TcpSocket(parts.hostname, parts.port)


def _serial(url: str, parts: SplitResult, defaults: SerialLine | None) -> SerialLine:
    if parts.netloc or len(parts.path) < 2:
        raise OptionError(
            f"address {url!r}: a serial address has three slashes, serial:///dev/ttyUSB0"
        )
    line = replace(defaults or SerialLine(Path()), path=Path(parts.path))
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        line = _with_setting(line, url, key, value)
    return line


def _with_setting(line: SerialLine, url: str, key: str, value: str) -> SerialLine:
    match key, value.upper():
        case "baud", digits if digits.isascii() and digits.isdigit() and int(digits) in BAUDS:
            return replace(line, baud=int(digits))
        case "parity", "N" | "E" | "O" as parity:
            return replace(line, parity=parity)
        case "bits", "7" | "8" as bits:
            return replace(line, bits=int(bits))
        case "stop", "1" | "2" as stop:
            return replace(line, stop=int(stop))
        case _:
            raise OptionError(
                f"address {url!r}: setting {key}={value} is not known; "
                "allowed are baud=50 to 4000000, parity=N|E|O, bits=7|8, stop=1|2"
            )
