"""What a frame on a wire says, in words for the person who looks at a trace.

Every protocol package has a module ``explain`` with one function::

    def explain(frame: bytes, to_device: bool | None) -> Explained

It never raises: bytes that are no frame are explained as such. ``to_device`` None means: find out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from dataclasses import fields as dataclass_fields
from typing import Any, Literal

from drivers.errors import FrameError
from drivers.fields import Fields, Order

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


def shown(value: Any) -> Any:
    """Return a parsed value as texts, numbers, lists and mappings; what it does not know is left out."""
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value) and not isinstance(value, type):
        told = {one.name: shown(getattr(value, one.name)) for one in dataclass_fields(value)}
        return {name: one for name, one in told.items() if one not in (None, "", {})}
    if isinstance(value, list | tuple):
        return [shown(one) for one in value]
    return value


def lay_out(layout: str, data: bytes, order: Order = "big") -> dict[str, Any]:
    """Read data by a layout such as ``mode:1 uid:u first:2 password:-4 data:*``.

    A number is that many bytes of a number, ``u`` a UID, ``*`` all the rest, ``-`` and a number what
    must not be shown. Raises FrameError when the data do not fit to the last byte.
    """
    fields, found = Fields(data, order), dict[str, Any]()
    for token in layout.split():
        name, _, kind = token.partition(":")
        if kind == "u":
            uid = fields.take(8)
            found[name] = (uid[::-1] if order == "little" else uid).hex()
        elif kind == "*":
            found[name] = hexed(fields.rest())
        elif kind.startswith("-"):
            fields.take(int(kind[1:]))
            found[name] = "not shown"
        else:
            found[name] = fields.number(int(kind))
    fields.end()
    return found


def fits(read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return what ``read`` returns, None when it raises FrameError."""
    try:
        return read()
    except FrameError:
        return None
