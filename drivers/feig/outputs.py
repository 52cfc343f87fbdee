"""Outputs, LEDs and relays of FEIG readers, as the two set-output commands want them.

    72  MODE COUNT {KIND<<5|NUMBER  FREQUENCY<<2|STATE  HOLD:2}…     i-scan readers
    71  STATES:2 FREQUENCIES:2 TIME:2 TIME:2                          CPR readers, 2 bits an output

Times are in steps of 100 ms; 0 holds for good. How CPR readers part the two times is not verified:
both get the same.
"""

from enum import IntEnum

MAX_HOLD = 6553.5
"""Seconds; a longer time does not fit."""
_MODE = 0x01
_NUMBERS_OF_CPR = range(1, 9)


class Kind(IntEnum):
    """What is switched."""

    OUTPUT = 0
    LED = 1
    RELAY = 4


class Switch(IntEnum):
    """What it shall do."""

    ON = 1
    OFF = 2
    FLASH = 3


def iscan(kind: Kind, number: int, switch: Switch, seconds: float = 0.0) -> bytes:
    """Return the data of command 72 for one output."""
    if not 1 <= number <= 31:
        raise ValueError(f"an output has a number from 1 to 31, not {number}")
    return bytes((_MODE, 1, kind << 5 | number, switch)) + _steps(seconds)


def cpr(number: int, switch: Switch, seconds: float = 0.0) -> bytes:
    """Return the data of command 71 for one output."""
    if number not in _NUMBERS_OF_CPR:
        raise ValueError(f"a CPR reader has outputs 1 to 8, not {number}")
    states = switch << 2 * (number - 1)
    return states.to_bytes(2, "big") + bytes(2) + 2 * _steps(seconds)


def _steps(seconds: float) -> bytes:
    if not 0 <= seconds <= MAX_HOLD:
        raise ValueError(f"an output holds for 0 to {MAX_HOLD} s, not {seconds}")
    return round(seconds * 10).to_bytes(2, "big")
