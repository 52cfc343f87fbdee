"""Wait for devices that call us: a TCP port whose connections are transports."""

import asyncio
import contextlib
import socket
from typing import Any

from drivers.errors import OptionError, PortLostError
from drivers.transport.address import TcpSocket, parse
from drivers.transport.opening import keep_alive
from drivers.transport.pipe import Pipe

_WAITING = 8


class Listener:
    """A TCP port that devices call."""

    def __init__(self, server: socket.socket, name: str) -> None:
        self._server = server
        self._name = name
        self.port = int(server.getsockname()[1])

    async def accept(self) -> tuple[Pipe, str]:
        """Wait for the next caller; return the transport to it and its address."""
        try:
            connection, where = await asyncio.get_running_loop().sock_accept(self._server)
            connection.setblocking(False)
            keep_alive(connection)
        except OSError as error:
            raise PortLostError(f"{self._name}: {error.strerror or error}") from error
        return Pipe(connection.fileno(), f"caller {where[0]}", connection.close), str(where[0])

    def close(self) -> None:
        """Listen no more; connections that were accepted stay."""
        with contextlib.suppress(OSError):
            self._server.close()


async def listen(url: str) -> Listener:
    """Listen at ``tcp://host:port``, an address of this machine.

    Raises OptionError for what can never be listened at and PortLostError for what is in use now.
    """
    address = parse(url) if not url.endswith(":0") else TcpSocket(_host(url), 0)
    if not isinstance(address, TcpSocket):
        raise OptionError(f"address {url!r}: devices call over TCP, write tcp://host:port")
    name = f"tcp://{address.host}:{address.port}"
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM
        )
        return Listener(_server(found[0][0], found[0][4]), name)
    except OSError as error:
        raise PortLostError(f"{name}: cannot listen there ({error.strerror or error})") from error


def _host(url: str) -> str:
    return url.removeprefix("tcp://").rpartition(":")[0].strip("[]")


def _server(family: int, where: Any) -> socket.socket:
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setblocking(False)
        server.bind(where)
        server.listen(_WAITING)
    except OSError:
        server.close()
        raise
    return server
