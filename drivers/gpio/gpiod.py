"""Lines of a Linux GPIO chip through libgpiod, found by the chip's label."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from drivers.errors import OptionError, PortLostError
from drivers.gpio.board import Changed, LineBoard, Lost, ignore, open_board
from drivers.gpio.options import LineOptions, Lines

HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Chips of the pin header: Raspberry Pi 5, 4, and older. Their numbers change with the kernel."""


@dataclass(frozen=True, slots=True)
class GpiodOptions:
    """Options of lines on a Linux GPIO chip."""

    lines: dict[str, LineOptions] = field(metadata={"help": "table of lines by role"})
    chip: str = field(
        default="",
        metadata={"help": "label or path of the chip; default: the pin header of a Raspberry Pi"},
    )


class GpiodPins:
    """Lines of one chip; ``gpiod`` is the module, ``devices`` the folder of device nodes."""

    def __init__(self, chip: str = "", gpiod: Any = None, devices: Path = Path("/dev")) -> None:
        """Look for ``chip`` when opened."""
        self._wanted = chip
        self._gpiod = gpiod or import_module("gpiod")
        self._devices = devices
        self._request: Any = None
        self._offsets: dict[str, int] = {}
        self._roles: dict[int, str] = {}
        self._changed: Changed = ignore
        self._lost: Lost = ignore

    async def open(self, lines: Lines, changed: Changed, lost: Lost) -> dict[str, bool]:
        """Request the lines from the chip."""
        self._changed, self._lost = changed, lost
        with _translated(f"chip {self._wanted or 'of the pin header'}"):
            path = self._find()
            self._number(path, lines)
            config = {self._offsets[role]: self._settings(line) for role, line in lines.items()}
            self._request = self._gpiod.request_lines(path, consumer="shelfwire", config=config)
            inputs = [role for role, line in lines.items() if line.direction == "in"]
            levels = {role: self._level(self._offsets[role]) for role in inputs}
        if inputs:
            asyncio.get_running_loop().add_reader(self._request.fd, self._readable)
        return levels

    async def drive(self, role: str, level: bool) -> None:
        """Put an output on a level."""
        value = self._gpiod.line.Value
        with _translated(f"line {role}"):
            self._request.set_value(self._offsets[role], value.ACTIVE if level else value.INACTIVE)

    async def close(self) -> None:
        """Give the lines back to the kernel."""
        request, self._request = self._request, None
        if request is not None:
            asyncio.get_running_loop().remove_reader(request.fd)
            request.release()

    def _find(self) -> str:
        labels = {}
        for path in sorted(self._devices.glob("gpiochip*")):
            with contextlib.suppress(OSError), self._gpiod.Chip(str(path)) as chip:
                labels[chip.get_info().label] = str(path)
        for wanted in [self._wanted] if self._wanted else HEADER_LABELS:
            if wanted in labels.values():
                return wanted
            if wanted in labels:
                return labels[wanted]
        there = ", ".join(sorted(labels)) or "no chip at all"
        raise PortLostError(f"no GPIO chip {self._wanted or 'of a Raspberry Pi'}; there is {there}")

    def _number(self, path: str, lines: Lines) -> None:
        with self._gpiod.Chip(path) as chip:
            for role, line in lines.items():
                name = role if line.line is None else line.line
                try:
                    self._offsets[role] = chip.line_offset_from_id(name)
                except (OSError, ValueError) as error:
                    raise OptionError(f"lines.{role}: {path} has no line {name!r}") from error
        self._roles = {offset: role for role, offset in self._offsets.items()}
        if len(self._roles) < len(lines):
            raise OptionError("lines: two roles have the same line")

    def _settings(self, options: LineOptions) -> Any:
        line = self._gpiod.line
        if options.direction == "out":
            off = line.Value.ACTIVE if options.active_low else line.Value.INACTIVE
            return self._gpiod.LineSettings(direction=line.Direction.OUTPUT, output_value=off)
        pulls = {
            "none": line.Bias.DISABLED,
            "up": line.Bias.PULL_UP,
            "down": line.Bias.PULL_DOWN,
        }
        return self._gpiod.LineSettings(
            direction=line.Direction.INPUT, edge_detection=line.Edge.BOTH, bias=pulls[options.pull]
        )

    def _level(self, offset: int) -> bool:
        return bool(self._request.get_value(offset) == self._gpiod.line.Value.ACTIVE)

    def _readable(self) -> None:
        try:
            events = self._request.read_edge_events()
        except OSError as error:
            asyncio.get_running_loop().remove_reader(self._request.fd)
            self._lost(PortLostError(f"GPIO chip: {error.strerror or error}"))
            return
        for event in events:
            rising = event.event_type is event.Type.RISING_EDGE
            self._changed(self._roles[event.line_offset], rising)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PortLostError(f"GPIO {what}: {error.strerror or error}") from error


@asynccontextmanager
async def open_gpiod_board(options: GpiodOptions) -> AsyncIterator[LineBoard]:
    """Open lines of a chip of this machine."""
    async with open_board(options.lines, GpiodPins(options.chip)) as board:
        yield board
