"""UHF readers that speak the "A0" protocol (IND903, YR89xx, R2000 modules): gates and pads."""

from drivers.a0.opening import GATE, PAD, A0Options
from drivers.a0.reader import A0Reader
from drivers.a0.simulator import A0Simulator

__all__ = ["GATE", "PAD", "A0Options", "A0Reader", "A0Simulator"]
