"""Open what an address names. The one place where errors of the system become driver errors."""

import asyncio
import socket
import termios

import serial

from drivers.errors import OptionError, PortLostError
from drivers.transport.address import SerialLine, TcpSocket, parse
from drivers.transport.pipe import Pipe

CONNECT_SECONDS = 3.0
_KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 15_000),
)


async def open_transport(url: str, defaults: SerialLine | None = None) -> Pipe:
    """Open the device at ``url``; ``defaults`` are the protocol's usual serial settings.

    Raises OptionError for an address that can never work and PortLostError for one that does not
    work now.
    """
    address = parse(url, defaults)
    if isinstance(address, TcpSocket):
        return await _open_tcp(address)
    return _open_serial(address)


def _open_serial(address: SerialLine) -> Pipe:
    """Open a serial line; a tty opens without waiting, so no thread is needed."""
    line = address.usable()
    name = str(address.path)
    try:
        port = serial.Serial(
            str(line.path),
            line.baud,
            bytesize=line.bits,
            parity=line.parity,
            stopbits=line.stop,
            timeout=0,
            inter_byte_timeout=0,  # VMIN=1: then an empty read means hung up, never "nothing yet"
            exclusive=True,
        )
    except ValueError as error:
        raise OptionError(f"{name}: {error}") from error
    except termios.error as error:
        raise PortLostError(f"{name}: cannot be set up as a serial line ({error})") from error
    except OSError as error:  # serial.SerialException is one
        raise PortLostError(f"{name}: {error.strerror or error}") from error
    return Pipe(port.fileno(), name, port.close)


async def _open_tcp(address: TcpSocket) -> Pipe:
    name = f"tcp://{address.host}:{address.port}"
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await _connected(address)
    except TimeoutError as error:
        raise PortLostError(f"{name}: no connection within {CONNECT_SECONDS:g} s") from error
    except OSError as error:  # socket.gaierror is one
        raise PortLostError(f"{name}: {error.strerror or error}") from error
    return Pipe(connection.fileno(), name, connection.close)


async def _connected(address: TcpSocket) -> socket.socket:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, where = found[0]
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        await loop.sock_connect(connection, where)
        keep_alive(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def keep_alive(connection: socket.socket) -> None:
    """Let a connection be found dead within half a minute, and send small frames at once."""
    for level, option, value in _KEEPALIVE:
        connection.setsockopt(level, option, value)
