"""A simulated device that calls the host itself, over TCP, and calls again when nobody answers."""

import asyncio
import contextlib
from typing import Protocol

from drivers.testing.faults import Faults
from drivers.testing.outbox import Outbox
from drivers.testing.simulator import Simulator

_CHUNK = 4096


class Caller(Simulator, Protocol):
    """A device core that tells unasked, until it is acknowledged."""

    def again(self) -> None:
        """Tell once more what was not acknowledged."""


class Calling:
    """Calls a host for as long as it is plugged in; implements :class:`drivers.testing.serve.Served`.

    ``resend_seconds``: what is not acknowledged is told again after so long; ``redial_seconds``:
    pause between calls.
    """

    def __init__(
        self,
        simulator: Caller,
        host: str,
        port: int,
        *,
        resend_seconds: float = 1.0,
        redial_seconds: float = 0.5,
        faults: Faults | None = None,
    ) -> None:
        self._faults = faults or Faults()
        self._simulator = simulator
        self._host, self._port = host, port
        self._resend, self._redial = resend_seconds, redial_seconds
        self._writer: asyncio.StreamWriter | None = None
        self._outbox = Outbox(self._write, self._faults.to_host, self._faults.late)
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where it calls."""
        return f"tcp://{self._host}:{self._port}"

    async def plug(self) -> None:
        """Begin to call."""
        if self._task is None:
            self._task = asyncio.create_task(self._call(), name="simulated caller")

    async def unplug(self) -> None:
        """Hang up at once and call no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    async def close(self) -> None:
        """Stop."""
        await self.unplug()

    async def _call(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(self._host, self._port)
                await self._talk(reader, writer)
            await asyncio.sleep(self._redial)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._outbox.open()
        try:
            self._simulator.connected(self._outbox.say)
            while True:
                try:
                    async with asyncio.timeout(self._resend):
                        data = await reader.read(_CHUNK)
                except TimeoutError:
                    self._simulator.again()
                    continue
                if not data:
                    return
                self._outbox.put(self._simulator.feed(self._faults.to_device(data)))
        finally:
            self._outbox.close()
            self._writer = None
            writer.transport.abort()
            await asyncio.sleep(0)

    def _write(self, data: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)


async def call(
    simulator: Caller,
    host: str,
    port: int,
    *,
    resend_seconds: float = 1.0,
    redial_seconds: float = 0.5,
    faults: Faults | None = None,
) -> Calling:
    """Let a simulated device call ``host``."""
    calling = Calling(
        simulator,
        host,
        port,
        resend_seconds=resend_seconds,
        redial_seconds=redial_seconds,
        faults=faults,
    )
    await calling.plug()
    return calling
