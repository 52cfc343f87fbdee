"""UHF readers that speak LLRP, through the optional package llrpkit; explanations need none."""

from drivers.llrp.opening import GATE, PAD, LlrpOptions
from drivers.llrp.reader import LlrpReader

__all__ = ["GATE", "PAD", "LlrpOptions", "LlrpReader"]
