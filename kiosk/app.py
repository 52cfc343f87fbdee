"""The kiosk's page and its WebSocket, for the browser of this machine and nobody else.

Only GET, only this host, only this origin; nothing from elsewhere is loaded (Content-Security-
Policy), nothing is cached, and no address tells how the program is made.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import edge.look
import kiosk.texts
from kiosk.session import PRESSES
from kiosk.stage import Stage

STATIC = Path(__file__).parent / "static"
MOST_PRESS = 1024
"""A press is never longer than this many bytes."""
LONGEST_ARG = 80

_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), usb=(), serial=()"),
    (b"cache-control", b"no-store"),
]


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends: a button, and what it is about."""

    press: str
    arg: str = ""


class Guard:
    """Lets in GET requests and WebSockets of this very page only; adds the headers of safety."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 400 (host), 403 (origin) or 405 (method), else pass on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, _adding(send, _HEADERS))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            response = Response(refusal[1], status_code=refusal[0], media_type="text/plain")
            await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = dict(scope["headers"])
        if headers.get(b"host", b"").decode("latin-1") not in self._hosts:
            return 400, "this page belongs to another host name"
        origin = headers.get(b"origin", b"").decode("latin-1")
        own = {f"http://{host}" for host in self._hosts}
        if scope["type"] == "websocket":
            return None if origin in own else (403, "not from this page")
        if origin and origin not in own:
            return 403, "not from this page"
        return None if scope["method"] in ("GET", "HEAD") else (405, "only GET")


def _adding(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [h for h in message.get("headers", []) if h[0] not in dict(headers)]
            message = {**message, "headers": kept + headers}
        await send(message)

    return sending


def make_app(stage: Stage, hosts: frozenset[str], health: Callable[[], dict[str, Any]]) -> ASGIApp:
    """Return the application; ``hosts`` are the ``name:port`` under which the page is called."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _routes(app, stage, health)
    app.mount("/look", StaticFiles(directory=edge.look.FOLDER))
    app.mount("/static", StaticFiles(directory=STATIC))
    return Guard(app, hosts)


def _routes(app: FastAPI, stage: Stage, health: Callable[[], dict[str, Any]]) -> None:
    @app.get("/", response_model=None)
    async def page() -> Response:
        return FileResponse(STATIC / "index.html", media_type="text/html; charset=utf-8")

    @app.get("/texts/{lang}.json", response_model=None)
    async def texts(lang: str) -> Response:
        if lang not in kiosk.texts.LANGUAGES:
            return JSONResponse({"error": "no such language"}, status_code=404)
        return JSONResponse(dict(kiosk.texts.catalogue(lang)))

    @app.get("/health", response_model=None)
    async def how() -> Response:
        return JSONResponse(health())

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            await _serve(socket, stage)


async def _serve(socket: WebSocket, stage: Stage) -> None:
    """Show until the page goes; a message that is no press closes the line with a sentence."""
    showing = asyncio.create_task(_show(socket, stage), name="kiosk page")
    try:
        while True:
            why = _take(await _words(socket), stage)
            if why:
                await socket.close(1008, why)
                return
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await showing


async def _words(socket: WebSocket) -> bytes:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text: str | None = message.get("text")
    return text.encode() if text is not None else b""


def _take(raw: bytes, stage: Stage) -> str:
    """Hand a press on; return why it is none, or nothing."""
    if len(raw) > MOST_PRESS:
        return f"a press has at most {MOST_PRESS} bytes"
    try:
        press = msgspec.json.decode(raw, type=Press)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 'send {"press": NAME, "arg": TEXT}'
    if press.press not in PRESSES:
        return f"there is no such button; allowed: {', '.join(sorted(PRESSES))}"[:120]
    if len(press.arg) > LONGEST_ARG:
        return f"arg has at most {LONGEST_ARG} characters"
    stage.press(press.press, press.arg)
    return ""


async def _show(socket: WebSocket, stage: Stage) -> None:
    async with aclosing(stage.watch()) as screens:
        async for message in screens:
            await socket.send_text(msgspec.json.encode(message).decode())
