"""UHF readers of the UHFReader18 / UHFReader288 family (RR, Chafon, Wyuan): gates and pads."""

from drivers.uhf18.commands import Model, ReaderInfo
from drivers.uhf18.opening import GATE, PAD, Uhf18Options
from drivers.uhf18.reader import Uhf18Reader
from drivers.uhf18.simulator import Uhf18Simulator

__all__ = [
    "GATE",
    "PAD",
    "Model",
    "ReaderInfo",
    "Uhf18Options",
    "Uhf18Reader",
    "Uhf18Simulator",
]
