"""Lines of a barcode scanner: cut what a serial scanner sends into scans.

::

    [STX] [] letter digit]  text  [ETX]  CR | LF | CR LF | a pause

The three characters behind ``]`` are the AIM symbology identifier, if the scanner is set up to
send it (``]C1`` Code 128, ``]A0`` Code 39, ``]F0`` Codabar, ``]E0`` EAN, ``]Q1`` QR code).
"""

import re
import unicodedata

from drivers.barcode import citizen
from drivers.ports import Scan

MAX_SCAN = 4096
"""More than the largest QR code holds; what is longer is a scanner gone mad and is dropped."""
CODABAR = "]F"
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_CODABAR_FRAME = re.compile(r"([A-Da-d])([0-9$:/.+-]+)([A-Da-d])")
_ENDS = re.compile(rb"[\r\n]")
_EDGE = "".join(map(chr, range(0x21)))


def parse(line: bytes, *, codabar: bool = False, papers: citizen.Policy = "number") -> Scan | None:
    """Return the scan in a line, or None if there is nothing to tell.

    UTF-8 first; what is not UTF-8 is taken for the Vietnamese Windows code page. The start and stop
    letters of Codabar are cut off: some scanners send them, some do not. With ``codabar`` that is
    also done where the scanner does not say what it read. Of an identity paper at most the number is
    left, as ``papers`` says.
    """
    text = _decode(line).strip(_EDGE)
    symbology = None
    if match := _AIM.match(text):
        symbology, text = text[:2], text[match.end() :].strip(_EDGE)
    if symbology == CODABAR or (symbology is None and codabar):
        framed = _CODABAR_FRAME.fullmatch(text)
        text = framed[2] if framed else text
    told = citizen.reduce(text, papers)
    return Scan(told, symbology, paper=citizen.is_paper(text)) if told else None


def _decode(line: bytes) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("cp1258", errors="replace")
    return unicodedata.normalize("NFC", text)


class ScanReader:
    """Cut bytes into scans; never raises, holds at most one scan."""

    def __init__(self, *, codabar: bool = False, papers: citizen.Policy = "number") -> None:
        """Read scans; ``codabar`` and ``papers`` as in :func:`parse`."""
        self._codabar = codabar
        self._papers = papers
        self._line = bytearray()
        self._too_long = False

    @property
    def open(self) -> bool:
        """True while a scan has begun and not ended: a pause ends it."""
        return bool(self._line)

    def feed(self, data: bytes) -> list[Scan]:
        """Take any number of bytes; return the scans they complete."""
        scans: list[Scan] = []
        *complete, rest = _ENDS.split(data)
        for piece in complete:
            self._add(piece)
            scans += self.end()
        self._add(rest)
        return scans

    def end(self) -> list[Scan]:
        """Note that the scan is over: a line end came, or a pause."""
        line, too_long = bytes(self._line), self._too_long
        self._line.clear()
        self._too_long = False
        scan = None if too_long else parse(line, codabar=self._codabar, papers=self._papers)
        return [scan] if scan else []

    def _add(self, piece: bytes) -> None:
        self._line += piece
        if len(self._line) > MAX_SCAN:
            self._too_long = True
            del self._line[1:]
