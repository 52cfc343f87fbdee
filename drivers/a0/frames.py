"""Frames of the "A0" family (IND903, YR89xx, R2000 modules and their many rebrandings).

    A0 LEN ADR CMD DATA… CHK        LEN does not count A0 and itself, 3…; all bytes add up to 0

Requests and replies look alike. The line is half-duplex: after a wrong checksum nothing that came
with it can be trusted. Bytes in front of an A0 are skipped as noise.
"""

from drivers.uhf.line import Family, Frame, Noise

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


class Cutter:
    """Cuts what a line delivers into frames. Nothing raises: noise is an event like a frame."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._buffer = bytearray()

    @property
    def waiting(self) -> bool:
        """True while a frame has begun and not ended."""
        return bool(self._buffer)

    def reset(self) -> None:
        """Forget a frame that has begun."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Take any number of bytes; return the frames, and the noise, that they complete."""
        self._buffer += data
        events: list[Frame | Noise] = []
        while self._buffer:
            if self._buffer[0] != HEAD:
                events.append(self._skip())
            elif len(self._buffer) < 2:
                break
            elif self._buffer[1] < _LEAST:
                events.append(self._noise(f"a frame cannot have length {self._buffer[1]}"))
            elif len(self._buffer) < self._buffer[1] + 2:
                break
            else:
                events.append(self._cut(self._buffer[1] + 2))
        return events

    def _skip(self) -> Noise:
        at = self._buffer.find(HEAD)
        at = len(self._buffer) if at < 0 else at
        noise = Noise("a frame begins with A0", bytes(self._buffer[:at]))
        del self._buffer[:at]
        return noise

    def _cut(self, whole: int) -> Frame | Noise:
        raw = bytes(self._buffer[:whole])
        if checksum(raw):
            return self._noise("wrong checksum")
        del self._buffer[:whole]
        return Frame(raw[2], raw[3], raw[4:-1])

    def _noise(self, why: str) -> Noise:
        noise = Noise(why, bytes(self._buffer))
        self._buffer.clear()
        return noise


FAMILY = Family("a0", encode, Cutter, FENCE)
