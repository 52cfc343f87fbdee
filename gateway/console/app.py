"""The console's web application: JSON, a stream of changes, and the page itself."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from edge import look
from gateway.broker import Broker
from gateway.console.guard import Guard
from gateway.console.texts import catalogues
from gateway.errors import RefusedError
from gateway.ledger import board, views
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

STATIC = Path(__file__).parent / "static"
SETTLE_SECONDS = 0.25
"""Changes that come close together are shown together."""
AGAIN_SECONDS = 15.0
"""The page is told how things are at least this often, so that it knows it is alive."""


class Decision(BaseModel):
    """What a person decides about a worklist entry."""

    action: str = Field(max_length=40)
    who: str = Field(default="", max_length=80)
    note: str = Field(default="", max_length=500)


class Console:
    """What the page can ask and say."""

    def __init__(
        self,
        writes: LedgerWorker,
        reads: LedgerWorker,
        broker: Broker,
        now: Callable[[], int],
        pulse: Pulse,
    ) -> None:
        self._writes, self._reads, self._broker = writes, reads, broker
        self._now, self._pulse = now, pulse

    async def summary(self) -> dict[str, Any]:
        """Return totals and devices."""
        found = await self._reads.call(views.summary, self._now())
        return {**found, "broker": self._broker.connected, "full": self._pulse.full}

    async def facts(
        self,
        device: str = "",
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=views.MAX_ROWS)] = 100,
    ) -> list[dict[str, Any]]:
        """Return facts in the order of their arrival, after an arrival number."""
        return await self._reads.call(views.facts_after, device, after, limit)

    async def board(self) -> dict[str, Any]:
        """Return everything the page shows."""
        found = await self._reads.call(board.board, self._now())
        return {**found, "broker": self._broker.connected, "full": self._pulse.full}

    async def item(self, item: str) -> dict[str, Any]:
        """Return an item with its timeline."""
        return await self._reads.call(board.timeline, item)

    async def resolve(self, number: int, decision: Decision) -> dict[str, bool]:
        """Settle an entry."""
        await self._writes.call(
            SqliteLedger.resolve, number, decision.action, decision.who, decision.note, self._now()
        )
        self._pulse.beat()
        return {"done": True}

    async def reopen(self, number: int, decision: Decision) -> dict[str, bool]:
        """Take a decision back."""
        await self._writes.call(SqliteLedger.reopen, number, decision.who, self._now())
        self._pulse.beat()
        return {"done": True}

    async def events(self) -> StreamingResponse:
        """Return a stream that brings the board whenever something changed."""
        return StreamingResponse(
            self._stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _stream(self) -> AsyncIterator[bytes]:
        count = self._pulse.count
        while not self._pulse.ended:
            yield b"data: " + msgspec.json.encode(await self.board()) + b"\n\n"
            seen = count
            count = await self._pulse.after(count, AGAIN_SECONDS)
            if count > seen and not self._pulse.ended:
                await asyncio.sleep(SETTLE_SECONDS)
                count = self._pulse.count


def make_app(
    writes: LedgerWorker,
    reads: LedgerWorker,
    broker: Broker,
    now: Callable[[], int],
    pulse: Pulse,
) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="Shelfwire", docs_url=None, redoc_url=None, openapi_url=None)
    console = Console(writes, reads, broker, now, pulse)
    app.get("/api/summary")(console.summary)
    app.get("/api/facts")(console.facts)
    app.get("/api/board")(console.board)
    app.get("/api/items/{item:path}")(console.item)
    app.get("/api/events", response_model=None)(console.events)
    app.post("/api/worklist/{number}/resolve")(console.resolve)
    app.post("/api/worklist/{number}/reopen")(console.reopen)
    texts = catalogues()
    app.get("/texts.json")(lambda: texts)
    app.get("/", response_class=FileResponse)(lambda: STATIC / "index.html")
    app.mount("/look", StaticFiles(directory=look.FOLDER), name="look")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(sqlite3.OperationalError, _cannot_write)
    app.add_middleware(Guard)
    return app


def _cannot_write(_request: Request, error: Exception) -> Response:
    text = f"the ledger cannot be written now ({error}); nothing was changed"
    return JSONResponse({"error": text}, status_code=503)


def _refused(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=409)
