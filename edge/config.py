"""The agent's configuration: one TOML file; what it says wrong is said back clearly.

```
[agent]            site, device, data, …          AgentOptions
[uplink]           host, port, ca, cert, key, …   UplinkOptions
[devices.NAME]     driver = "feig", + the driver's own options
[stations.NAME]    station = "gate" (default: NAME), + the station's own options
```
A station option that names a device may say so with ``metadata={"device": PortClass}``; then the
name must stand under ``[devices]`` with a driver for that port.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

from drivers.errors import OptionError
from drivers.ports import Driver
from edge.station import StationEntry
from edge.wire.errors import WireError
from edge.wire.tables import ConfigError, read_table, read_toml
from edge.wire.topics import SHARED, check_name

__all__ = ["AgentOptions", "Config", "ConfigError", "UplinkOptions", "load", "site_key"]

CREDENTIALS = "/run/credentials/"
Found = Mapping[str, Callable[[], Any]]
"""Entries by name; each is imported only when a configuration names it."""


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """The ``[agent]`` table: which device this is and where it keeps its things."""

    site: str = field(metadata=_help("the site (building) as enrolled: a-z, 0-9 and -"))
    device: str = field(metadata=_help("this device as enrolled: a-z, 0-9 and -"))
    name: str = field(default="", metadata=_help("what people call the place"))
    data: Path = field(metadata=_help("folder for journal and replica, on storage that lasts"))
    site_key: Path = field(metadata=_help("file with the site's secret for card references"))
    keep_days: int = field(
        default=30, metadata=_help("days that facts are kept after their acknowledgement")
    )
    neighbour_days: int = field(
        default=0,
        metadata=_help(
            "days that what a machine of the site told counts though the ledger never "
            "got it; 0: the policy's longest loan and a week"
        ),
    )
    reserve_mb: int = field(
        default=16, metadata=_help("disk space at which new loans stop (returns go on)")
    )

    reboot_file: Path | None = field(
        default=None,
        metadata=_help("file that makes systemd start the computer again; empty: never"),
    )

    def __post_init__(self) -> None:
        """Refuse names that cannot stand in a topic."""
        for option in ("site", "device"):
            try:
                check_name(getattr(self, option))
            except WireError as error:
                raise ValueError(f"{option}: {error}") from None
        if not 0 <= self.neighbour_days <= 366:
            raise ValueError("neighbour_days: 0 (as the policy says) to 366")
        if self.device == SHARED:
            raise ValueError(f"device: {SHARED!r} stands for the whole site")


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkOptions:
    """The ``[uplink]`` table: the broker and how to speak with it."""

    host: str = field(
        default="", metadata=_help("the broker as its certificate names it; empty: never connect")
    )
    port: int = field(default=8883, metadata=_help("the broker's port"))
    tls: bool = field(default=True, metadata=_help("TLS 1.3; false only for tests on loopback"))
    ca: Path | None = field(default=None, metadata=_help("the authority of the broker's name"))
    cert: Path | None = field(default=None, metadata=_help("this device's certificate"))
    key: Path | None = field(default=None, metadata=_help("this device's private key"))
    command_key: Path | None = field(
        default=None,
        metadata=_help("the centre's key for commands (command.pub); empty: none is obeyed"),
    )
    protocol: Literal["5", "3.1.1"] = field(default="5", metadata=_help("the MQTT version"))
    keepalive: int = field(default=240, metadata=_help("seconds of silence before a ping"))
    boot_spread: float = field(
        default=5.0,
        metadata=_help("a machine just switched on waits up to so long for its first try, s"),
    )
    retry_max: float = field(default=30.0, metadata=_help("longest pause between tries, s"))
    ask_seconds: float = field(default=0.8, metadata=_help("how long the desk waits for answers"))
    health_seconds: float = field(default=30.0, metadata=_help("pause between health messages"))
    elsewhere_days: float = field(
        default=60.0,
        metadata=_help("gates know what was lent elsewhere in the province so lately; 0: nothing"),
    )
    elsewhere_seconds: float = field(
        default=15.0, metadata=_help("and hear of it so often at most, s (metered: less often)")
    )
    bytes_a_day: int = field(
        default=0,
        metadata=_help("a metered link's budget: health and copy wait, facts never; 0: no limit"),
    )
    bytes_a_month: int = field(default=0, metadata=_help("the same for a calendar month"))

    def __post_init__(self) -> None:
        """Refuse half a TLS configuration."""
        if self.host and self.tls and None in (self.ca, self.cert, self.key):
            raise ValueError("TLS needs ca, cert and key; enrolment makes all three")
        if self.elsewhere_seconds <= 0:
            raise ValueError("elsewhere_seconds: must be more than 0 (elsewhere_days = 0: never)")


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration, checked."""

    path: Path
    agent: AgentOptions
    uplink: UplinkOptions
    devices: dict[str, tuple[Driver, Any]]
    stations: dict[str, tuple[StationEntry, Any]]


