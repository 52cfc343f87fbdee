"""Byte pipes to devices: serial lines, pseudo-terminals and TCP, opened by URL."""

from drivers.transport.address import SerialLine, TcpSocket, parse
from drivers.transport.opening import open_transport
from drivers.transport.pipe import Pipe

__all__ = ["Pipe", "SerialLine", "TcpSocket", "open_transport", "parse"]
