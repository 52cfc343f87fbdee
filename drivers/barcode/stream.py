"""Pictures from a camera that another program serves: Motion JPEG over HTTP.

A network camera, or the one at this machine behind a small server (ustreamer, mjpg-streamer, …). Only
the newest picture is looked at: what came while the last one was read is old. Pillow is imported with
the first one: it is large, and most agents have no camera.
"""

import io
import select
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from drivers.barcode.mjpeg import PictureCutter
from drivers.barcode.pictures import Picture
from drivers.errors import FrameError, OptionError, PortLostError

MAX_DOTS = 25_000_000
_WAIT = 0.25
_CHUNK = 1 << 16
_KINDS = {"http": HTTPConnection, "https": HTTPSConnection}


class StreamFrames:
    """Implements :class:`drivers.barcode.frames.Frames` over HTTP."""

    def __init__(self, url: str, still_s: float) -> None:
        """Ask for the stream; PortLostError if nobody serves it."""
        self._url = url
        self._cutter = PictureCutter()
        self._connection, self._answer = _opened(url, still_s)

    def grab(self) -> Picture | None:
        """Return the newest picture; None when there is none yet."""
        newest = self._newest()
        return _picture(newest) if newest else None

    def close(self) -> None:
        """Hang up."""
        self._answer.close()
        self._connection.close()

    def _newest(self) -> bytes | None:
        """Take all that has come, and what comes within a moment."""
        newest, wait, begun = None, _WAIT, monotonic()
        while monotonic() - begun < _WAIT and self._ready(wait):
            try:
                data = self._answer.read1(_CHUNK)
            except (OSError, HTTPException, ValueError) as error:
                raise PortLostError(f"{self._url}: {error}") from error
            if not data:
                raise PortLostError(f"{self._url}: the camera hung up")
            try:
                pictures = self._cutter.feed(data)
            except FrameError as error:
                raise PortLostError(f"{self._url}: {error}") from error
            if pictures:
                newest, wait = pictures[-1], 0.0
        return newest

    def _ready(self, wait: float) -> bool:
        """Whether reading would not wait."""
        sock = self._connection.sock
        if sock is None:
            raise PortLostError(f"{self._url}: the camera hung up")
        return bool(select.select([sock], [], [], wait)[0])


def checked(url: str) -> SplitResult:
    """Return the parts of a stream's address; OptionError names what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in _KINDS or not parts.hostname:
        raise OptionError(f"url {url!r}: write http://HOST:PORT/PATH, where the pictures come from")
    if parts.username is not None:
        raise OptionError(
            "url: a camera that wants a password is not read; let a server here ask it"
        )
    return parts


def _opened(url: str, still_s: float) -> tuple[HTTPConnection, HTTPResponse]:
    parts = checked(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = _KINDS[parts.scheme](parts.hostname, parts.port, timeout=still_s)
    except (ValueError, HTTPException) as error:
        raise OptionError(f"url {url!r}: {error}") from error
    sock = None
    try:
        connection.connect()
        sock = connection.sock
        connection.request("GET", path, headers={"Accept": "multipart/x-mixed-replace"})
        answer = connection.getresponse()
        connection.sock = sock  # the answer has no end: its connection is not forgotten
        kind = answer.headers.get_content_type()
        # Some servers give a stream of pictures no name at all; a page is named as one.
        if answer.status != HTTPStatus.OK or kind.startswith("text/"):
            answer.close()
            raise HTTPException(f"the answer is {answer.status} {kind}, not a stream of pictures")
    except (OSError, HTTPException, ValueError) as error:
        connection.close()
        if sock is not None:
            sock.close()
        raise PortLostError(f"{url}: {error}") from error
    return connection, answer


def _picture(jpeg: bytes) -> Picture | None:
    """Return a picture in grey; None for one that came damaged."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            if image.width * image.height > MAX_DOTS:
                return None
            image.draft("L", None)
            grey = image.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return Picture(grey.width, grey.height, grey.tobytes())
