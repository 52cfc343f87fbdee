"""FEIG readers (ISO host protocol): pads and desks, and gates with a buffer."""

from drivers.feig.gate import GATE, FeigGate
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.notify import GATE_NOTIFY, FeigGateNotify
from drivers.feig.notify_simulator import FeigNotifySimulator
from drivers.feig.options import GateOptions, NotifyOptions, PadOptions
from drivers.feig.pad import PAD, FeigPad
from drivers.feig.profile import Profile, load
from drivers.feig.simulator import FeigSimulator

__all__ = [
    "GATE",
    "GATE_NOTIFY",
    "PAD",
    "FeigGate",
    "FeigGateNotify",
    "FeigGateSimulator",
    "FeigNotifySimulator",
    "FeigPad",
    "FeigSimulator",
    "GateOptions",
    "NotifyOptions",
    "PadOptions",
    "Profile",
    "load",
]
