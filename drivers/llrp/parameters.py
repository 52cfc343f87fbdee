"""Cut the parameters of an LLRP message, and those inside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.errors import FrameError
from drivers.llrp.messages import INSIDE, PARAMETERS, TV

_TV_BIT, _TYPE_BITS, _TLV_HEAD = 0x80, 0x3FF, 4
_AISPEC = 183
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what is in front of those inside it, and these."""

    kind: int
    name: str
    data: bytes
    inside: list["Parameter"] = field(default_factory=list)


def parse(data: bytes, depth: int = 0) -> list[Parameter]:
    """Return the parameters; FrameError when they do not fill the data exactly."""
    found, at = [], 0
    while at < len(data):
        if data[at] & _TV_BIT:
            one, size = _value(data[at:])
        else:
            one, size = _parameter(data[at:], depth)
        found.append(one)
        at += size
    return found


def walk(parameters: list[Parameter]) -> Iterator[Parameter]:
    """Return every parameter, those inside after the one they are in."""
    for one in parameters:
        yield one
        yield from walk(one.inside)


def _value(data: bytes) -> tuple[Parameter, int]:
    kind = data[0] & ~_TV_BIT
    if kind not in TV:
        raise FrameError(f"value type {kind} is not known, so neither is its length")
    name, size = TV[kind]
    if len(data) <= size:
        raise FrameError(f"{name} needs {size} bytes")
    return Parameter(kind, name, data[1 : 1 + size]), 1 + size


def _parameter(data: bytes, depth: int) -> tuple[Parameter, int]:
    kind, size = int.from_bytes(data[:2], "big") & _TYPE_BITS, int.from_bytes(data[2:4], "big")
    name = PARAMETERS.get(kind, f"parameter {kind}")
    if not _TLV_HEAD <= size <= len(data):
        raise FrameError(f"{name} says it has {size} bytes, {len(data)} are there")
    body = data[_TLV_HEAD:size]
    head = _head(kind, body)
    if head is None or depth >= _DEEPEST:
        return Parameter(kind, name, body), size
    if head > len(body):
        raise FrameError(f"{name} needs {head} bytes in front of its parameters")
    return Parameter(kind, name, body[:head], parse(body[head:], depth + 1)), size


def _head(kind: int, body: bytes) -> int | None:
    """Return how many bytes stand in front of the parameters inside; None: do not look."""
    if kind == _AISPEC:  # a list of antennas with its count
        return 2 + 2 * int.from_bytes(body[:2], "big")
    return INSIDE.get(kind)
