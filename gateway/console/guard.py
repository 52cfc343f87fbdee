"""Who may talk to the console: pages of this machine, from the console's own address."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost", "[::1]")
LONGEST_BODY = 16 * 1024
PICTURES = frozenset({"/api/receipts/picture"})
"""Doors that take a photo instead of JSON."""
LONGEST_PICTURE = 4 * 1024 * 1024
WITH_CAMERA = "/receipt/"
"""The page that may look through a phone's camera."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=()",
    "Cache-Control": "no-cache",
}


class Guard:
    """Refuses foreign hosts and pages, and bodies that are no small JSON; sets the headers."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...] = ()) -> None:
        self._app = app
        self._hosts = (*HOSTS, *names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if str(scope["path"]).startswith(WITH_CAMERA):
                    policy = HEADERS["Permissions-Policy"]
                    headers["Permissions-Policy"] = policy.replace("camera=()", "camera=(self)")
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        why = _why_not(scope, Headers(scope=scope), self._hosts)
        app: ASGIApp = JSONResponse({"error": why}, status_code=403) if why else self._app
        await app(scope, receive, with_headers)


def _why_not(scope: Scope, headers: Headers, hosts: tuple[str, ...]) -> str:
    method = str(scope["method"])
    host = headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name not in hosts:
        return f"{host!r} is no address of this console"
    if method in ("GET", "HEAD"):
        return ""
    origin = headers.get("origin")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        return "the request comes from another page"
    picture = scope["path"] in PICTURES
    kind = headers.get("content-type", "").partition(";")[0].strip()
    if kind not in (
        ("image/jpeg", "image/png", "image/webp") if picture else ("application/json",)
    ):
        return "only a JPEG, PNG or WebP picture" if picture else "only JSON is understood"
    length = headers.get("content-length", "")
    if not length.isdigit() or int(length) > (LONGEST_PICTURE if picture else LONGEST_BODY):
        return "the request is too long"
    return ""
