"""Lines through the RPi.GPIO interface: RPi.GPIO itself up to the Pi 4, rpi-lgpio on the Pi 5.

Lines are numbered as the chip does (BCM), not as the pins of the header.
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


@dataclass(frozen=True, slots=True)
class RpiOptions:
    """Options of lines through RPi.GPIO."""

    lines: dict[str, LineOptions] = field(
        metadata={"help": "table of lines by role, numbered as BCM"}
    )


class RpiPins:
    """Lines through a module with the interface of RPi.GPIO."""

    def __init__(self, gpio: Any = None) -> None:
        """Use ``gpio``; without one the installed module, PortLostError if it does not work."""
        self._gpio = gpio or _installed()
        self._numbers: dict[str, int] = {}
        self._loop = asyncio.get_running_loop()

    async def open(self, lines: Lines, changed: Changed, lost: Lost) -> dict[str, bool]:  # noqa: ARG002
        """Set the lines up; the module calls back in a thread of its own."""
        gpio = self._gpio
        self._numbers = {role: _number(role, line) for role, line in lines.items()}
        if len(set(self._numbers.values())) < len(lines):
            raise OptionError("lines: two roles have the same line")
        pulls = {"none": gpio.PUD_OFF, "up": gpio.PUD_UP, "down": gpio.PUD_DOWN}
        levels = {}
        with _translated():
            gpio.setwarnings(False)
            gpio.setmode(gpio.BCM)
            for role, line in lines.items():
                number = self._numbers[role]
                if line.direction == "out":
                    off = gpio.HIGH if line.active_low else gpio.LOW
                    gpio.setup(number, gpio.OUT, initial=off)
                    continue
                gpio.setup(number, gpio.IN, pull_up_down=pulls[line.pull])
                gpio.add_event_detect(number, gpio.BOTH, callback=self._telling(role, changed))
                levels[role] = bool(gpio.input(number))
        return levels

    async def drive(self, role: str, level: bool) -> None:
        """Put an output on a level."""
        with _translated():
            self._gpio.output(self._numbers[role], self._gpio.HIGH if level else self._gpio.LOW)

    async def close(self) -> None:
        """Give back the lines that we took, and no others."""
        if self._numbers:
            with contextlib.suppress(RuntimeError):
                self._gpio.cleanup(list(self._numbers.values()))

    def _telling(self, role: str, changed: Changed) -> Any:
        def tell(number: int) -> None:
            level = bool(self._gpio.input(number))
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody listens
                self._loop.call_soon_threadsafe(changed, role, level)

        return tell


def _number(role: str, line: LineOptions) -> int:
    if not isinstance(line.line, int):
        raise OptionError(f"lines.{role}.line must be a BCM number, such as 17")
    return line.line


def _installed() -> Any:
    try:
        return import_module("RPi.GPIO")
    except (ImportError, RuntimeError) as error:
        raise PortLostError(f"RPi.GPIO does not work on this machine: {error}") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise OptionError(f"RPi.GPIO: {error}") from error
    except (RuntimeError, OSError) as error:
        raise PortLostError(f"RPi.GPIO: {error}") from error


@asynccontextmanager
async def open_rpi_board(options: RpiOptions) -> AsyncIterator[LineBoard]:
    """Open lines of this Raspberry Pi."""
    async with open_board(options.lines, RpiPins()) as board:
        yield board
