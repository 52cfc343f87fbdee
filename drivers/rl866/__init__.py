"""RL866 readers for ISO 15693 tags, made for library desks."""

from drivers.rl866.options import Rl866Options
from drivers.rl866.pad import PAD, Rl866Pad
from drivers.rl866.simulator import Rl866Simulator

__all__ = ["PAD", "Rl866Options", "Rl866Pad", "Rl866Simulator"]
