"""Cuts what the line brings into SIP2 messages, and seals those that leave. Pure.

``AY3AZEEDD``: sequence number and checksum, when error detection is on; CR ends a line, with or
without LF. The checksum is the two's complement of the sum of all bytes up to and with ``AZ``.
"""

import re
from dataclasses import dataclass

from gateway.sip2.errors import GarbledError
from gateway.sip2.message import Message, read_message, to_bytes, to_text, write_message

LONGEST = 64 * 1024
"""A line that is longer is no message; a server that never ends one does not fill the memory."""
_TAIL = re.compile(rb"(?:AY(.))?AZ([0-9A-Fa-f]{4})\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Received:
    """A message that came in. ``sound``: its checksum is right, wrong, or there is none (None)."""

    message: Message
    seq: str = ""
    sound: bool | None = None


class Cutter:
    """Gives whole lines out of any pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take any number of bytes; return the lines they complete, empty ones left out.

        Raises GarbledError, and forgets what it has, when a line does not end.
        """
        self._buffer += data
        *whole, rest = re.split(rb"[\r\n]+", bytes(self._buffer))
        self._buffer = bytearray(rest)
        if len(rest) > LONGEST:
            self._buffer.clear()
            raise GarbledError(f"a line of more than {LONGEST} bytes")
        return [line for line in whole if line.strip()]


def checksum(data: bytes) -> bytes:
    """Return the four digits for bytes that end in ``AZ``."""
    return b"%04X" % (-sum(data) & 0xFFFF)


def seal(message: Message, charset: str, delimiter: str = "|", seq: int | None = None) -> bytes:
    """Return a message's bytes without the end of line; with ``seq`` a checksum follows."""
    data = to_bytes(write_message(message, delimiter), charset)
    if seq is None:
        return data
    mark = b"AZ" if message.code in ("96", "97") else b"AY%dAZ" % (seq % 10)
    return data + mark + checksum(data + mark)


def open_line(line: bytes, charset: str, delimiter: str = "|") -> Received:
    """Return the message of a line; raise GarbledError when it is none.

    A wrong checksum raises nothing: who asked decides. A sum over code points is right too: some
    servers reckon it so when a text is not ASCII.
    """
    tail = _TAIL.search(line)
    body = line[: tail.start()] if tail else line
    message = read_message(to_text(body, charset).lstrip("\0 "), delimiter)
    if tail is None:
        return Received(message)
    said = int(tail[2], 16)
    until = line[: tail.start(2)]
    points = sum(map(ord, until.decode("utf-8", "replace")))
    sound = (sum(until) + said) & 0xFFFF == 0 or (points + said) & 0xFFFF == 0
    return Received(message, (tail[1] or b"").decode("ascii", "replace"), sound)
