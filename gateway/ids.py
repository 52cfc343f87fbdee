"""Ids that the centre makes itself: UUIDv7, sortable by time."""

import secrets
import uuid


def new_id(now_ms: int) -> str:
    """Return a new UUIDv7 for this time."""
    value = (now_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return str(uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62)))
