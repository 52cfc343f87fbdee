"""Cut the bytes a receipt printer receives into commands (the printer's side)."""

from dataclasses import dataclass
from enum import Enum

DLE, ESC, FS, GS = 0x10, 0x1B, 0x1C, 0x1D
MAX_PICTURE = 1 << 20


class Kind(Enum):
    """What a printer is told to do; the rest of the language changes only how text looks."""

    RESET = "reset"
    PICTURE = "picture"
    FEED = "feed"
    CUT = "cut"
    TEXT = "text"
    TELL_PAPER = "tell paper"
    ASK_STATUS = "ask status"
    UNASKED_STATUS = "unasked status"
    CLEAR = "clear"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    """A command. ``number`` is its parameter (rows, question, …), ``width`` is in bytes."""

    kind: Kind
    number: int = 0
    width: int = 0
    data: bytes = b""


_LENGTHS = {
    (ESC, ord("@")): 2,
    (ESC, ord("2")): 2,
    (ESC, ord("p")): 5,
    (ESC, ord("c")): 4,
    (FS, ord(".")): 2,
    (FS, ord("&")): 2,
    (GS, ord("L")): 4,
    (GS, ord("W")): 4,
    (GS, ord("P")): 4,
}
"""Lengths of commands that are not three bytes long."""
_KINDS = {
    (ESC, ord("@")): Kind.RESET,
    (ESC, ord("d")): Kind.FEED,
    (ESC, ord("J")): Kind.FEED,
    (GS, ord("r")): Kind.TELL_PAPER,
    (GS, ord("a")): Kind.UNASKED_STATUS,
    (DLE, 0x04): Kind.ASK_STATUS,
}


class TokenReader:
    """Cut any number of bytes into commands; never raises."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def clear(self) -> None:
        """Forget a command that has begun."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Token]:
        """Return the commands that ``data`` completes, in order."""
        self._buffer += data
        tokens = []
        while self._buffer and (found := self._cut()) is not None:
            token, used = found
            del self._buffer[:used]
            tokens.append(token)
        return tokens

    def _cut(self) -> tuple[Token, int] | None:
        buffer = self._buffer
        if buffer[0] not in (DLE, ESC, FS, GS):
            return self._text()
        if len(buffer) < 2:
            return None
        head = (buffer[0], buffer[1])
        if head == (GS, ord("v")):
            return self._picture()
        if head == (GS, ord("V")):
            return self._sized(4 if len(buffer) > 2 and buffer[2] in (65, 66) else 3, Kind.CUT)
        if head == (GS, ord("(")):
            return self._block()
        if head == (DLE, 0x14):
            return self._real_time()
        found = self._sized(_LENGTHS.get(head, 3), _KINDS.get(head, Kind.OTHER))
        if found and head == (ESC, ord("d")):
            return Token(Kind.FEED, found[0].number * 30), found[1]
        return found

    def _sized(self, size: int, kind: Kind) -> tuple[Token, int] | None:
        if len(self._buffer) < size:
            return None
        return Token(kind, self._buffer[2] if size > 2 else 0), size

    def _text(self) -> tuple[Token, int]:
        size = 1
        while size < len(self._buffer) and self._buffer[size] not in (DLE, ESC, FS, GS):
            size += 1
        return Token(Kind.TEXT, data=bytes(self._buffer[:size])), size

    def _picture(self) -> tuple[Token, int] | None:
        if len(self._buffer) < 8:
            return None
        width = self._buffer[4] | self._buffer[5] << 8
        rows = self._buffer[6] | self._buffer[7] << 8
        size = width * rows
        if size > MAX_PICTURE:
            return Token(Kind.OTHER), 8
        if len(self._buffer) < 8 + size:
            return None
        data = bytes(self._buffer[8 : 8 + size])
        return Token(Kind.PICTURE, rows, width, data), 8 + size

    def _block(self) -> tuple[Token, int] | None:
        if len(self._buffer) < 5:
            return None
        size = 5 + (self._buffer[3] | self._buffer[4] << 8)
        return (Token(Kind.OTHER), size) if len(self._buffer) >= size else None

    def _real_time(self) -> tuple[Token, int] | None:
        if len(self._buffer) < 3:
            return None
        size, kind = (10, Kind.CLEAR) if self._buffer[2] == 8 else (5, Kind.OTHER)
        return (Token(kind), size) if len(self._buffer) >= size else None
