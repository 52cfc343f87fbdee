"""Motion JPEG over HTTP, as network cameras and small camera servers speak it: bytes into pictures.

::

    HTTP/1.1 200 OK
    Content-Type: multipart/x-mixed-replace; boundary=NAME

    --NAME CRLF headers CRLF CRLF one JPEG CRLF --NAME …

    JPEG    FF D8, segments FF xx LENGTH(2, itself too) …, up to FF DA; then the dots, up to FF D9

Servers differ in what the boundary looks like and whether a part tells its length. A JPEG tells its own
ends, so those are what counts here; its head may hold a small picture with ends of its own.
"""

from drivers.errors import FrameError

BEGIN, END = b"\xff\xd8\xff", b"\xff\xd9"
MAX_PICTURE = 8 << 20
"""Bytes that a picture may have."""


class PictureCutter:
    """Cut what the camera sends into JPEG pictures."""

    def __init__(self) -> None:
        """Begin between two pictures."""
        self._buffer = bytearray()
        self._looked = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take any number of bytes; return the pictures that they complete.

        FrameError when more comes than a picture can have and none ends.
        """
        self._buffer += data
        pictures = []
        while (end := self._end()) is not None:
            pictures.append(bytes(self._buffer[:end]))
            self._drop(end)
        if len(self._buffer) > MAX_PICTURE:
            self._drop(len(self._buffer))
            raise FrameError(f"the camera sent {MAX_PICTURE} bytes and no picture ended")
        return pictures

    def _end(self) -> int | None:
        """Return where the first picture ends, after dropping what is before it."""
        begin = self._buffer.find(BEGIN)
        if begin != 0:
            self._drop(begin if begin > 0 else max(len(self._buffer) - len(BEGIN) + 1, 0))
        if begin < 0:
            return None
        at = len(BEGIN) - 1
        while self._buffer[at : at + 1] == b"\xff" and self._buffer[at + 1 : at + 2] != b"\xda":
            length = int.from_bytes(self._buffer[at + 2 : at + 4], "big")
            if at + 4 > len(self._buffer):
                return None
            at += 2 + max(length, 2)
        if at >= len(self._buffer):
            return None
        end = self._buffer.find(END, max(at, self._looked))
        if end < 0:
            self._looked = max(len(self._buffer) - 1, 0)
            return None
        return end + len(END)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._looked = 0


def part(picture: bytes, boundary: str) -> bytes:
    """Return one part of the stream: a picture as a camera server sends it."""
    head = f"--{boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
    return head.encode() + picture + b"\r\n"
