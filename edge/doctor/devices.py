"""The configured devices, one after the other: there, answering, set up, reading well."""

import asyncio
from pathlib import Path
from typing import Any, Protocol

from drivers.errors import DriverError, NoReplyError, OptionError, PortLostError, RefusedError
from drivers.feig.options import FeigOptions, NotifyOptions
from drivers.feig.search import find
from drivers.ports import Board, Driver, GateReader, Identified, ItemReader, Printer
from drivers.uhf.options import UhfOptions
from drivers.uhfauto import search
from edge.doctor import feig, reading, simple
from edge.doctor.model import Finding, Tell
from edge.doctor.ports import path_of, present

OPEN_SECONDS = 12.0
_WHERE = ("url", "listen", "path", "reader", "connstring", "chip", "source", "root")


class Wishes(Protocol):
    """What the person asked for."""

    @property
    def seconds(self) -> float:
        """How long to measure a reader."""

    @property
    def antennas(self) -> int:
        """How many antennas a pad's reader has."""

    @property
    def root(self) -> Path:
        """Where /dev is."""


async def look(tell: Tell, devices: dict[str, tuple[Driver, Any]], wishes: Wishes) -> None:
    """Look at each device."""
    for name, (driver, options) in devices.items():
        try:
            async with asyncio.timeout(OPEN_SECONDS + wishes.antennas * wishes.seconds):
                if isinstance(options, FeigOptions):
                    await feig.look(tell, name, driver, options, wishes)
                    continue
                if isinstance(options, NotifyOptions):
                    options = await feig.without_profile(tell, name, options)
                await _look(tell, name, driver, options, wishes)
        except DriverError as error:
            tell(await _why(name, options, error, wishes.root))
        except TimeoutError:
            why = f"no answer within {OPEN_SECONDS:g} s"
            tell(Finding(name, "bad", "device_silent", {"why": why}))


async def _look(tell: Tell, name: str, driver: Driver, options: Any, wishes: Wishes) -> None:
    where = next(filter(None, (getattr(options, at, "") for at in _WHERE)), driver.name)
    async with driver.open(options) as port:
        what = await port.identity() if isinstance(port, Identified) else driver.name
        tell(Finding(name, "ok", "device_ok", {"what": what, "url": str(where)}))
        if driver.port is ItemReader:
            await reading.pad(tell, name, port, 1, wishes.seconds)
        elif driver.port is GateReader:
            await reading.gate(tell, name, port, wishes.seconds)
        elif driver.port is Printer:
            await simple.printer(tell, name, port)
        elif driver.port is Board:
            simple.board(tell, name, port, options)


async def _why(name: str, options: Any, error: DriverError, root: Path) -> Finding:
    """Return why a device cannot be used, in words that lead to the mend."""
    url = getattr(options, "url", "")
    path = path_of(url) if isinstance(url, str) else None
    text = f"{error}".lower()
    if isinstance(error, RefusedError | OptionError):
        return Finding(name, "bad", "device_refused", {"why": str(error), "hint": error.hint})
    if path is not None and isinstance(error, PortLostError):
        at = {"path": str(path)}
        if not path.exists():
            ports = ", ".join(map(str, present(root))) or "-"
            return Finding(name, "bad", "device_missing", at | {"ports": ports})
        if "permission" in text:
            return Finding(name, "bad", "device_denied", at)
        if "lock" in text or "busy" in text or "temporarily unavailable" in text:
            return Finding(name, "bad", "device_busy", at)
    if path is not None and isinstance(options, FeigOptions) and isinstance(error, NoReplyError):
        found = await _other_speed(url)
        if found:
            return Finding(name, "bad", "device_speed", {"url": found})
    if isinstance(error, PortLostError) and path is None and url:
        why = str(error).removeprefix(f"{url}: ")
        return Finding(name, "bad", "device_unreachable", {"url": url, "why": why})
    if not url:
        return Finding(name, "bad", "device_failed", {"why": str(error), "hint": error.hint})
    if isinstance(options, UhfOptions) and isinstance(error, NoReplyError):
        other = await _other_family(url)
        if other:
            return Finding(name, "bad", "device_family", other)
    return Finding(name, "bad", "device_silent", {"why": str(error)})


async def _other_family(url: str) -> dict[str, str] | None:
    try:
        found = await search(url)
    except DriverError:
        return None
    return {"family": found[0], "url": found[1]} if found else None


async def _other_speed(url: str) -> str | None:
    try:
        found = await find(url)
    except DriverError:
        return None
    return found[0] if found else None
