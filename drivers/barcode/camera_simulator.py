"""A network camera as a device: asked over HTTP, it sends Motion JPEG until the line breaks."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from drivers.barcode.mjpeg import part
from drivers.barcode.pictures import Symbology
from drivers.barcode.scene import View, code, look
from drivers.testing.simulator import Reply

BOUNDARY = "shelfwire"
_END_OF_REQUEST = b"\r\n\r\n"
_MOST_REQUEST = 8192
_QUALITY = 80
_HEAD = (
    "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nConnection: close\r\n"
    f"Content-Type: multipart/x-mixed-replace; boundary={BOUNDARY}\r\n\r\n"
)
_NO = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class CameraSimulator:
    """A camera; :meth:`show` holds a code in front of it. ``start`` lets it take pictures by itself."""

    def __init__(self, view: View | None = None, rate: float = 10.0) -> None:
        """See as ``view`` says, ``rate`` pictures a second."""
        self.view = view or View()
        self.rate = rate
        self.frozen = False
        """It hangs: the line stands, and no picture comes."""
        self._shown: tuple[str, Symbology] = ("", "qr")
        self._asked = b""
        self._send: Callable[[bytes], None] | None = None
        self._watched = False
        self._task: asyncio.Task[None] | None = None

    def connected(self, send: Callable[[bytes], None]) -> None:
        """A host has come, and has not asked yet."""
        self._send, self._asked, self._watched = send, b"", False

    def feed(self, data: bytes) -> list[Reply]:
        """Take a request; the stream begins with the first picture."""
        if self._watched:
            return []
        self._asked += data
        if len(self._asked) > _MOST_REQUEST:
            self._asked = b""
            return [Reply(_NO.encode())]
        if _END_OF_REQUEST not in self._asked:
            return []
        asked, self._asked = self._asked, b""
        if not asked.startswith(b"GET "):
            return [Reply(_NO.encode())]
        self._watched = True
        first = [] if self.frozen else [Reply(part(self.taken(), BOUNDARY))]
        return [Reply(_HEAD.encode()), *first]

    def show(self, text: str, symbology: Symbology = "qr") -> None:
        """Hold a code in front of it, none with an empty text; ValueError for what no code holds."""
        if text:
            code(text, symbology)
        self._shown = (text, symbology)

    def see(self, **changes: Any) -> None:
        """Change how it sees, by the names of :class:`View`."""
        self.view = replace(self.view, **changes)

    def taken(self) -> bytes:
        """Return the picture that it takes now, as JPEG."""
        file = io.BytesIO()
        look(*self._shown, self.view).save(file, "JPEG", quality=_QUALITY)
        return file.getvalue()

    def shoot(self) -> None:
        """Take a picture and send it to whoever watches."""
        if self._send is not None and self._watched and not self.frozen:
            self._send(part(self.taken(), BOUNDARY))

    def mend(self) -> None:
        """See well again."""
        self.view = View(self.view.width, self.view.height)
        self.frozen = False

    def wrong(self) -> str:
        """Return what is wrong with the view, in words; empty when nothing is."""
        well = View()
        spoilt = {name: getattr(self.view, name) for name in ("blur", "dark", "tilt", "half")}
        words = [
            f"{name} {value}" for name, value in spoilt.items() if value != getattr(well, name)
        ]
        return ", ".join(words + ["frozen"] * self.frozen)

    async def start(self) -> None:
        """Begin to take pictures."""
        self._task = asyncio.create_task(self._run(), name="simulated camera")

    async def close(self) -> None:
        """Take no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(1 / self.rate)
            self.shoot()
