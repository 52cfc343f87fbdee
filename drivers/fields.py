"""Read the fields of a frame in order."""

from typing import Literal

from drivers.errors import FrameError

Order = Literal["big", "little"]


class Fields:
    """A cursor over the data of a frame. Reading past the end raises FrameError."""

    def __init__(self, data: bytes, order: Order = "big") -> None:
        """Begin at the first byte; ``order`` is that of numbers of several bytes."""
        self._data = data
        self._order: Order = order
        self._at = 0

    def __len__(self) -> int:
        """Return how many bytes are left."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        if count > len(self):
            raise FrameError(f"data end {count - len(self)} bytes too early: {self._data.hex(' ')}")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, size: int = 1) -> int:
        """Return the next ``size`` bytes as a number."""
        return int.from_bytes(self.take(size), self._order)

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self))

    def end(self) -> None:
        """Raise FrameError if anything is left."""
        if len(self):
            raise FrameError(f"{len(self)} bytes too many: {self._data.hex(' ')}")
