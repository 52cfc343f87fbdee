"""Runs the console's web server inside the gateway's event loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from gateway.errors import HomeError
from gateway.pulse import Pulse

MOST_CONNECTIONS = 1000
"""More are answered 503: each takes memory and a handle."""


class _Server(uvicorn.Server):
    """The gateway itself looks after signals, and waits for the open port."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class ConsoleServer:
    """A web server with a start and an end."""

    def __init__(self, app: FastAPI, host: str, port: int, pulse: Pulse) -> None:
        """Take the port; raise HomeError when somebody else has it."""
        self._pulse = pulse
        self._socket = _listen(host, port)
        self._server = _Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                limit_concurrency=MOST_CONNECTIONS,
                timeout_graceful_shutdown=1,
            )
        )

    async def run(self) -> None:
        """Serve until :meth:`stop`."""
        with self._socket:
            await self._server.serve(sockets=[self._socket])

    async def wait_ready(self) -> None:
        """Return when pages are answered."""
        await self._server.ready.wait()

    @property
    def address(self) -> str:
        """The address of the page."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}/"

    def stop(self) -> None:
        """Begin to end: open pages are let go."""
        self._server.should_exit = True
        self._pulse.end()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP by name: only then asyncio sends each part of an answer at once (TCP_NODELAY, else 40 ms)
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise HomeError(
            f"[console] cannot listen on {host}:{port}: {error.strerror}; choose another port"
        ) from None
    return sock
