"""What a frame on a wire says, in words for the person who looks at a trace.

Every protocol package has a module ``explain`` with one function::

    def explain(frame: bytes, to_device: bool | None) -> Explained

It never raises: bytes that are no frame are explained as such. ``to_device`` None means: find out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Checksum = Literal["ok", "bad", "none"]


@dataclass(frozen=True, slots=True)
class Explained:
    """One frame. Values of ``fields`` are whole numbers, texts, or lists and mappings of these."""

    to_device: bool | None
    """Who speaks; None when the frame does not tell."""
    command: str
    """Name of the command or message, ``unknown`` when it is none."""
    checksum: Checksum
    """``none``: the protocol has no checksum, or the frame ends before it."""
    code: int | None = None
    """Number of the command."""
    status: str | None = None
    """Meaning of a reply's status; None when it has none."""
    status_code: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What else the frame says, by name in snake case, in the order of the wire."""
    notes: tuple[str, ...] = ()
    """What is odd about it, in whole sentences."""


def hexed(data: bytes) -> str:
    """Return bytes as we show them."""
    return data.hex(" ")
