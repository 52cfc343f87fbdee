"""The serial ports of this machine, and what hangs on those that are not configured (if asked)."""

from pathlib import Path

from drivers.errors import DriverError
from drivers.feig.search import find
from drivers.feig.service import identity
from drivers.transport import SerialLine, parse
from edge.doctor.model import Finding, Tell

PART = "port"
KINDS = ("ttyUSB*", "ttyACM*", "ttyAMA*")
BAUDS = (38400, 115200, 9600)
"""Tried at a port nobody configured; ``shelfwire reader find`` tries them all."""


async def look(tell: Tell, urls: dict[str, str], *, root: Path, probe: bool) -> None:
    """Tell of every port that no address in ``urls`` leads to; with ``probe`` ask what it is."""
    used = {path.resolve() for url in urls.values() if (path := path_of(url))}
    for port in present(root):
        if port.resolve() in used:
            continue
        if probe:
            await _ask(tell, port, root)
        else:
            values = {"path": str(port), "what": product(root, port)}
            tell(Finding(PART, "note", "port_free", values))


def present(root: Path) -> list[Path]:
    """Return the ports that are there; those of the plain UARTs that are nobody's are left out."""
    return sorted(port for kind in KINDS for port in (root / "dev").glob(kind))


def product(root: Path, port: Path) -> str:
    """Return what the adapter calls itself."""
    device = (root / "sys/class/tty" / port.name / "device").resolve()
    for folder in (device, *device.parents):
        words = [_read(folder / name) for name in ("manufacturer", "product")]
        if any(words):
            return " ".join(word for word in words if word)
    return "serial port"


def path_of(url: str) -> Path | None:
    """Return the path of a serial address, None for any other."""
    try:
        where = parse(url)
    except DriverError:
        return None
    return where.path if isinstance(where, SerialLine) else None


async def _ask(tell: Tell, port: Path, root: Path) -> None:
    values = {"path": str(port), "what": product(root, port)}
    try:
        found = await find(f"serial://{port}", BAUDS, ("E", "N"))
        if found:
            answer = {"what": identity(found[1]), "url": found[0]}
            tell(Finding(PART, "note", "port_found", values | answer))
        elif url := await _card_reader(port):
            answer = {"what": "PN532", "url": url}
            tell(Finding(PART, "note", "port_found", values | answer))
        else:
            tell(Finding(PART, "note", "port_silent", values))
    except DriverError as error:
        tell(Finding(PART, "note", "port_free", values | {"what": str(error)}))


async def _card_reader(port: Path) -> str | None:
    from drivers.pn532 import CARD

    url = f"serial://{port}?baud=115200"
    try:
        async with CARD.open(CARD.options(url)):
            return url
    except DriverError:
        return None


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
