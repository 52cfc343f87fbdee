"""Ids that are made once, at the edge, and sort by time (UUID version 7, RFC 9562)."""

import secrets
import uuid


def uuid7(now_ms: int) -> str:
    """Return a new id for something that happens at ``now_ms``."""
    value = (now_ms & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def new_epoch() -> str:
    """Return the name of a new life of a journal: 64 random bits."""
    return secrets.token_hex(8)
