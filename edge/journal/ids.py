"""Ids that are made once, at the edge, and sort by time (UUID version 7, RFC 9562)."""

import os
import secrets


def uuid7(now_ms: int) -> str:
    """Return a new id for something that happens at ``now_ms``."""
    dice = int.from_bytes(os.urandom(10), "big")
    head, middle, tail = dice >> 68, dice >> 48 & 0x3FFF | 0x8000, dice & (1 << 48) - 1
    time = f"{now_ms & (1 << 48) - 1:012x}"
    return f"{time[:8]}-{time[8:]}-7{head:03x}-{middle:04x}-{tail:012x}"


def new_epoch() -> str:
    """Return the name of a new life of a journal: 64 random bits."""
    return secrets.token_hex(8)
