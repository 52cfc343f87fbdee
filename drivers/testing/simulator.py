"""What every simulated device is: the device's side of its wire, without I/O and without a clock."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from drivers.cutting import FrameCutter, Noise


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes a device sends, and how long it takes before it does (air time, mechanics), seconds."""

    data: bytes
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device answers to a command, and how long it works for it, seconds. Status 0 is well."""

    status: int = 0
    data: bytes = b""
    seconds: float = 0.0


class Simulator(Protocol):
    """A device core. A server (pty or TCP) carries its bytes; the driver never knows."""

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Somebody opened the line; ``send`` is for what the device says unasked."""

    def feed(self, data: bytes) -> list[Reply]:
        """Take any number of bytes from the host; return what the device answers, in order."""


def is_whole(fresh: FrameCutter[Any], data: bytes) -> bool:
    """Whether these bytes are whole good frames by themselves, to a cutter that was not used yet.

    A real device forgets a frame that stops in the middle. Without a clock, a simulated one forgets
    it when a whole good frame arrives in one piece behind it.
    """
    events = fresh.feed(data)
    return bool(events) and not fresh.waiting and not any(isinstance(e, Noise) for e in events)
