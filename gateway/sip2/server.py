"""Puts the simulated library system on a port, with the faults that real ones have."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gateway.sip2.errors import GarbledError
from gateway.sip2.line import Cutter, Received, open_line, seal
from gateway.sip2.message import Message
from gateway.sip2.simulator import Ils


@dataclass(slots=True)
class Faults:
    """What goes wrong. ``cut`` and ``deaf``: messages after which it hangs up, or says nothing.

    Both book first: the question is answered in the library system, only nobody hears it.
    ``slow``: seconds before each answer. ``wrong_sum``: checksums that do not fit. ``garble``: so many
    answers are nonsense. ``misheard``: so many requests are asked for again (96). ``bits``: an answer
    comes in pieces of so many bytes. ``stray``: a line that nobody asked for comes before each answer.
    """

    slow: float = 0.0
    cut: set[str] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)
    wrong_sum: bool = False
    garble: int = 0
    misheard: int = 0
    bits: int = 0
    stray: bool = False


@dataclass(slots=True)
class SimulatedServer:
    """The library system on a port. ``end`` is how its lines end, ``charset`` what they are written in."""

    ils: Ils
    faults: Faults = field(default_factory=Faults)
    end: bytes = b"\r"
    charset: str = "utf-8"
    delimiter: str = "|"
    port: int = 0
    connections: int = 0

    @contextlib.asynccontextmanager
    async def running(
        self, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator["SimulatedServer"]:
        """Listen on this machine only, inside."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        tasks = self._tasks
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.wait_closed()

    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._tasks.add(task)
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cutter, logged_in, last = Cutter(), not self.ils.accounts, b""
        while data := await reader.read(4096):
            for line in cutter.feed(data):
                try:
                    asked = open_line(line, self.charset, self.delimiter)
                except GarbledError:
                    asked = None
                if asked is not None and asked.message.code == "97":
                    await self._say(writer, last)
                    continue
                if asked is None or asked.sound is False or self._mishears(asked):
                    await self._say(writer, seal(Message("96"), self.charset))
                    continue
                if not logged_in and asked.message.code not in ("93", "99"):
                    return
                answer = self.ils.answer(asked.message)
                if answer is None:
                    await self._say(writer, seal(Message("96"), self.charset))
                    continue
                logged_in = logged_in or (answer.code == "94" and answer["ok"] == "1")
                if asked.message.code in self.faults.cut:
                    return
                if asked.message.code in self.faults.deaf:
                    continue
                last = self._sealed(answer, asked)
                await asyncio.sleep(self.faults.slow)
                await self._answer(writer, last)

    def _mishears(self, asked: Received) -> bool:
        if self.faults.misheard <= 0 or asked.message.code == "93":
            return False
        self.faults.misheard -= 1
        return True

    def _sealed(self, answer: Message, asked: Received) -> bytes:
        seq = int(asked.seq) if asked.seq.isdigit() else None
        line = seal(answer, self.charset, self.delimiter, seq)
        return line[:-4] + b"0BAD" if self.faults.wrong_sum and seq is not None else line

    async def _answer(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        if self.faults.stray:
            await self._say(writer, b"36Y20261122    043211AOCPL|AA|")
        if self.faults.garble > 0:
            self.faults.garble -= 1
            await self._say(writer, b"what?")
            return
        await self._say(writer, line)

    async def _say(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        whole = line + self.end
        step = self.faults.bits or len(whole)
        for start in range(0, len(whole), step):
            writer.write(whole[start : start + step])
            await writer.drain()
            if self.faults.bits:
                await asyncio.sleep(0)
