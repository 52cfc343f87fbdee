"""The kiosk's page and its WebSocket, for the browser of this machine and nobody else (the door)."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

import edge.look
import kiosk.texts
from kiosk.door import Door
from kiosk.session import PRESSES
from kiosk.speech import Voices
from kiosk.stage import Stage

STATIC = Path(__file__).parent / "static"
MOST_PRESS = 1024
"""A press is never longer than this many bytes."""
LONGEST_ARG = 80


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends: a button, and what it is about."""

    press: str
    arg: str = ""


def make_app(
    stage: Stage,
    hosts: frozenset[str],
    health: Callable[[], dict[str, Any]],
    voices: Voices | None = None,
) -> ASGIApp:
    """Return the application; ``hosts`` are the ``name:port`` under which the page is called."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _routes(app, stage, health)
    _words_and_voices(app, voices or Voices())
    app.mount("/look", StaticFiles(directory=edge.look.FOLDER))
    app.mount("/static", StaticFiles(directory=STATIC))
    return Door(app, hosts)


def _routes(app: FastAPI, stage: Stage, health: Callable[[], dict[str, Any]]) -> None:
    @app.get("/", response_model=None)
    async def page() -> Response:
        return FileResponse(STATIC / "index.html", media_type="text/html; charset=utf-8")

    @app.get("/health", response_model=None)
    async def how() -> Response:
        return JSONResponse(health())

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            await _serve(socket, stage)


def _words_and_voices(app: FastAPI, voices: Voices) -> None:
    @app.get("/texts/index.json", response_model=None)
    async def every_language() -> Response:
        known = kiosk.texts.languages()
        return JSONResponse({"languages": known, "voices": voices.names(known)})

    @app.get("/texts/{lang}.json", response_model=None)
    async def texts(lang: str) -> Response:
        if lang not in kiosk.texts.languages():
            return JSONResponse({"error": "no such language"}, status_code=404)
        return JSONResponse(dict(kiosk.texts.catalogue(lang)))

    @app.get("/voice/{lang}/{name}.ogg", response_model=None)
    async def voice(lang: str, name: str) -> Response:
        file = voices.find(lang, name)
        if file is None:
            return JSONResponse({"error": "no such recording"}, status_code=404)
        return FileResponse(file, media_type="audio/ogg")


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
