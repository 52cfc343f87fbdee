"""A link between an agent and its broker, for tests: it counts bytes, and can be a commune's."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

SEGMENT = 536
"""Bytes that travel, and are lost, together."""
HEADERS = 40


@dataclass
class Link:
    """``rate`` bytes a second each way (0: any), ``delay`` s each way, ``loss`` of segments.

    A lost segment comes again after ``resend`` seconds, and holds up what is behind it, as TCP does.
    """

    rate: float = 0.0
    delay: float = 0.0
    loss: float = 0.0
    resend: float = 1.2
    seed: int = 1
    port: int = 0
    up: int = 0
    down: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def forget(self) -> None:
        """Count anew."""
        self.up = self.down = 0

    def cut(self) -> None:
        """Cut what is connected now; what is on the way is gone."""
        for one in self._open:
            one.transport.abort()

    async def serve(self, client: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        there, sender = await asyncio.open_connection("127.0.0.1", self.port)
        dice = random.Random(self.seed)  # noqa: S311  no secret
        self._open |= {writer, sender}
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(
                self._carry(client, sender, dice, "up"), self._carry(there, writer, dice, "down")
            )
        self._open -= {writer, sender}
        for one in (sender, writer):
            one.close()

    async def _carry(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        dice: random.Random,
        way: str,
    ) -> None:
        loop = asyncio.get_running_loop()
        free = arrival = loop.time()
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_deliver(waiting, target))
            while data := await source.read(SEGMENT if self.rate else 65536):
                setattr(self, way, getattr(self, way) + len(data))
                now = loop.time()
                free = max(free, now)
                if self.rate:
                    free += (len(data) + HEADERS) / self.rate
                late = self.resend if dice.random() < self.loss else 0.0
                arrival = max(arrival, free + self.delay + late)
                await waiting.put((arrival, data))
            task.cancel()
            target.close()


async def _deliver(
    waiting: "asyncio.Queue[tuple[float, bytes]]", target: asyncio.StreamWriter
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        at, data = await waiting.get()
        if (left := at - loop.time()) > 0:
            await asyncio.sleep(left)
        target.write(data)
        await target.drain()


@asynccontextmanager
async def through(link: Link, port: int) -> AsyncIterator[int]:
    """Put a link in front of a port; give the port to connect to."""
    link.port = port
    server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
