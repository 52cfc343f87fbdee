"""The console's web application: its doors, each with the right it asks for, and the page itself."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from edge import look
from gateway.accounts.oidc import Provider
from gateway.broker import Broker
from gateway.config import ConsoleOptions
from gateway.console.console import Console
from gateway.console.doorman import Doorman, NotYoursError, StrangerError
from gateway.console.drops import Drops
from gateway.console.figures import Figures
from gateway.console.fleet import Fleet
from gateway.console.guard import Guard
from gateway.console.live import Live
from gateway.console.receipts import Receipts
from gateway.console.sign_in import Desk
from gateway.console.stream import Stream
from gateway.console.texts import catalogues
from gateway.console.work import Work
from gateway.errors import RefusedError
from gateway.pulse import Pulse
from gateway.worker import LedgerWorker

STATIC = Path(__file__).parent / "static"


def make_app(
    writes: LedgerWorker,
    reads: LedgerWorker,
    broker: Broker,
    now: Callable[[], int],
    pulse: Pulse,
    options: ConsoleOptions | None = None,
    provider: Provider | None = None,
) -> FastAPI:
    """Return the application."""
    options = options or ConsoleOptions()
    app = FastAPI(title="Shelfwire", docs_url=None, redoc_url=None, openapi_url=None)
    live = Live(reads, broker, now, pulse)
    Desk(writes, reads, now, provider, options.names).add_to(app)
    Console(writes, reads, live, broker, now, pulse).add_to(app)
    Work(writes, reads, now, pulse).add_to(app)
    Fleet(writes, reads, now, pulse).add_to(app)
    Figures(reads, now).add_to(app)
    Stream(live, reads, now, pulse).add_to(app)
    Drops(writes, reads, now, pulse).add_to(app)
    Receipts(reads).add_to(app)
    texts = catalogues()
    app.get("/texts.json")(lambda: texts)
    app.get("/", response_class=FileResponse)(lambda: STATIC / "index.html")
    app.mount("/look", StaticFiles(directory=look.FOLDER), name="look")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(StrangerError, _stranger)
    app.add_exception_handler(NotYoursError, _not_yours)
    app.add_exception_handler(sqlite3.OperationalError, _cannot_write)
    app.add_middleware(GZipMiddleware, minimum_size=800)
    app.add_middleware(
        Doorman, writes=writes, reads=reads, now=now, open_=options.open, names=options.names
    )
    app.add_middleware(Guard, names=options.names)
    return app


def _cannot_write(_request: Request, error: Exception) -> Response:
    text = f"the ledger cannot be written now ({error}); nothing was changed"
    return JSONResponse({"error": text}, status_code=503)


def _refused(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=409)


def _stranger(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=401)


def _not_yours(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=403)
