"""Byte pipes to devices: serial lines, pseudo-terminals and TCP, opened by URL or called by them."""

from drivers.transport.address import SerialLine, TcpSocket, parse
from drivers.transport.listening import Listener, listen
from drivers.transport.opening import open_transport
from drivers.transport.pipe import Pipe

__all__ = ["Listener", "Pipe", "SerialLine", "TcpSocket", "listen", "open_transport", "parse"]
