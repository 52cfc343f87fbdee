"""Lines that exist only in memory: for trying a station without any board."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from drivers.errors import DriverError
from drivers.gpio.board import Changed, LineBoard, Lost, ignore, open_board
from drivers.gpio.options import LineOptions, Lines, every_role


@dataclass(frozen=True, slots=True)
class MemoryOptions:
    """Options of a board in memory."""

    lines: dict[str, LineOptions] = field(
        default_factory=dict,
        metadata={"help": "table of lines by role; without it every role, active high"},
    )


class MemoryPins:
    """Levels in a dictionary; tests move the inputs and look at the outputs."""

    def __init__(self) -> None:
        self.levels: dict[str, bool] = {}
        self._changed: Changed = ignore
        self._lost: Lost = ignore

    async def open(self, lines: Lines, changed: Changed, lost: Lost) -> dict[str, bool]:
        """Begin with every line inactive."""
        self.levels = {role: line.active_low for role, line in lines.items()}
        self._changed, self._lost = changed, lost
        return {r: level for r, level in self.levels.items() if lines[r].direction == "in"}

    async def drive(self, role: str, level: bool) -> None:
        """Put an output on a level."""
        self.levels[role] = level

    async def close(self) -> None:
        """Let go of nothing."""

    def move(self, role: str, level: bool) -> None:
        """Put an input on a level."""
        self.levels[role] = level
        self._changed(role, level)

    def fail(self, why: DriverError) -> None:
        """Take the chip away."""
        self._lost(why)


@asynccontextmanager
async def open_memory_board(options: MemoryOptions) -> AsyncIterator[LineBoard]:
    """Open a board in memory."""
    async with open_board(options.lines or every_role(), MemoryPins()) as board:
        yield board
