"""Ids that are made once, at the edge, and sort by time (UUID version 7, RFC 9562)."""

import os
import secrets

_DICE = 74
"""Random bits of an id; the rest is its time."""


class Ids:
    """Ids of one run of a journal: the random bits are drawn once, and then counted up by one.

    As unlikely to meet another's as ids that are drawn each (RFC 9562, section 6.2, method 2), and
    the uplink need not carry the bits of an id that follows the one before.
    """

    def __init__(self) -> None:
        self._dice = int.from_bytes(os.urandom(10), "big") >> 80 - _DICE

    def uuid7(self, now_ms: int) -> str:
        """Return a new id for something that happens at ``now_ms``."""
        dice = self._dice = (self._dice + 1) % (1 << _DICE)
        head, tail = 7 << 12 | dice >> 62, 2 << 62 | dice & (1 << 62) - 1
        text = f"{(now_ms & (1 << 48) - 1) << 80 | head << 64 | tail:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def uuid7(now_ms: int) -> str:
    """Return a new id that stands alone."""
    return Ids().uuid7(now_ms)


def new_epoch() -> str:
    """Return the name of a new life of a journal: 64 random bits."""
    return secrets.token_hex(8)
