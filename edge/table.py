"""A map of millions of 64-bit numbers in few bytes. No I/O."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain

_SPREAD = 12
"""The top bits of a number choose one of 4,096 short arrays: putting one in is cheap."""
_SHIFT = 64 - _SPREAD


class Table:
    """A map of 64-bit numbers to numbers of ``code`` (a type code of :mod:`array`)."""

    def __init__(self, code: str) -> None:
        self._keys = [array("Q") for _ in range(1 << _SPREAD)]
        self._values = [array(code) for _ in range(1 << _SPREAD)]

    def get(self, key: int) -> int | None:
        """Return the value of a key."""
        keys = self._keys[key >> _SHIFT]
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            return int(self._values[key >> _SHIFT][at])
        return None

    def put(self, key: int, value: int) -> None:
        """Set the value of a key."""
        keys, values = self._keys[key >> _SHIFT], self._values[key >> _SHIFT]
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            values[at] = value
        else:
            keys.insert(at, key)
            values.insert(at, value)

    def pop(self, key: int) -> None:
        """Take a key away, if it is there."""
        keys = self._keys[key >> _SHIFT]
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            del keys[at], self._values[key >> _SHIFT][at]

    def keep(self, good: Callable[[int], bool]) -> None:
        """Forget the keys whose value is not good."""
        for n, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            there = [at for at, value in enumerate(values) if good(value)]
            if len(there) < len(keys):
                self._keys[n] = array("Q", (keys[at] for at in there))
                self._values[n] = array(values.typecode, (values[at] for at in there))

    def __len__(self) -> int:
        """Return how many keys there are."""
        return sum(map(len, self._keys))

    def values(self) -> Iterator[int]:
        """Return the values, in the order of their keys."""
        return chain.from_iterable(self._values)

    def dump(self) -> bytes:
        """Return all keys in their order, then their values."""
        return b"".join(part.tobytes() for part in chain(self._keys, self._values))

    def load(self, count: int, data: memoryview) -> None:
        """Take in a dump of ``count`` keys in place of what is here."""
        keys, values = array("Q"), array(self._values[0].typecode)
        keys.frombytes(data[: 8 * count])
        values.frombytes(data[8 * count :])
        start = 0
        for n in range(1 << _SPREAD):
            end = bisect_left(keys, n + 1 << _SHIFT, start)
            self._keys[n], self._values[n] = keys[start:end], values[start:end]
            start = end
