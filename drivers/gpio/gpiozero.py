"""Lines through gpiozero: its devices over lgpio, RPi.GPIO or another pin library of its choice.

Lines are numbers as the chip counts them (17) or any name that gpiozero knows (GPIO17, J8:11).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from drivers.errors import OptionError, PortLostError
from drivers.gpio.board import Changed, LineBoard, Lost, open_board
from drivers.gpio.options import LineOptions, Lines

_PULLS: dict[str, bool | None] = {"none": None, "up": True, "down": False}


@dataclass(frozen=True, slots=True)
class GpiozeroOptions:
    """Options of lines through gpiozero."""

    lines: dict[str, LineOptions] = field(
        metadata={"help": "table of lines by role, numbered as BCM or named as gpiozero does"}
    )


class GpiozeroPins:
    """Lines as gpiozero devices; ``factory`` is its pin factory, None for the one it finds."""

    def __init__(self, factory: Any = None) -> None:
        """Load gpiozero; OptionError if it is not installed."""
        try:
            self._library: Any = import_module("gpiozero")
        except ImportError as error:
            raise OptionError(f"driver board-gpiozero needs gpiozero: {error}") from error
        self._factory = factory
        self._devices: dict[str, Any] = {}
        self._loop = asyncio.get_running_loop()

    async def open(self, lines: Lines, changed: Changed, lost: Lost) -> dict[str, bool]:  # noqa: ARG002
        """Take the lines; gpiozero calls back in a thread of its own."""
        levels = {}
        for role, line in lines.items():
            with self._translated(role):
                if line.direction == "out":
                    self._devices[role] = self._output(role, line)
                else:
                    self._devices[role] = self._input(role, line, changed)
                    levels[role] = self._level(role)
        return levels

    async def drive(self, role: str, level: bool) -> None:
        """Put an output on a level."""
        with self._translated(role):
            device = self._devices[role]
            device.on() if level else device.off()

    async def close(self) -> None:
        """Give back the lines that we took."""
        for device in self._devices.values():
            with contextlib.suppress(self._library.GPIOZeroError):
                device.close()

    def _output(self, role: str, line: LineOptions) -> Any:
        return self._library.DigitalOutputDevice(
            _place(role, line), initial_value=line.active_low, pin_factory=self._factory
        )

    def _input(self, role: str, line: LineOptions, changed: Changed) -> Any:
        pull = _PULLS[line.pull]
        device = self._library.DigitalInputDevice(
            _place(role, line),
            pull_up=pull,
            active_state=True if pull is None else None,
            pin_factory=self._factory,
        )

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody listens
                self._loop.call_soon_threadsafe(changed, role, self._level(role))

        device.when_activated = device.when_deactivated = tell
        return device

    def _level(self, role: str) -> bool:
        return bool(self._devices[role].pin.state)

    @contextmanager
    def _translated(self, role: str) -> Iterator[None]:
        errors = self._library
        try:
            yield
        except (errors.PinInvalidPin, errors.GPIOPinInUse, errors.PinInvalidPull) as error:
            raise OptionError(f"lines.{role}: {error}") from error
        except (errors.GPIOZeroError, OSError, RuntimeError) as error:
            raise PortLostError(f"gpiozero, line {role}: {error}") from error


def _place(role: str, line: LineOptions) -> int | str:
    if line.line is None:
        raise OptionError(f"lines.{role}.line is missing: a BCM number or a name such as GPIO17")
    return line.line


@asynccontextmanager
async def open_gpiozero_board(options: GpiozeroOptions) -> AsyncIterator[LineBoard]:
    """Open lines of this Raspberry Pi."""
    async with open_board(options.lines, GpiozeroPins()) as board:
        yield board
