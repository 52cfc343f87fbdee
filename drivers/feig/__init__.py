"""FEIG readers (ISO host protocol): pads and desks, and gates with a buffer."""

from drivers.feig.gate import GATE, FeigGate
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.options import GateOptions, PadOptions
from drivers.feig.pad import PAD, FeigPad
from drivers.feig.profile import Profile, load
from drivers.feig.simulator import FeigSimulator

__all__ = [
    "GATE",
    "PAD",
    "FeigGate",
    "FeigGateSimulator",
    "FeigPad",
    "FeigSimulator",
    "GateOptions",
    "PadOptions",
    "Profile",
    "load",
]
