"""Frames of the "A0" family (IND903, YR89xx, R2000 modules and their many rebrandings).

    A0 LEN ADR CMD DATA… CHK        LEN does not count A0 and itself, 3…; all bytes add up to 0

Requests and replies look alike. The line is half-duplex: after a wrong checksum nothing that came
with it can be trusted. Bytes in front of an A0 are skipped as noise.
"""

from drivers.cutting import FrameCutter, Noise
from drivers.uhf.line import Family, Frame

HEAD = 0xA0
FENCE = 0x72
"""Firmware version: answered by every model, asked for nothing else."""
_LEAST = 3
MAX_DATA = 255 - _LEAST


def checksum(data: bytes) -> int:
    """Return the byte that makes the sum of all bytes 0."""
    return -sum(data) & 0xFF


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame; ValueError for data that no length byte can count."""
    if len(frame.data) > MAX_DATA:
        raise ValueError(f"a frame holds {MAX_DATA} bytes of data, not {len(frame.data)}")
    body = bytes((HEAD, _LEAST + len(frame.data), frame.address, frame.command)) + frame.data
    return body + bytes((checksum(body),))


class Cutter(FrameCutter[Frame]):
    """Cuts the frames of either side."""

    def _cut(self) -> Frame | Noise | None:
        buffer = self._buffer
        if buffer[0] != HEAD:
            at = buffer.find(HEAD)
            return self._noise("a frame begins with A0", at if at > 0 else None)
        if len(buffer) < 2:
            return None
        if buffer[1] < _LEAST:
            return self._noise(f"a frame cannot have length {buffer[1]}")
        whole = buffer[1] + 2
        if len(buffer) < whole:
            return None
        raw = bytes(buffer[:whole])
        if checksum(raw):
            return self._noise("wrong checksum")
        self._take(whole)
        return Frame(raw[2], raw[3], raw[4:-1])


FAMILY = Family("a0", encode, Cutter, FENCE)
