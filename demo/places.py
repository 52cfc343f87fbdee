"""Where the demo keeps things and which doors it uses: one folder, one list of ports."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

FIRST_PORT = 8700
DOORS = (
    "hall", "console", "kiosk-tinh", "kiosk-xa", "broker", "net-tinh", "net-xa",
    "gate-tinh", "gate-xa", "gate-board-tinh", "gate-board-xa", "drop-board-tinh", "drop-board-xa",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pi:
    """A Raspberry Pi of the demo: the agent ``device`` with the stations it drives."""

    device: str
    site: str
    stations: tuple[str, ...]


PIS = (
    Pi("tinh-kiosk", "tinh", ("kiosk",)),
    Pi("tinh-gate", "tinh", ("gate",)),
    Pi("tinh-drop", "tinh", ("drop",)),
    Pi("xa-all", "xa", ("kiosk", "gate", "drop")),
)
SITES = ("tinh", "xa")


@dataclass(frozen=True, slots=True)
class Places:
    """The folder of one demo and its ports (all on 127.0.0.1)."""

    folder: Path
    ports: dict[str, int]

    @property
    def centre(self) -> Path:
        """The gateway's folder: ledger, device CA, configuration."""
        return self.folder / "centre"

    @property
    def broker(self) -> Path:
        """The broker's folder."""
        return self.folder / "broker"

    @property
    def world(self) -> Path:
        """What the simulated world remembers: changed tags, who holds which book."""
        return self.folder / "world"

    @property
    def log(self) -> Path:
        """One log file a process."""
        return self.folder / "log"

    @property
    def staff(self) -> Path:
        """The password of the demo's staff and the token of its programs."""
        return self.folder / "staff.json"

    def secrets(self) -> dict[str, str]:
        """Return ``password`` and ``token`` of the console."""
        found: dict[str, str] = json.loads(self.staff.read_text("utf-8"))
        return found

    def pi(self, device: str) -> Path:
        """The SD card of one Pi."""
        return self.folder / "pi" / device

    def wire(self, site: str, name: str) -> Path:
        """The serial port of a simulated device."""
        return self.folder / "dev" / f"{site}-{name}"

    def url(self, door: str) -> str:
        """Return the address that a person types."""
        return f"http://127.0.0.1:{self.ports[door]}/"


def open_places(folder: Path, *, any_ports: bool = False) -> Places:
    """Return the places of ``folder``, with the ports of the last time where they are still free.

    ``any_ports`` takes whatever is free (for tests that run beside each other).
    """
    folder = folder.absolute()
    for name in ("centre", "broker", "world", "log", "dev", "pi"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    saved = folder / "ports.json"
    wished = {door: 0 if any_ports else FIRST_PORT + n for n, door in enumerate(DOORS)}
    if saved.exists():
        wished |= json.loads(saved.read_text("utf-8"))
    ports = _free(wished)
    saved.write_text(json.dumps(ports, indent=1), "utf-8")
    return Places(folder, ports)


def saved_places(folder: Path) -> Places:
    """Return the places of a demo that another process of ours opened."""
    folder = folder.absolute()
    return Places(folder, json.loads((folder / "ports.json").read_text("utf-8")))


def _free(wished: dict[str, int]) -> dict[str, int]:
    """Return a free port for each door: the one wished, else any."""
    held: list[socket.socket] = []
    ports = {}
    try:
        for door, wish in wished.items():
            held.append(_bound(wish))
            ports[door] = held[-1].getsockname()[1]
    finally:
        for one in held:
            one.close()
    return ports


def _bound(port: int) -> socket.socket:
    for choice in (port, 0):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", choice))
            if choice:
                one.listen()
        except OSError:
            one.close()
        else:
            return one
    raise OSError("no free port on 127.0.0.1")
