"""What all readers of Gen2 (UHF) tags share: one line, one rule of security, one way to be a port.

A family (``drivers.uhf18``, ``drivers.a0``, ``drivers.llrp``) gives a UhfReader; the adapters here
make of it the gate reader and the item reader that stations know.
"""

from drivers.uhf.gate import UhfGate
from drivers.uhf.options import UhfOptions, UhfRuleOptions
from drivers.uhf.pad import UhfPad
from drivers.uhf.rule import AfiInPc, EpcBit, LoanList, UhfRule

__all__ = [
    "AfiInPc",
    "EpcBit",
    "LoanList",
    "UhfGate",
    "UhfOptions",
    "UhfPad",
    "UhfRule",
    "UhfRuleOptions",
]
