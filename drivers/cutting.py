"""Cut a stream of bytes into frames, whatever protocol's: what the cutters of all readers share."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that are no frame, and why."""

    why: str
    data: bytes


class FrameCutter(ABC, Generic[F]):
    """Cuts what a line delivers into frames. Nothing raises: noise is an event like a frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def waiting(self) -> bool:
        """True while a frame has begun and not ended."""
        return bool(self._buffer)

    def reset(self) -> None:
        """Forget a frame that has begun."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[F | Noise]:
        """Take any number of bytes; return the frames, and the noise, that they complete."""
        self._buffer += data
        events: list[F | Noise] = []
        while self._buffer and (event := self._cut()) is not None:
            events.append(event)
        return events

    @abstractmethod
    def _cut(self) -> F | Noise | None:
        """Take one event off the buffer, which is not empty; None while it needs more bytes."""

    def _noise(self, why: str, count: int | None = None) -> Noise:
        """Take ``count`` bytes off the buffer, or all of them, as noise."""
        return Noise(why, self._take(len(self._buffer) if count is None else count))

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken
