"""The door of the kiosk's web server: who may come in, and what goes out with every answer.

Only GET, only this host, only this origin, and for the WebSocket only a page that this start of the
kiosk served; nothing from elsewhere is loaded (Content-Security-Policy), nothing is cached.
"""

import secrets
import urllib.request

from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    b"connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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


class Door:
    """Lets in GET requests and WebSockets of this very page only; adds the headers of safety.

    ``pass_`` is new at every start. The page gets it with ``/`` as a cookie that its scripts cannot
    read and that no other site's page can send; without it there is no WebSocket, so neither another
    page nor one of an earlier start presses a button here.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts
        port = min(hosts, default="").rpartition(":")[2]
        self._name = f"shelfwire-kiosk-{port}"  # cookies do not know ports: two kiosks, two names
        self.pass_ = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 400 (host), 403 (origin) or 405 (method), else pass on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            more = [(b"set-cookie", self._cookie())] if scope["path"] == "/" else []
            await self._app(scope, receive, _adding(send, _HEADERS + more))
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
            if origin not in own:
                return 403, "not from this page"
            return None if self._shows_pass(headers) else (403, "the page is of an earlier start")
        if origin and origin not in own:
            return 403, "not from this page"
        return None if scope["method"] in ("GET", "HEAD") else (405, "only GET")

    def _cookie(self) -> bytes:
        return f"{self._name}={self.pass_}; Path=/; HttpOnly; SameSite=Strict".encode()

    def _shows_pass(self, headers: dict[bytes, bytes]) -> bool:
        cookies = headers.get(b"cookie", b"").decode("latin-1").split(";")
        given = dict(cookie.strip().partition("=")[::2] for cookie in cookies)
        return secrets.compare_digest(given.get(self._name, "").encode(), self.pass_.encode())


def _adding(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [h for h in message.get("headers", []) if h[0] not in dict(headers)]
            message = {**message, "headers": kept + headers}
        await send(message)

    return sending


def fetch_pass(url: str) -> str:
    """Return the ``Cookie`` header that a program must send which acts as the page at ``url``.

    Blocks for the length of one request; raises OSError when no kiosk answers there.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]
