"""Lines of a simulated I/O board behind a local socket (or a serial line)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from drivers.errors import DriverError, NoReplyError
from drivers.gpio.board import Changed, LineBoard, Lost, ignore, open_board
from drivers.gpio.options import LineOptions, Lines, every_role
from drivers.gpio.wire import MessageReader, encode, level_of
from drivers.ports import Transport
from drivers.transport import open_transport

ANSWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """Options of a simulated I/O board."""

    url: str = field(metadata={"help": "where it is, such as tcp://127.0.0.1:7601"})
    lines: dict[str, LineOptions] = field(
        default_factory=dict,
        metadata={"help": "table of lines by role; without it every role, active high"},
    )


class SocketPins:
    """The board's lines over a transport."""

    def __init__(self, transport: Transport) -> None:
        """Speak through ``transport``."""
        self._transport = transport
        self._messages = MessageReader()
        self._listener: asyncio.Task[None] | None = None
        self._told: asyncio.Future[bool] | None = None
        self._done: dict[str, asyncio.Future[bool]] = {}
        self._names: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._levels: dict[str, bool] = {}
        self._changed: Changed = ignore
        self._lost: Lost = ignore

    async def open(self, lines: Lines, changed: Changed, lost: Lost) -> dict[str, bool]:
        """Ask for the inputs and listen from now on."""
        self._names = {role: str(line.line or role) for role, line in lines.items()}
        self._roles = {name: role for role, name in self._names.items()}
        self._lost = lost
        self._told = asyncio.get_running_loop().create_future()
        self._listener = asyncio.create_task(self._listen(), name="board: inputs")
        await self._transport.send(encode({"ask": "lines"}))
        await self._wait(self._told, "which lines it has")
        for role, line in lines.items():
            if line.direction == "out":
                await self.drive(role, line.active_low)
        self._changed = changed
        inputs = [role for role, line in lines.items() if line.direction == "in"]
        return {r: self._levels.get(self._names[r], lines[r].active_low) for r in inputs}

    async def drive(self, role: str, level: bool) -> None:
        """Switch an output and wait until the board says so."""
        name = self._names[role]
        done = self._done[name] = asyncio.get_running_loop().create_future()
        try:
            await self._transport.send(encode({"line": name, "active": level}))
            await self._wait(done, f"whether {name} is switched")
        finally:
            self._done.pop(name, None)

    async def close(self) -> None:
        """Stop listening; the transport belongs to whoever opened it."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])

    async def _listen(self) -> None:
        try:
            while True:
                for message in self._messages.feed(await self._transport.receive()):
                    self._take(message)
        except DriverError as error:
            self._lost(error)
            for waiting in (self._told, *self._done.values()):
                if waiting is not None and not waiting.done():
                    waiting.cancel()

    def _take(self, message: dict[str, Any]) -> None:
        if changed := level_of(message, "line"):
            name, level = changed
            self._levels[name] = level
            if name in self._roles:
                self._changed(self._roles[name], level)
        elif done := level_of(message, "done"):
            _settle(self._done.get(done[0]), done[1])
        elif isinstance(lines := message.get("lines"), dict):
            self._levels |= {k: v for k, v in lines.items() if isinstance(v, bool)}
            _settle(self._told, True)

    async def _wait(self, answer: "asyncio.Future[bool]", what: str) -> None:
        # Not awaited itself: a future that we cancel would look like our own cancellation.
        await asyncio.wait([answer], timeout=ANSWER_SECONDS)
        if not answer.done() or answer.cancelled():
            raise NoReplyError(f"the board does not say {what}")


def _settle(waiting: "asyncio.Future[bool] | None", value: bool) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(value)


@asynccontextmanager
async def open_socket_board(options: SocketOptions) -> AsyncIterator[LineBoard]:
    """Open the board at ``options.url``."""
    transport = await open_transport(options.url)
    try:
        async with open_board(options.lines or every_role(), SocketPins(transport)) as board:
            yield board
    finally:
        await transport.close()
