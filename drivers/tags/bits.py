"""Bits in a row, most significant first."""

from drivers.tags.model import TagError


class BitReader:
    """Take numbers of any width off the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.left = len(data) * 8

    def take(self, width: int) -> int:
        """Return the next ``width`` bits; TagError when fewer are left."""
        if width > self.left:
            raise TagError("the bits end in the middle of a character")
        self.left -= width
        return self._value >> self.left & (1 << width) - 1


class BitWriter:
    """Put numbers of any width in a row."""

    def __init__(self) -> None:
        self._value = 0
        self.length = 0

    def put(self, number: int, width: int) -> None:
        """Append ``number`` as ``width`` bits."""
        self._value = self._value << width | number
        self.length += width

    def fill(self, pattern: str) -> bytes:
        """Fill the last byte with the start of ``pattern`` and return the bytes."""
        missing = -self.length % 8
        if missing:
            self.put(int(pattern[:missing], 2), missing)
        return self._value.to_bytes(self.length // 8, "big")
