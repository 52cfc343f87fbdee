"""Read the fields of a frame in order; multi-byte numbers are most significant byte first."""

from drivers.fields import Fields

__all__ = ["Fields"]
