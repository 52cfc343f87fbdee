"""Frames of the 3M pads 810 and 210: cut from a stream of bytes, and made.

    D6 LENhigh LENlow CMD DATA… BCChigh BCClow      LEN counts what follows it
    D5 LENhigh LENlow …                             the same; only to begin a conversation

A reply's data begin with an error byte. The BCC is over all from LEN on.
"""

from dataclasses import dataclass

from drivers.crc import genibus
from drivers.cutting import FrameCutter, Noise

START, GREETING = 0xD6, 0xD5
MAX_LENGTH = 4096
"""Longer frames are refused: 255 tags with all we can ask of them take fewer bytes."""

_HEAD, _BCC = 3, 2
_MIN_LENGTH = 1 + _BCC


@dataclass(frozen=True, slots=True)
class Frame:
    """A request or a reply. ``data`` is what follows the command."""

    command: int
    data: bytes = b""
    start: int = START


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame; ValueError for one that is too long."""
    length = _MIN_LENGTH + len(frame.data)
    if length > MAX_LENGTH:
        raise ValueError(f"{len(frame.data)} bytes do not fit a frame")
    body = length.to_bytes(2, "big") + bytes((frame.command,)) + frame.data
    return bytes((frame.start,)) + body + genibus(body).to_bytes(_BCC, "big")


class Cutter(FrameCutter[Frame]):
    """Cuts the frames of either side."""

    def _cut(self) -> Frame | Noise | None:
        buffer = self._buffer
        if buffer[0] not in (START, GREETING):
            starts = (place for mark in (START, GREETING) if (place := buffer.find(mark)) >= 0)
            return self._noise("no frame begins here", min(starts, default=len(buffer)))
        if len(buffer) < _HEAD:
            return None
        length = int.from_bytes(buffer[1:_HEAD], "big")
        if not _MIN_LENGTH <= length <= MAX_LENGTH:
            return self._noise(f"a frame cannot be {length} bytes long", 1)
        whole = _HEAD + length
        if len(buffer) < whole:
            return None
        raw = bytes(buffer[:whole])
        if genibus(raw[1:-_BCC]) != int.from_bytes(raw[-_BCC:], "big"):
            # Skip only the mark: if bytes got lost, the next frame is inside this one.
            return self._noise("wrong checksum", 1)
        self._take(whole)
        return Frame(raw[_HEAD], raw[_HEAD + 1 : -_BCC], raw[0])
