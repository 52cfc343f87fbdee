"""A receipt printer: what it prints can be looked at, and what can go wrong with it does."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drivers.ports import Paper
from drivers.printer import status
from drivers.printer.tokens import Kind, Token, TokenReader
from drivers.testing.simulator import Reply

if TYPE_CHECKING:
    from PIL.Image import Image

ROWS_PER_SECOND = 800.0
"""100 mm a second at 8 dots a millimetre."""


@dataclass
class _Sheet:
    strips: list[Token] = field(default_factory=list)
    text: bytes = b""
    rows: int = 0


class PrinterSimulator:
    """An ESC/POS printer. What it cannot print now it keeps and prints when it can.

    Paper, cover and the rest are set through the properties; ``speed`` 0 prints without delay.
    """

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = speed
        self._tokens = TokenReader()
        self._send: Callable[[bytes], None] | None = None
        self._held: deque[Token] = deque()
        self._sheet = _Sheet()
        self._sheets: list[_Sheet] = []
        self._tells_unasked = False
        self._paper = Paper.OK
        self._paper_rows: int | None = None
        self._cover_open = False
        self._online = True
        self._jammed = False
        self.powered = True

    @property
    def pages(self) -> "list[Image]":
        """Every receipt that was cut off, oldest first, as black and white pictures."""
        return [_picture(sheet) for sheet in self._sheets]

    @property
    def texts(self) -> list[bytes]:
        """The plain text of every receipt that was cut off (empty if it was a picture)."""
        return [sheet.text for sheet in self._sheets]

    @property
    def paper(self) -> Paper:
        """How much paper is left."""
        return self._paper

    @paper.setter
    def paper(self, value: Paper) -> None:
        self._paper = value
        self._paper_rows = None
        self._changed()

    @property
    def cover_open(self) -> bool:
        """True while the cover is open."""
        return self._cover_open

    @cover_open.setter
    def cover_open(self, value: bool) -> None:
        self._cover_open = value
        self._changed()

    @property
    def online(self) -> bool:
        """False while somebody has put it off line at its own buttons."""
        return self._online

    @online.setter
    def online(self, value: bool) -> None:
        self._online = value
        self._changed()

    @property
    def jammed(self) -> bool:
        """True while paper is stuck in the cutter."""
        return self._jammed

    @jammed.setter
    def jammed(self, value: bool) -> None:
        self._jammed = value
        self._changed()

    def run_out_after(self, rows: int) -> None:
        """Let the paper end after so many more rows."""
        self._paper_rows = rows

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Remember where unasked status goes; half a command of the last host is forgotten."""
        self._send = send
        self._tokens.clear()

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes of the host; return answers."""
        if not self.powered:
            return []
        replies: list[Reply] = []
        for token in self._tokens.feed(data):
            if token.kind is Kind.ASK_STATUS:
                replies.append(Reply(bytes((self._status(token.number),))))
            elif token.kind is Kind.CLEAR:
                self._held.clear()
                self._sheet = _Sheet()
            else:
                self._held.append(token)
                replies += self._work()
        return replies

    @property
    def _ready(self) -> bool:
        stopped = self._paper is Paper.OUT or self._cover_open or self._jammed
        return self._online and not stopped

    def _changed(self) -> None:
        replies = self._work()
        if self._tells_unasked:
            replies.append(Reply(self._unasked()))
        for reply in replies:
            if self._send is not None and self.powered:
                self._send(reply.data)

    def _work(self) -> list[Reply]:
        replies: list[Reply] = []
        while self._held and self._ready:
            token = self._held.popleft()
            match token.kind:
                case Kind.RESET:
                    self._sheet = _Sheet()
                case Kind.PICTURE | Kind.FEED:
                    self._print(token)
                case Kind.TEXT:
                    self._sheet.text += token.data
                case Kind.CUT:
                    self._sheets.append(self._sheet)
                    self._sheet = _Sheet(rows=self._sheet.rows)
                case Kind.TELL_PAPER:
                    replies.append(self._tell_paper())
                case Kind.UNASKED_STATUS:
                    self._tells_unasked = bool(token.number)
                    if self._tells_unasked:
                        replies.append(Reply(self._unasked()))
                case _:
                    pass
        return replies

    def _print(self, token: Token) -> None:
        self._sheet.rows += token.number
        if token.kind is Kind.PICTURE:
            self._sheet.strips.append(token)
        if self._paper_rows is not None:
            self._paper_rows -= token.number
            if self._paper_rows <= 0:
                self._paper, self._paper_rows = Paper.OUT, None

    def _tell_paper(self) -> Reply:
        rows, self._sheet.rows = self._sheet.rows, 0
        answer = 0x03 if self._paper is Paper.LOW else 0x00
        return Reply(bytes((answer,)), rows / ROWS_PER_SECOND * self._speed)

    def _status(self, question: int) -> int:
        out = self._paper is Paper.OUT
        bits = {
            status.PRINTER: 0x00 if self._ready else 0x08,
            status.OFFLINE: 0x04 * self._cover_open | 0x20 * out | 0x40 * self._jammed,
            status.ERROR: 0x08 * self._jammed,
            status.PAPER: 0x6C if out else 0x0C if self._paper is Paper.LOW else 0x00,
        }
        return 0x12 | bits.get(question, 0)

    def _unasked(self) -> bytes:
        first = 0x10 | (0x00 if self._ready else 0x08) | 0x20 * self._cover_open
        third = {Paper.OUT: 0x0F, Paper.LOW: 0x03}.get(self._paper, 0x00)
        return bytes((first, 0x08 * self._jammed, third, 0x00))


def _picture(sheet: _Sheet) -> "Image":
    from PIL import Image

    width = max((strip.width for strip in sheet.strips), default=1) * 8
    height = sum(strip.number for strip in sheet.strips) or 1
    page = Image.new("1", (width, height), 1)
    top = 0
    for strip in sheet.strips:
        # On the wire a set bit is a black dot.
        dots = bytes(byte ^ 0xFF for byte in strip.data)
        page.paste(Image.frombytes("1", (strip.width * 8, strip.number), dots), (0, top))
        top += strip.number
    return page
