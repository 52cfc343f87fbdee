"""Put a simulated device behind a real wire: a pseudo-terminal or a TCP port on this machine."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import tty
from pathlib import Path
from typing import Protocol

from drivers.testing.faults import Faults
from drivers.testing.outbox import Outbox
from drivers.testing.simulator import Simulator

_CHUNK = 4096
_MOST_UNREAD = 1 << 20


class Served(Protocol):
    """A simulated device on a wire. The address stays the same over unplug and plug."""

    @property
    def address(self) -> str:
        """The URL for :func:`drivers.transport.open_transport`."""

    async def unplug(self) -> None:
        """Pull the cable: whoever has the port open loses it; unplugging twice is harmless."""

    async def plug(self) -> None:
        """Put the cable back in; plugging twice is harmless."""

    async def close(self) -> None:
        """Stop serving and clean up; closing twice is harmless."""


class ServedOnPty:
    """A device on a pseudo-terminal, found through a symlink that follows every plug."""

    def __init__(
        self, simulator: Simulator, link: Path | None = None, faults: Faults | None = None
    ) -> None:
        """Serve at ``link``; without one, at a link in a temporary folder of our own."""
        self._simulator = simulator
        self._faults = faults or Faults()
        self._folder = None if link else tempfile.mkdtemp(prefix="shelfwire-")
        self._link = Path(link or Path(str(self._folder)) / "tty").absolute()
        self._ends: tuple[int, int] | None = None
        self._outbox = Outbox(self._write, self._faults.to_host, self._faults.late)

    @property
    def address(self) -> str:
        """The URL for :func:`drivers.transport.open_transport`."""
        return f"serial://{self._link}"

    @property
    def link(self) -> Path:
        """The path that other programs open."""
        return self._link

    async def plug(self) -> None:
        """Make a new pseudo-terminal and point the link at it."""
        if self._ends:
            return
        # We hold the slave end too: without it, reads fail while nobody else has it open.
        host, device = os.openpty()
        tty.setraw(device)
        os.set_blocking(host, False)
        self._ends = (host, device)
        self._outbox.open()
        _point(self._link, Path(os.ttyname(device)))
        asyncio.get_running_loop().add_reader(host, self._readable)
        self._simulator.connected(self._outbox.say)

    async def unplug(self) -> None:
        """Close the pseudo-terminal; the link goes, as a device node would."""
        if not self._ends:
            return
        ends, self._ends = self._ends, None
        asyncio.get_running_loop().remove_reader(ends[0])
        self._outbox.close()
        self._link.unlink(missing_ok=True)
        for end in ends:
            os.close(end)

    async def close(self) -> None:
        """Stop serving and clean up."""
        await self.unplug()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _readable(self) -> None:
        if not self._ends:
            return
        with contextlib.suppress(BlockingIOError, InterruptedError):
            data = os.read(self._ends[0], _CHUNK)
            self._outbox.put(self._simulator.feed(self._faults.to_device(data)))

    def _write(self, data: bytes) -> None:
        """Write what fits: a line nobody reads drops bytes, as a UART does."""
        if self._ends:
            with contextlib.suppress(BlockingIOError, InterruptedError):
                os.write(self._ends[0], data)


class ServedOnTcp:
    """A device on a TCP port. It talks to one host at a time; the newest connection wins."""

    def __init__(
        self,
        simulator: Simulator,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
    ) -> None:
        """Serve at ``host`` and ``port``; port 0 takes a free one and keeps it."""
        self._simulator = simulator
        self._faults = faults or Faults()
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._host_side: asyncio.Transport | None = None
        self._outbox = Outbox(self._write, self._faults.to_host, self._faults.late)

    @property
    def address(self) -> str:
        """The URL for :func:`drivers.transport.open_transport`."""
        return f"tcp://{self._host}:{self._port}"

    async def plug(self) -> None:
        """Listen (again)."""
        if self._server:
            return
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._guest, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self._outbox.open()

    async def unplug(self) -> None:
        """Stop listening and cut whoever is connected."""
        if not self._server:
            return
        server, self._server = self._server, None
        server.close()
        self._cut()
        self._outbox.close()
        await server.wait_closed()
        await asyncio.sleep(0)  # let the cut connection's socket be closed

    async def close(self) -> None:
        """Stop serving."""
        await self.unplug()

    def _guest(self) -> "_Guest":
        return _Guest(self)

    def admit(self, connection: asyncio.Transport) -> None:
        """Take a new host; the one before it is cut off."""
        self._cut()
        self._host_side = connection
        self._outbox.forget()
        self._simulator.connected(self._outbox.say)

    def heard(self, connection: asyncio.Transport, data: bytes) -> None:
        """Pass on what the present host says."""
        if connection is self._host_side:
            self._outbox.put(self._simulator.feed(self._faults.to_device(data)))

    def left(self, connection: asyncio.Transport) -> None:
        """Note that a host has gone."""
        if connection is self._host_side:
            self._host_side = None
            self._outbox.forget()

    def _cut(self) -> None:
        if self._host_side:
            self._host_side.abort()
            self._host_side = None

    def _write(self, data: bytes) -> None:
        """Write; what a host that does not read cannot take is lost."""
        host = self._host_side
        if host and not host.is_closing() and host.get_write_buffer_size() < _MOST_UNREAD:
            host.write(data)


class _Guest(asyncio.Protocol):
    """One TCP connection to a served device."""

    def __init__(self, device: ServedOnTcp) -> None:
        self._device = device
        self._connection: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a server's always is
        self._connection = transport
        self._device.admit(transport)

    def data_received(self, data: bytes) -> None:
        if self._connection:
            self._device.heard(self._connection, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._connection:
            self._device.left(self._connection)


class ServedOnPipe:
    """A device that only speaks, on a named pipe: what a driver reads instead of a device file."""

    def __init__(self, simulator: Simulator, path: Path, faults: Faults | None = None) -> None:
        """Make the pipe at ``path``; something else that is there is an OSError."""
        self._simulator = simulator
        self._path = path
        self._end: int | None = None
        wrong = faults or Faults()
        self._outbox = Outbox(self._write, wrong.to_host, wrong.late)

    @property
    def address(self) -> str:
        """The path, as an address."""
        return f"file://{self._path}"

    async def plug(self) -> None:
        """Make the pipe."""
        if self._end is None:
            if self._path.is_fifo():
                self._path.unlink()
            os.mkfifo(self._path)
            self._end = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._outbox.open()
            self._simulator.connected(self._outbox.say)

    async def unplug(self) -> None:
        """Close the pipe and take it away, as a device node would go."""
        end, self._end = self._end, None
        if end is not None:
            self._outbox.close()
            self._path.unlink(missing_ok=True)
            os.close(end)

    async def close(self) -> None:
        """Stop serving."""
        await self.unplug()

    def _write(self, data: bytes) -> None:
        if self._end is not None:
            with contextlib.suppress(BlockingIOError):
                os.write(self._end, data)


async def serve_pipe(
    simulator: Simulator, path: Path, faults: Faults | None = None
) -> ServedOnPipe:
    """Serve a simulated device that only speaks on a named pipe."""
    served = ServedOnPipe(simulator, path, faults)
    await served.plug()
    return served


async def serve_pty(
    simulator: Simulator, link: Path | None = None, faults: Faults | None = None
) -> ServedOnPty:
    """Serve a simulated device on a pseudo-terminal; ``link`` becomes a symlink to it."""
    served = ServedOnPty(simulator, link, faults)
    await served.plug()
    return served


async def serve_tcp(
    simulator: Simulator,
    host: str = "127.0.0.1",
    port: int = 0,
    faults: Faults | None = None,
) -> ServedOnTcp:
    """Serve a simulated device on a TCP port of this machine."""
    served = ServedOnTcp(simulator, host, port, faults)
    await served.plug()
    return served


def _point(link: Path, target: Path) -> None:
    """Let ``link`` lead to ``target`` in one step, so that nobody meets half a link."""
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
