"""3M pads 810 and 210 for ISO 15693 tags; their driver is called ``3m``."""

from drivers.threem.options import ThreeMOptions
from drivers.threem.pad import PAD, ThreeMPad
from drivers.threem.simulator import ThreeMSimulator

__all__ = ["PAD", "ThreeMOptions", "ThreeMPad", "ThreeMSimulator"]
