"""Read the fields of a frame in order; multi-byte numbers are most significant byte first."""

from drivers.errors import FrameError


class Fields:
    """A cursor over the data of a frame. Reading past the end raises FrameError."""

    def __init__(self, data: bytes) -> None:
        """Begin at the first byte."""
        self._data = data
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
        return int.from_bytes(self.take(size), "big")

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self))

    def end(self) -> None:
        """Raise FrameError if anything is left."""
        if len(self):
            raise FrameError(f"{len(self)} bytes too many: {self._data.hex(' ')}")
