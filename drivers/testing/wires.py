"""Wires in memory, good and bad: a transport that ends in a simulated device.

Each is a :class:`drivers.ports.Transport`; they differ in what they do to the bytes on the way.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from random import Random

from drivers.errors import PortLostError
from drivers.testing.simulator import Reply, Simulator


class Wire:
    """A good wire. ``speed`` scales the device's own delays; 0 answers at once."""

    def __init__(self, device: Simulator, *, speed: float = 0.0) -> None:
        """Connect to ``device``."""
        self._device = device
        self._speed = speed
        self._arrived = asyncio.Queue[bytes]()
        self._on_the_way: deque[asyncio.TimerHandle] = deque()
        self._free_at = 0.0
        self.lost = ""
        """Why the wire is dead; empty while it lives."""
        device.connected(lambda data: self._answer([Reply(data)]))

    async def receive(self) -> bytes:
        """Return at least one byte or raise PortLostError."""
        if self._arrived.empty():
            self._check()
        data = await self._arrived.get()
        if not data:
            self._check()
        return data

    async def send(self, data: bytes) -> None:
        """Carry bytes to the device; what it answers is on its way when this returns."""
        self._check()
        for piece in self.to_device(data):
            self._answer(self._device.feed(piece))
        self._check()

    def discard(self) -> None:
        """Forget what has arrived and was not received yet."""
        while not self._arrived.empty():
            self._arrived.get_nowait()

    async def close(self) -> None:
        """Let go of the wire."""
        self.break_off("the wire is closed")

    def break_off(self, why: str = "the cable was pulled") -> None:
        """Cut the wire for good; bytes that have arrived stay readable."""
        self.lost = self.lost or why
        for timer in self._on_the_way:
            timer.cancel()
        self._on_the_way.clear()
        self._arrived.put_nowait(b"")

    def to_device(self, data: bytes) -> Iterable[bytes]:
        """Return what becomes of bytes on the way to the device."""
        return [data]

    def to_host(self, data: bytes) -> Iterable[bytes]:
        """Return what becomes of bytes on the way to the host."""
        return [data]

    def _check(self) -> None:
        if self.lost:
            raise PortLostError(f"wire: {self.lost}")

    def _answer(self, replies: Iterable[Reply]) -> None:
        for reply in replies:
            for piece in self.to_host(reply.data):
                self._deliver(piece, reply.after * self._speed)

    def _deliver(self, piece: bytes, after: float) -> None:
        if self.lost or not piece:
            return
        loop = asyncio.get_running_loop()
        self._free_at = max(self._free_at, loop.time()) + after
        if self._free_at <= loop.time():
            self._arrived.put_nowait(piece)
            return
        self._on_the_way.append(loop.call_at(self._free_at, self._arrive, piece))

    def _arrive(self, piece: bytes) -> None:
        self._on_the_way.popleft()
        self._arrived.put_nowait(piece)


class Dripping(Wire):
    """Every byte comes alone, in both directions."""

    def to_device(self, data: bytes) -> Iterable[bytes]:
        """Cut into single bytes."""
        return _drops(data)

    def to_host(self, data: bytes) -> Iterable[bytes]:
        """Cut into single bytes."""
        return _drops(data)


class Flipping(Wire):
    """A noisy line: about one byte in ``every`` arrives with one bit wrong, in both directions."""

    def __init__(
        self, device: Simulator, *, every: int = 50, seed: int = 1, speed: float = 0.0
    ) -> None:
        """Connect to ``device``; the same ``seed`` gives the same noise."""
        self._random = Random(seed)  # noqa: S311 - noise, not a secret
        self._every = every
        super().__init__(device, speed=speed)

    def to_device(self, data: bytes) -> Iterable[bytes]:
        """Flip some bits."""
        return [self._noisy(data)]

    def to_host(self, data: bytes) -> Iterable[bytes]:
        """Flip some bits."""
        return [self._noisy(data)]

    def _noisy(self, data: bytes) -> bytes:
        def bit() -> int:
            return 1 << self._random.randrange(8) if self._random.randrange(self._every) == 0 else 0

        return bytes(byte ^ bit() for byte in data)


class Cut(Wire):
    """The cable is pulled after so many bytes to the host, or to the device."""

    def __init__(
        self,
        device: Simulator,
        *,
        after: int | None = None,
        after_sent: int | None = None,
        speed: float = 0.0,
    ) -> None:
        """Connect; ``after`` counts bytes to the host, ``after_sent`` bytes to the device."""
        self._to_host_left = after
        self._to_device_left = after_sent
        super().__init__(device, speed=speed)

    def to_device(self, data: bytes) -> Iterator[bytes]:
        """Pass what still gets through, then break."""
        left = self._to_device_left
        if left is not None:
            self._to_device_left = left - len(data)
        yield data if left is None else data[: max(left, 0)]
        if left is not None and len(data) > left:
            self.break_off()

    def to_host(self, data: bytes) -> Iterator[bytes]:
        """Pass what still gets through, then break."""
        left = self._to_host_left
        if left is not None:
            self._to_host_left = left - len(data)
        yield data if left is None else data[: max(left, 0)]
        if left is not None and len(data) > left:
            self.break_off()


class Late(Wire):
    """Chosen answers come only when the host has spoken again: in front of the next answer.

    ``late`` tells by the number of the answer (from 0) whether it is held back.
    """

    def __init__(
        self, device: Simulator, late: Callable[[int], bool], *, speed: float = 0.0
    ) -> None:
        """Connect to ``device``."""
        self._late = late
        self._count = 0
        self._held: list[bytes] = []
        super().__init__(device, speed=speed)

    def to_host(self, data: bytes) -> Iterator[bytes]:
        """Hold back, or pass with what was held back in front."""
        number, self._count = self._count, self._count + 1
        if self._late(number):
            self._held.append(data)
            return
        held, self._held = self._held, []
        yield from held
        yield data


def _drops(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]
