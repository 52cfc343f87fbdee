"""The parent's side of a reader in a process of its own: a call that blocks costs only the child."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from drivers.contactless.antenna import Found, TornAwayError
from drivers.errors import NoReplyError, OptionError, PortLostError

OPEN_SECONDS = 10.0
"""Starting Python and opening a reader, on a busy Raspberry Pi."""
_END_SECONDS = 1.0


class RemoteAntenna:
    """Implements :class:`drivers.contactless.antenna.Antenna` in a child process.

    Cancelling a call is safe: its answer is recognised by its number and dropped.
    """

    def __init__(self, process: Process, seconds: float) -> None:
        """Speak with ``process``; an answer that takes longer than ``seconds`` ends it."""
        self._process = process
        self._seconds = seconds
        self._number = 0

    async def opened(self) -> None:
        """Wait until the child has its reader; OptionError, PortLostError or NoReplyError."""
        await self._hear(0, OPEN_SECONDS, "open")

    async def targets(self) -> list[Found]:
        """Return the cards in the field, two at most."""
        found = await self._ask("targets")
        return [Found(bytes.fromhex(uid), str(kind)) for uid, kind in found]

    async def read(self, place: int) -> bytes:
        """Return 16 bytes of the selected card; TornAwayError without."""
        return bytes.fromhex(await self._ask("read", place=place))

    async def unlock(self, block: int, key: bytes, uid: bytes) -> bool:
        """Open the sector of a block with key A; False for a wrong key."""
        return bool(await self._ask("unlock", block=block, key=key.hex(), uid=uid.hex()))

    async def rest(self) -> None:
        """Switch the field off."""
        await self._ask("rest")

    async def _ask(self, what: str, **about: Any) -> Any:
        self._number += 1
        line = json.dumps({"n": self._number, "do": what, **about}) + "\n"
        pipe = self._process.stdin
        try:
            if pipe is None or pipe.is_closing():
                raise BrokenPipeError
            pipe.write(line.encode())
            await pipe.drain()
        except OSError as error:
            raise PortLostError("the card reader's process has ended") from error
        return await self._hear(self._number, self._seconds, what)

    async def _hear(self, number: int, seconds: float, what: str) -> Any:
        try:
            async with asyncio.timeout(seconds):
                answer = await self._line()
                while answer.get("n") != number:
                    answer = await self._line()
        except TimeoutError as error:
            self._kill()
            raise NoReplyError(f"the reader did not answer {what} for {seconds:g} s") from error
        if "torn" in answer:
            raise TornAwayError
        if "option" in answer:
            raise OptionError(str(answer["option"]))
        if "lost" in answer:
            raise PortLostError(str(answer["lost"]))
        return answer["ok"]

    async def _line(self) -> dict[str, Any]:
        pipe = self._process.stdout
        line = await pipe.readline() if pipe else b""
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise PortLostError("the card reader's process has ended") from error
        return answer if isinstance(answer, dict) else {}

    async def close(self) -> None:
        """Let the child go of its reader; one that hangs is ended."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            self._kill()
            await asyncio.shield(self._process.wait())

    def _kill(self) -> None:
        if self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            # Process.kill() asks the kernel first whether the child has ended, and so may take its
            # end away from asyncio, which waits for it in a thread.
            os.kill(self._process.pid, signal.SIGKILL)


@asynccontextmanager
async def in_child(module: str, *arguments: str, seconds: float) -> AsyncIterator[RemoteAntenna]:
    """Run ``python -m module`` and give its antenna; leaving ends the process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", module, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    antenna = RemoteAntenna(process, seconds)
    try:
        await antenna.opened()
        yield antenna
    finally:
        await antenna.close()
