"""Input and output lines: beams, lamps, shutters, levels."""

from drivers.gpio.gpiod import GpiodOptions, open_gpiod_board
from drivers.gpio.gpiozero import GpiozeroOptions, open_gpiozero_board
from drivers.gpio.memory import MemoryOptions, open_memory_board
from drivers.gpio.options import LineOptions
from drivers.gpio.rpi import RpiOptions, open_rpi_board
from drivers.gpio.socket import SocketOptions, open_socket_board
from drivers.ports import Board, Driver

__all__ = ["GPIOD", "GPIOZERO", "MEMORY", "RPI", "SOCKET", "LineOptions"]

MEMORY = Driver(
    name="board-memory",
    port=Board,
    options=MemoryOptions,
    open=open_memory_board,
    help="lines that exist only in memory, for trying a station",
)
SOCKET = Driver(
    name="board-socket",
    port=Board,
    options=SocketOptions,
    open=open_socket_board,
    help="simulated I/O board behind a local socket",
)
GPIOD = Driver(
    name="board-gpiod",
    port=Board,
    options=GpiodOptions,
    open=open_gpiod_board,
    help="lines of a Linux GPIO chip (every Raspberry Pi) through libgpiod",
)
RPI = Driver(
    name="board-rpi",
    port=Board,
    options=RpiOptions,
    open=open_rpi_board,
    help="lines through RPi.GPIO (up to Raspberry Pi 4) or rpi-lgpio (Raspberry Pi 5)",
)
GPIOZERO = Driver(
    name="board-gpiozero",
    port=Board,
    options=GpiozeroOptions,
    open=open_gpiozero_board,
    help="lines through gpiozero, with whichever pin library it finds",
)
