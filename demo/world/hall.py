"""The hall: a web page that is the physical world, and the acts it asks for. Loopback only.

```
GET  /                page            GET /api/scene   what is seen now
WS   /ws              {"scene"} on every change, {"wires": [...]} what is said on the wires
POST /api/do          {"do": "move", "item": …, "to": …}  (see ACTS), 409 with a sentence's key
GET  /api/find        ?site=&text=    GET /api/receipt|slip/SITE/N.png    GET /api/times  (seconds)
```
"""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from demo.world.errors import WorldError
from demo.world.scene import Scene
from demo.world.world import World
from edge import look

HERE = Path(__file__).parent
TICK_SECONDS = 0.08
MOST_WIRES = 400
"""Words waiting for one slow page; the oldest go first."""
LANGUAGES = ("vi", "en")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class Acts:
    """What a page or the demo day may ask the world to do, by name."""

    def __init__(self, world: World, scene: Scene) -> None:
        """Offer the acts of ``world``."""
        self._world, self._scene = world, scene
        self.table: dict[str, Callable[..., Awaitable[None] | None]] = {
            "move": self._move,
            "tap": world.tap,
            "scan": world.scan,
            "walk": world.walk,
            "open_bin": world.open_bin,
            "jam": world.jam,
            "network": world.network,
            "power": world.power,
            "cable": world.cable,
            "paper": world.paper,
            "fetch_book": scene.fetch_book,
            "fetch_reader": scene.fetch_reader,
        }

    def _move(self, item: str, to: str) -> None:
        self._world.move(item, to)
        kind, _, site = to.partition(":")
        if kind == "shelf":
            self._scene.put_back(item, site)

    async def do(self, act: dict[str, Any]) -> None:
        """Do one act; WorldError when no hand could."""
        rest = {name: value for name, value in act.items() if name != "do"}
        name = str(act.get("do"))
        if name not in self.table:
            raise WorldError("no_such_act", act=name)
        try:
            done = self.table[name](**rest)
        except TypeError:
            raise WorldError("no_such_act", act=f"{name} {sorted(rest)}") from None
        if done is not None:
            await done
        self._world.look_again()


def make_app(world: World) -> FastAPI:
    """Return the hall of a world."""
    scene = Scene(world)
    acts = Acts(world, scene)
    app = FastAPI(title="Shelfwire hall", docs_url=None, redoc_url=None, openapi_url=None)
    allowed = {f"{host}:{world.places.ports['hall']}" for host in ("127.0.0.1", "localhost")}

    @app.middleware("http")
    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if not _is_ours(request.headers.get("host"), request.headers.get("origin"), allowed):
            return Response("not from this page", status_code=403)
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-cache"
        return response

    _reading(app, world, scene)

    @app.post("/api/do")
    async def do(request: Request) -> JSONResponse:
        try:
            act = await request.json()
            await acts.do(act if isinstance(act, dict) else {})
        except WorldError as error:
            return JSONResponse({"error": error.key, "values": error.values}, status_code=409)
        except ValueError:
            return JSONResponse({"error": "no_such_act", "values": {}}, status_code=400)
        return JSONResponse({"done": True})

    @app.websocket("/ws")
    async def live(socket: WebSocket) -> None:
        if not _is_ours(socket.headers.get("host"), socket.headers.get("origin"), allowed):
            await socket.close(4403)
            return
        await socket.accept()
        teller = asyncio.create_task(_tell(socket, _changes(world, scene)))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await socket.receive_text()
        teller.cancel()
        await asyncio.gather(teller, return_exceptions=True)

    app.mount("/look", StaticFiles(directory=look.FOLDER))
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    return app


def _reading(app: FastAPI, world: World, scene: Scene) -> None:
    """Add what only tells: the page, its texts, the scene, papers."""

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(HERE / "static" / "hall.html")

    @app.get("/api/scene")
    async def now() -> dict[str, Any]:
        return scene.now() | {"addresses": _addresses(world)}

    @app.get("/api/times")
    async def times() -> dict[str, list[float]]:
        return {"lamp": [one for site in world.sites.values() for one in site.lamp_seconds]}

    @app.get("/api/texts/{lang}")
    async def texts(lang: str) -> Any:
        return json.loads(_texts_file(lang).read_text("utf-8"))

    @app.get("/api/find")
    async def find(site: str, text: str = "") -> dict[str, Any]:
        return scene.find(site, text)

    @app.get("/api/{paper}/{site}/{number}.png")
    async def receipt(paper: str, site: str, number: int) -> Response:
        here = world.sites.get(site)
        printers = {} if here is None else {"receipt": here.printer, "slip": here.slips}
        pages = printers[paper].pages if paper in printers else []
        if not 0 <= number < len(pages):
            return Response(status_code=404)
        png = io.BytesIO()
        pages[number].save(png, "PNG")
        return Response(png.getvalue(), media_type="image/png")


async def _tell(socket: WebSocket, messages: AsyncIterator[dict[str, Any]]) -> None:
    async for message in messages:
        await socket.send_json(message)


async def _changes(world: World, scene: Scene) -> AsyncIterator[dict[str, Any]]:
    """Yield the scene, then every change of it and what is said on the wires, a few at a time."""
    wires: list[dict[str, Any]] = []
    something = asyncio.Event()
    changed = True

    def hear(event: dict[str, Any]) -> None:
        nonlocal changed
        if "wire" in event:
            wires.append(event["wire"])
            del wires[:-MOST_WIRES]
        else:
            changed = True
        something.set()

    stop = world.listen(hear)
    try:
        while True:
            message: dict[str, Any] = {}
            if changed:
                message["scene"] = scene.now() | {"addresses": _addresses(world)}
                changed = False
            if wires:
                message["wires"] = list(wires)
                wires.clear()
            yield message
            await asyncio.sleep(TICK_SECONDS)
            await something.wait()
            something.clear()
    finally:
        stop()


def _addresses(world: World) -> dict[str, str]:
    doors = ("hall", "console", "kiosk-tinh", "kiosk-xa")
    return {door: world.places.url(door) for door in doors}


def _texts_file(lang: str) -> Path:
    return HERE / "texts" / f"{lang if lang in LANGUAGES else LANGUAGES[0]}.json"


def _is_ours(host: str | None, origin: str | None, allowed: set[str]) -> bool:
    """Say whether a request came to our own name and, if a page sent it, from our own page."""
    if host not in allowed:
        return False
    return origin is None or urlsplit(origin).netloc in allowed
