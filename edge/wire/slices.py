"""A long message in slices: after a cut only what had not arrived is sent again.

```
03 | name (8) | from (4) | size (4) | bytes
```
``name`` is the beginning of the SHA-256 of the whole message, ``size`` its length, ``from`` where the
bytes belong in it. Integers are big-endian.
"""

import hashlib

from edge.wire.errors import WireError

VERSION = 3
NAME = 8
MOST = 4 * 1024 * 1024
"""A whole message is never longer than this many bytes."""
LEAST = 1024
"""Nobody gets slices smaller than this."""
_HEAD = 1 + NAME + 4 + 4


def name_of(message: bytes) -> str:
    """Return what slices call a message (hex)."""
    return hashlib.sha256(message).digest()[:NAME].hex()


def fits(message: bytes, size: int) -> bool:
    """Return whether a message goes whole where slices of so many bytes are wished."""
    return len(message) <= max(LEAST, size)


def cut(message: bytes, size: int, start: int = 0) -> list[bytes]:
    """Return slices of at most so many bytes (heads beside) of a message, from ``start`` on."""
    head = bytes((VERSION,)) + bytes.fromhex(name_of(message))
    total = len(message).to_bytes(4, "big")
    size = max(LEAST, size)
    return [
        head + at.to_bytes(4, "big") + total + message[at : at + size]
        for at in range(start, len(message), size)
    ]


def is_slice(data: bytes) -> bool:
    """Return whether this is a slice, not a whole message."""
    return data[:1] == bytes((VERSION,))


class Gathered:
    """What is here of one message. ``name`` and ``got`` say where to go on; empty: nothing is."""

    def __init__(self) -> None:
        self.name = ""
        self._size = 0
        self._data = bytearray()
        self._ahead: dict[int, bytes] = {}
        self._last = ""

    @property
    def got(self) -> int:
        """Return how many bytes are here, from the first on."""
        return len(self._data)

    def ask(self) -> tuple[str, int]:
        """Return the name of what is begun and its bytes here; from now on anything may come again."""
        self._last = ""
        return self.name, self.got

    def take(self, data: bytes) -> bytes | None:
        """Take a slice in, in any order; return the whole message with the last one.

        A slice of another message begins that one anew. Raises WireError of nonsense, and of slices
        that make another message than they said.
        """
        if len(data) <= _HEAD or data[0] != VERSION:
            raise WireError(f"slice: {len(data)} bytes are none")
        name = data[1 : 1 + NAME].hex()
        start = int.from_bytes(data[1 + NAME : 5 + NAME], "big")
        size = int.from_bytes(data[5 + NAME : _HEAD], "big")
        if size > MOST or start + len(data) - _HEAD > size:
            raise WireError(f"slice: {len(data) - _HEAD} bytes at {start} of {size}")
        if name == self._last:
            return None  # it is whole already
        if (name, size) != (self.name, self._size) or len(self._ahead) > MOST // LEAST:
            self.forget()
            self.name, self._size = name, size
        if start >= self.got:
            self._ahead[start] = data[_HEAD:]
        while (more := self._ahead.pop(self.got, None)) is not None:
            self._data += more
        return self._whole() if self.got >= size else None

    def forget(self) -> None:
        """Begin anew."""
        self.name, self._size, self._data, self._ahead = "", 0, bytearray(), {}

    def _whole(self) -> bytes:
        name, message = self.name, bytes(self._data)
        self.forget()
        if name_of(message) != name:
            raise WireError("slice: they make another message")
        self._last = name
        return message
