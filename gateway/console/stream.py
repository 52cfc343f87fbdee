"""The stream of changes (server-sent events): begins where the page stopped, small on a slow link."""

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from gateway.console.doorman import Counting
from gateway.console.live import Live
from gateway.ledger import accounts
from gateway.ledger.accounts import ANYBODY, Account
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

SETTLE_SECONDS = 0.25
"""Changes that come close together are shown together."""
MOST_EACH = 20
"""Pages of one account that may follow at once; the next is asked to wait."""
AGAIN_SECONDS = 15.0
"""The page hears something at least this often, so that it knows it is alive."""


class Stream:
    """One door: ``/api/events``. ``id`` of an event is what the page has seen then."""

    def __init__(
        self, live: Live, reads: LedgerWorker, now: Callable[[], int], pulse: Pulse
    ) -> None:
        self._live, self._reads, self._now, self._pulse = live, reads, now, pulse
        self._following: Counter[str] = Counter()

    def add_to(self, app: FastAPI) -> None:
        """Put the door into the application."""
        app.get("/api/events", response_model=None)(self.events)

    async def events(self, request: Request, who: Counting) -> Response:
        """Return a stream that brings what changed, whenever something did."""
        if self._following[who.account] >= MOST_EACH:
            error = f"{MOST_EACH} pages of this account are open: close some"
            return JSONResponse({"error": error}, status_code=429)
        since = request.headers.get("last-event-id", "")[:40]
        words = self._counted(who, self._words(request, who, since))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            words, headers["Content-Encoding"] = _packed(words), "gzip"
        return StreamingResponse(words, media_type="text/event-stream", headers=headers)

    async def _counted(self, who: Account, words: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Yield the same, and count it among what the account follows."""
        self._following[who.account] += 1
        try:
            async with aclosing(words):
                async for word in words:
                    yield word
        finally:
            self._following -= Counter((who.account,))

    async def _words(self, request: Request, who: Account, since: str) -> AsyncGenerator[bytes]:
        count, clock = self._pulse.count, asyncio.get_running_loop().time
        looked = clock()
        while not self._pulse.ended:
            if clock() - looked >= AGAIN_SECONDS:
                looked = clock()
                if not await self._still(request, who):
                    return
            await self._live.refresh()
            news = self._live.changes(since, who) or {}
            since = f"{self._live.run}.{self._live.version}"
            body = msgspec.json.encode({"now": self._now(), **news})
            yield b"id: " + since.encode() + b"\ndata: " + body + b"\n\n"
            seen = count
            count = await self._pulse.after(count, AGAIN_SECONDS)
            if count > seen and not self._pulse.ended:
                await asyncio.sleep(SETTLE_SECONDS)
                count = self._pulse.count

    async def _still(self, request: Request, who: Account) -> bool:
        """Return whether the page may go on: still signed in, still with the same role."""
        if await request.is_disconnected():
            return False
        if who is ANYBODY or not who.mark:
            return True
        return await self._reads.call(accounts.holds, who, self._now())


async def _packed(words: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the same in one gzip stream, each word whole."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31, 8)
    async with aclosing(words):
        async for word in words:
            yield packer.compress(word) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
