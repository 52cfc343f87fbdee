"""A file descriptor that never blocks, as a Transport: the same for serial lines and sockets."""

import asyncio
import contextlib
import os
from collections.abc import Callable

from drivers.errors import PortLostError

_CHUNK = 4096
_ROOM = 65_536  # bytes kept for a caller who does not receive; then the kernel has to wait


class Pipe:
    """A byte pipe over a non-blocking descriptor; implements :class:`drivers.ports.Transport`.

    Cancelling ``receive`` loses no byte. Cancelling ``send`` may leave part of the data sent, as a
    cut cable would. One task receives at a time.
    """

    def __init__(self, descriptor: int, name: str, close: Callable[[], None]) -> None:
        """Take over ``descriptor``; ``close`` lets go of it and of what belongs to it."""
        self._descriptor = descriptor
        self._name = name
        self._close = close
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._why_lost: str | None = None
        self._closed = False
        self._listening = False
        self._listen(wanted=True)

    async def receive(self) -> bytes:
        """Return at least one byte or raise PortLostError."""
        while not self._buffer:
            self._check()
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self._buffer)
        self._buffer.clear()
        self._listen(wanted=True)
        return data

    async def send(self, data: bytes) -> None:
        """Hand every byte to the operating system or raise PortLostError."""
        rest = memoryview(data)
        while rest:
            self._check()
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except (BlockingIOError, InterruptedError):
                await self._writable()
            except OSError as error:
                self._lose(error.strerror or str(error))

    def discard(self) -> None:
        """Forget what has arrived and was not received yet, in our buffer and in the kernel's."""
        self._buffer.clear()
        while not self._gone and self._read():
            self._buffer.clear()
        self._listen(wanted=True)

    async def close(self) -> None:
        """Let go of the port; closing twice is harmless."""
        if self._closed:
            return
        self._listen(wanted=False)
        self._closed = True
        self._arrived.set()
        with contextlib.suppress(OSError):
            self._close()

    @property
    def _gone(self) -> bool:
        return self._closed or self._why_lost is not None

    def _check(self) -> None:
        if self._gone:
            raise PortLostError(f"{self._name}: {self._why_lost or 'the port is closed'}")

    def _lose(self, why: str) -> None:
        self._why_lost = self._why_lost or why
        self._listen(wanted=False)
        self._arrived.set()

    def _listen(self, *, wanted: bool) -> None:
        if wanted and not self._listening and not self._gone:
            self._loop.add_reader(self._descriptor, self._readable)
            self._listening = True
        elif not wanted and self._listening:
            self._loop.remove_reader(self._descriptor)
            self._listening = False

    def _readable(self) -> None:
        self._read()
        if len(self._buffer) >= _ROOM:
            self._listen(wanted=False)

    def _read(self) -> bool:
        """Move what is there into the buffer; False when there was nothing."""
        try:
            data = os.read(self._descriptor, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._lose(error.strerror or str(error))
            return False
        if not data:
            self._lose("the other end hung up")
            return False
        self._buffer += data
        self._arrived.set()
        return True

    async def _writable(self) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()

        def settle() -> None:
            if not ready.done():
                ready.set_result(None)

        self._loop.add_writer(self._descriptor, settle)
        try:
            await ready
        finally:
            self._loop.remove_writer(self._descriptor)
