"""The polite screen beside a gate: asks, without a name or a title, to take the book back.

A page on loopback for a browser on the same Pi. It says what it shows in Vietnamese and English at
once; nobody has to choose. It knows nothing of readers or items, so it cannot tell.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Literal

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware

from edge import look

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
PLEASE_SECONDS = 12.0
ALIVE_SECONDS = 10.0
AGAIN_SECONDS = 30.0
POLICY = "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
Shown = Literal["calm", "please", "fire"]


class GateScreen:
    """What the page shows, and the server that serves it."""

    def __init__(self, name: str, library: str, port: int) -> None:
        self._name, self._library, self._port = name, library, port
        self._until, self._fire = 0.0, False
        self._news = asyncio.Event()

    def please(self) -> None:
        """Ask for a moment to take the book back."""
        self._until = asyncio.get_running_loop().time() + PLEASE_SECONDS
        self._wake()

    def fire(self, active: bool) -> None:
        """Say that the way out is open."""
        self._fire = active
        self._wake()

    @property
    def shown(self) -> Shown:
        """What the page shows now."""
        if self._fire:
            return "fire"
        return "please" if asyncio.get_running_loop().time() < self._until else "calm"

    async def run(self) -> None:
        """Serve until cancelled; a port that somebody else has is tried again."""
        while True:
            config = uvicorn.Config(
                self.app(), host="127.0.0.1", port=self._port, log_level="warning",
                access_log=False, server_header=False, lifespan="off", ws="none",
                timeout_graceful_shutdown=1,
            )  # fmt: skip
            server = _Server(config)
            serving = asyncio.ensure_future(server.serve())
            try:
                await asyncio.shield(serving)
            except asyncio.CancelledError:
                server.should_exit = server.force_exit = True
                await asyncio.wait((serving,))
                raise
            except SystemExit:  # uvicorn's word for a port that is taken
                log.warning("%s: port %d of the screen is taken", self._name, self._port)
            await asyncio.sleep(AGAIN_SECONDS)

    def app(self) -> FastAPI:
        """Return the page's application."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.get("/", response_class=FileResponse)(lambda: STATIC / "gate.html")
        app.get("/events", response_model=None)(self._events)
        app.mount("/look", StaticFiles(directory=look.FOLDER), name="look")
        app.mount("/static", StaticFiles(directory=STATIC), name="static")
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        app.middleware("http")(_guarded)
        return app

    async def _events(self) -> StreamingResponse:
        return StreamingResponse(
            self._stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _stream(self) -> AsyncIterator[bytes]:
        while True:
            news, said = self._news, {"shown": self.shown, "library": self._library}
            yield f"data: {json.dumps(said)}\n\n".encode()
            left = self._until - asyncio.get_running_loop().time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left if left > 0 else ALIVE_SECONDS):
                    await news.wait()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class _Server(uvicorn.Server):
    """The agent itself looks after signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _guarded(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
