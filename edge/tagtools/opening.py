"""Which reader and which scanner the tools work with: named in a configuration, or by address."""

import argparse
import os
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_origin, get_type_hints

from drivers.ports import Driver, ItemReader, Scanner
from drivers.uhf.options import UhfRuleOptions
from edge.config import Config, ConfigError, installed, load
from edge.wire.tables import read_table

_INTENTS = "tagtools.db"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which reader."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, metavar="FILE", help="use a reader of this agent")
    where.add_argument(
        "--url", metavar="URL", help="where the reader is: serial:///dev/ttyUSB0, tcp://host:port"
    )
    parser.add_argument(
        "--driver", default="feig", metavar="NAME", help="driver for --url (default: %(default)s)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE",
        help="option of that driver, such as tags=cn-alliance or password=01020304",
    )  # fmt: skip
    parser.add_argument("--device", metavar="NAME", help="which reader of the configuration")


class Devices:
    """What the command line chose. ConfigError says what is wrong and what there is."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Read the configuration, if one is named."""
        self._args = args
        self.config: Config | None = load(args.config) if args.config else None

    def reader(self) -> tuple[Driver, Any]:
        """Return the item reader's driver and options.

        A UHF reader names its tags by what writing does not change, and shows those of nobody too.
        """
        driver, options = self._reader()
        if isinstance(options, UhfRuleOptions):
            options = replace(options, named_by="tid", foreign=True)
        return driver, options

    def _reader(self) -> tuple[Driver, Any]:
        args = self._args
        if self.config is not None:
            return self._named(args.device, ItemReader, "--device")
        found = installed("shelfwire.drivers")
        if args.driver not in found:
            raise ConfigError(
                f"--driver {args.driver}: not known; allowed: {', '.join(sorted(found))}"
            )
        driver: Driver = found[args.driver]()
        if driver.port is not ItemReader:
            raise ConfigError(f"--driver {args.driver} is no reader for item tags")
        given = {"url": args.url} | dict(_option(driver, text) for text in args.set)
        return driver, read_table(driver.options, given, f"--driver {args.driver}")

    def scanner(self, name: str) -> tuple[Driver, Any]:
        """Return a barcode scanner of the configuration."""
        if self.config is None:
            raise ConfigError("--scanner needs --config; without it codes come from standard input")
        return self._named(name or None, Scanner, "--scanner")

    def intents(self, path: Path | None) -> Path:
        """Return the file of open writes: as told, else beside the journal, else the user's own."""
        if path is not None:
            return path
        if self.config is not None:
            return self.config.agent.data / _INTENTS
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
        return Path(state) / "shelfwire" / _INTENTS

    def _named(self, name: str | None, port: type[Any], option: str) -> tuple[Driver, Any]:
        devices = self.config.devices if self.config else {}
        fitting = {one: row for one, row in devices.items() if row[0].port is port}
        if name is None and len(fitting) == 1:
            return next(iter(fitting.values()))
        if name not in fitting:
            there = ", ".join(fitting) or "none"
            asked = f"{option} {name}: no such {port.__name__}" if name else f"{option} is missing"
            raise ConfigError(f"{asked}; the configuration has {there}")
        return fitting[name]


def _option(driver: Driver, text: str) -> tuple[str, Any]:
    """Take a value as a configuration file does; a text needs no quotation marks."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {text}: write OPTION=VALUE, such as tags=cn-alliance")
    kind = get_type_hints(driver.options).get(name, str)
    if kind in (str, Path) or get_origin(kind) is Literal:
        return name, value
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"--set {text}: write the value as in a configuration file") from None


@asynccontextmanager
async def opened(choice: tuple[Driver, Any]) -> AsyncIterator[Any]:
    """Open a device for as long as the context lasts."""
    driver, options = choice
    async with driver.open(options) as port:
        yield port
