"""The lines of a station by role: debounced inputs, and outputs that never stay on too long.

What kind of chip is behind it is the business of the pins. A level is electrical (True is high);
active is what the role means, after ``active_low``.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from drivers.errors import DriverError, OptionError, RefusedError
from drivers.gpio.options import LineOptions, Lines, check
from drivers.ports import LineChange

MAX_CHANGES = 1000
"""Changes kept for a station that does not ask; then the oldest go. States are never wrong."""

Changed = Callable[[str, bool], None]
Lost = Callable[[DriverError], None]


def ignore(*_: object) -> None:
    """Listen to nothing: what pins call until they are opened."""


class Pins(Protocol):
    """Lines of one kind of chip. Errors are DriverErrors."""

    async def open(self, lines: Lines, changed: Changed, lost: Lost) -> dict[str, bool]:
        """Take the lines, outputs inactive; return the levels of the inputs by role.

        From then on call ``changed(role, level)`` in the event loop, and ``lost(why)`` at most
        once, when the chip is gone.
        """

    async def drive(self, role: str, level: bool) -> None:
        """Put an output on a level."""

    async def close(self) -> None:
        """Let go of the lines."""


class LineBoard:
    """Implements :class:`drivers.ports.Board` over any pins; made by :func:`open_board`."""

    def __init__(self, lines: Lines, pins: Pins) -> None:
        """Know the lines; :meth:`start` takes them."""
        check(lines)
        self._lines = lines
        self._pins = pins
        self._loop = asyncio.get_running_loop()
        self._active = dict.fromkeys(lines, False)
        self._changes: deque[LineChange] = deque(maxlen=MAX_CHANGES)
        self._news = asyncio.Event()
        self._settling: dict[str, asyncio.TimerHandle] = {}
        self._why_lost: DriverError | None = None
        self._switching = asyncio.Lock()
        self._off_at: dict[str, float] = {}
        self._on_since: dict[str, float] = {}
        self._rested_at: dict[str, float] = {}
        self._plan_changed = asyncio.Event()

    async def start(self) -> None:
        """Take the lines and learn how the inputs are."""
        levels = await self._pins.open(self._lines, self._level, self._lose)
        for role, level in levels.items():
            self._active[role] = level != self._lines[role].active_low

    async def next_change(self) -> LineChange:
        """Wait for the next (debounced) change of an input."""
        while not self._changes:
            self._check()
            self._news.clear()
            await self._news.wait()
        return self._changes.popleft()

    def active(self, line: str) -> bool:
        """Return the last known state of a line, input or output."""
        self._options(line)
        return self._active[line]

    async def set(self, line: str, active: bool, seconds: float | None = None) -> None:
        """Switch an output; with ``seconds`` it goes back by itself. Maximum on-times hold."""
        options = self._options(line)
        if options.direction != "out":
            raise OptionError(f"line {line} is an input, it cannot be switched")
        self._check()
        if active:
            self._plan(line, options, seconds)
        try:
            await self._switch(line, active)
        finally:
            self._plan_changed.set()

    async def switch_off_in_time(self) -> None:
        """Switch outputs off when their time is over, until cancelled or the chip is lost."""
        try:
            while True:
                now = self._loop.time()
                for line in [line for line, at in self._off_at.items() if at <= now]:
                    await self._switch(line, False)
                self._plan_changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(min(self._off_at.values(), default=None)):
                        await self._plan_changed.wait()
        except DriverError as error:
            self._lose(error)

    async def close(self) -> None:
        """Switch every output off and let go of the lines."""
        for timer in self._settling.values():
            timer.cancel()
        try:
            if self._why_lost is None:
                for line, options in self._lines.items():
                    if options.direction == "out" and self._active[line]:
                        await self._pins.drive(line, options.active_low)
        except DriverError:
            pass  # the chip is gone, and its outputs with it
        finally:
            await self._pins.close()

    def _options(self, line: str) -> LineOptions:
        options = self._lines.get(line)
        if options is None:
            known = ", ".join(sorted(self._lines))
            raise OptionError(f"there is no line {line} on this board; it has {known}")
        return options

    def _check(self) -> None:
        if self._why_lost is not None:
            raise self._why_lost

    def _lose(self, why: DriverError) -> None:
        self._why_lost = self._why_lost or why
        self._news.set()

    def _plan(self, line: str, options: LineOptions, seconds: float | None) -> None:
        """Note when an output that goes on now has to go off."""
        now = self._loop.time()
        wait = self._rested_at.get(line, now) - now
        if wait > 0:
            raise RefusedError(0, f"{line} is cooling down for {wait:.1f} s more")
        since = self._on_since.setdefault(line, now)
        ends = [now + seconds] if seconds is not None else []
        if options.max_on_s:
            ends.append(since + options.max_on_s)
        if ends:
            self._off_at[line] = min(ends)
        else:
            self._off_at.pop(line, None)

    async def _switch(self, line: str, active: bool) -> None:
        options = self._lines[line]
        async with self._switching:
            if not active:
                self._off_at.pop(line, None)
                if self._on_since.pop(line, None) is not None and options.rest_s:
                    self._rested_at[line] = self._loop.time() + options.rest_s
            await self._pins.drive(line, active != options.active_low)
            self._active[line] = active

    def _level(self, role: str, level: bool) -> None:
        """Take a new level of an input; it counts when it has kept still for a while."""
        options = self._lines.get(role)
        if options is None or options.direction != "in":
            return
        if timer := self._settling.pop(role, None):
            timer.cancel()
        active = level != options.active_low
        if active == self._active[role]:
            return
        if not options.debounce_ms:
            self._settle(role, active)
            return
        later = options.debounce_ms / 1000
        self._settling[role] = self._loop.call_later(later, self._settle, role, active)

    def _settle(self, role: str, active: bool) -> None:
        self._settling.pop(role, None)
        self._active[role] = active
        self._changes.append(LineChange(role, active))
        self._news.set()


@asynccontextmanager
async def open_board(lines: Lines, pins: Pins) -> AsyncIterator[LineBoard]:
    """Take the lines for as long as the context lasts; outputs are off before and after."""
    board = LineBoard(lines, pins)
    guard: asyncio.Task[None] | None = None
    try:
        await board.start()
        guard = asyncio.create_task(board.switch_off_in_time(), name="board: maximum on-times")
        yield board
    finally:
        if guard is not None:
            guard.cancel()
            await asyncio.wait([guard])
        await board.close()