def load(path: Path, drivers: Found | None = None, stations: Found | None = None) -> Config:
    """Return the configuration of a file, or raise ConfigError with the first thing wrong."""
    path = Path(path)
    tables = read_toml(path)
    file, base = path.name, path.parent.absolute()
    for name in tables:
        if name not in ("agent", "uplink", "devices", "stations"):
            raise ConfigError(f"{file}: unknown table [{name}]; allowed: agent, uplink, devices, "
                              "stations")  # fmt: skip
    drivers = installed("shelfwire.drivers") if drivers is None else drivers
    stations = installed("shelfwire.stations") if stations is None else stations
    devices = {
        name: _entry(table, f"{file} [devices.{name}]", "driver", None, drivers, base)
        for name, table in _tables(tables, "devices", file).items()
    }
    places = {
        name: _entry(table, f"{file} [stations.{name}]", "station", name, stations, base)
        for name, table in _tables(tables, "stations", file).items()
    }
    for name, (_, options) in places.items():
        _check_devices(options, devices, f"{file} [stations.{name}]")
    return Config(
        path=path,
        agent=_section(AgentOptions, tables, "agent", file, base),
        uplink=_section(UplinkOptions, tables, "uplink", file, base),
        devices=devices,
        stations=places,
    )


def site_key(path: Path) -> bytes:
    """Return the site's secret: hex digits in a file, or raw bytes; 16 bytes at least."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"[agent] site_key: {path}: {error.strerror}") from None
    try:
        key = bytes.fromhex(raw.decode("ascii").strip())
    except ValueError:
        key = raw
    if len(key) < 16:
        raise ConfigError(f"[agent] site_key: {path} holds {len(key)} bytes, needs 16 at least")
    return key


def installed(group: str) -> Found:
    """Return the installed entries of an entry-point group, not yet imported."""
    return {entry.name: entry.load for entry in entry_points(group=group)}


def _credentials(table: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Return a table with the originals of secrets that systemd lays out for the agent alone.

    Tools that root starts by hand find them beside the configuration.
    """

    def where(value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith(CREDENTIALS):
            return value
        original = base / Path(value).name
        return (
            value
            if os.access(value, os.R_OK) or not os.access(original, os.R_OK)
            else str(original)
        )

    return {name: where(value) for name, value in table.items()}


def _section(cls: type[Any], tables: dict[str, Any], name: str, file: str, base: Path) -> Any:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: {name} must be a table, write [{name}]")
    return read_table(cls, _credentials(table, base), f"{file} [{name}]", base)


def _tables(tables: dict[str, Any], group: str, file: str) -> dict[str, dict[str, Any]]:
    found = tables.get(group, {})
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise ConfigError(f"{file}: {group} must be tables, write [{group}.NAME]")
    return found


def _entry(
    table: dict[str, Any], where: str, key: str, default: str | None, found: Found, base: Path
) -> tuple[Any, Any]:
    """Return the driver or station that a table names, and its options."""
    name = table.get(key, default)
    if name is None:
        raise ConfigError(f"{where}: option {key} is missing; allowed: {', '.join(sorted(found))}")
    if name not in found:
        raise ConfigError(
            f"{where}: {key} {name!r} is not known; allowed: {', '.join(sorted(found))}"
        )
    entry = found[name]()
    rest = {option: value for option, value in table.items() if option != key}
    try:
        return entry, read_table(entry.options, rest, where, base)
    except OptionError as error:
        raise ConfigError(f"{where}: {error}") from None


def _check_devices(options: Any, devices: dict[str, tuple[Driver, Any]], where: str) -> None:
    for row in fields(options):
        port, name = row.metadata.get("device"), getattr(options, row.name)
        if port is None or not name:
            continue
        if name not in devices:
            raise ConfigError(f"{where}: {row.name} names device {name!r}, but there is no "
                              f"[devices.{name}]")  # fmt: skip
        if isinstance(port, type) and devices[name][0].port is not port:
            raise ConfigError(f"{where}: {row.name} needs a {port.__name__}, but device {name} "
                              f"is a {devices[name][0].port.__name__}")  # fmt: skip
