"""What every simulated device is: the device's side of its wire, without I/O and without a clock."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes a device sends, and how long it takes before it does (air time, mechanics), seconds."""

    data: bytes
    after: float = 0.0


class Simulator(Protocol):
    """A device core. A server (pty or TCP) carries its bytes; the driver never knows."""

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Somebody opened the line; ``send`` is for what the device says unasked."""

    def feed(self, data: bytes) -> list[Reply]:
        """Take any number of bytes from the host; return what the device answers, in order."""
