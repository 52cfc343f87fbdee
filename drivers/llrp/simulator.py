"""llrpkit's LLRP emulator as a device on a wire of ours, so that the wire can be bad."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from drivers.errors import OptionError
from drivers.llrp.reader import HINT
from drivers.testing.simulator import Reply

_READS = 400.0
_CHUNK = 4096
_SETTLE = 0.05


class LlrpSimulator:
    """Passes on between a host and the emulator; the tags are the emulator's own."""

    def __init__(self, *epcs: bytes) -> None:
        """Begin with these tags in the field; OptionError when llrpkit is not installed."""
        try:
            from llrpkit.emulator import LLRPEmulator
        except ImportError as error:
            raise OptionError(f"llrp is simulated by llrpkit, which is not here. {HINT}") from error
        self._emulator = LLRPEmulator(tags=[_tag(epc) for epc in epcs], reads_per_sec=_READS)
        self._said: asyncio.Queue[bytes] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the emulator on a port that only we use."""
        await self._emulator.start()

    async def close(self) -> None:
        """Stop the emulator."""
        await _end(self._task)
        await self._emulator.stop()

    @property
    def epcs(self) -> list[bytes]:
        """The EPCs in the field, as they are now."""
        return [tag.epc for tag in self._emulator.tags]

    def put(self, epc: bytes) -> None:
        """Bring a tag into the field."""
        if epc not in self.epcs:
            self._emulator.tags.append(_tag(epc))

    def take(self, epc: bytes) -> bool:
        """Take a tag out of the field; False when it is not there."""
        there = [tag for tag in self._emulator.tags if tag.epc == epc]
        for tag in there:
            self._emulator.tags.remove(tag)
        return bool(there)

    def connected(self, send: Callable[[bytes], None]) -> None:
        """A host has come: the one before is forgotten, the emulator is called anew."""
        before, self._said = self._task, asyncio.Queue()
        self._task = asyncio.create_task(
            self._carry(before, self._said, send), name="to the emulator"
        )

    def feed(self, data: bytes) -> list[Reply]:
        """Pass on what the host says; answers come by themselves."""
        if data:
            self._said.put_nowait(data)
        return []

    async def _carry(
        self,
        before: asyncio.Task[None] | None,
        said: asyncio.Queue[bytes],
        send: Callable[[bytes], None],
    ) -> None:
        await _end(before)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._emulator.port)
        speaking = asyncio.create_task(_speak(said, writer), name="host to emulator")
        try:
            while data := await reader.read(_CHUNK):
                send(data)
        finally:
            speaking.cancel()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            await asyncio.sleep(_SETTLE)  # the emulator takes one host at a time


async def _speak(said: asyncio.Queue[bytes], writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(await said.get())


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait((task,))


def _tag(epc: bytes) -> Any:
    from llrpkit.emulator.core import EmulatedTag

    return EmulatedTag(epc)
