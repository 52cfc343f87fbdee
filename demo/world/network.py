"""The network plug of a site: a TCP relay between its agents and the broker that can be pulled."""

import asyncio
import contextlib


class NetworkPlug:
    """A relay on 127.0.0.1. Pulled, it refuses new connections and cuts those that are open."""

    def __init__(self, port: int, target: int) -> None:
        """Relay ``port`` to ``target``; nothing listens yet."""
        self.port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.Task[None]] = set()
        self.carried = 0

    @property
    def plugged(self) -> bool:
        """Whether the site is connected."""
        return self._server is not None

    async def plug(self) -> None:
        """Put the plug in; plugging twice is harmless."""
        if self._server is None:
            self._server = await asyncio.start_server(self._guest, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def unplug(self) -> None:
        """Pull the plug: every connection of the site is cut; pulling twice is harmless."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        pairs = list(self._pairs)
        for pair in pairs:
            pair.cancel()
        await asyncio.gather(*pairs, return_exceptions=True)
        await server.wait_closed()

    async def _guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - we are in one
        self._pairs.add(task)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._pairs.discard(task)
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ways = [
            asyncio.create_task(self._copy(reader, far_writer)),
            asyncio.create_task(self._copy(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far_writer.transport.abort()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                self.carried += len(data)
                target.write(data)
                await target.drain()
