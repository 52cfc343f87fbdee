"""Frames of the UHFReader18 / UHFReader288 family (RR, Chafon, Wyuan).

    LEN ADR CMD [STATUS] DATA… CRClow CRChigh        LEN does not count itself, 4…255

Only replies have a STATUS. The line is half-duplex: after a wrong checksum nothing that came with
it can be trusted.
"""

from drivers.crc import mcrf4xx
from drivers.uhf.line import Family, Frame, Noise

FENCE = 0x21
"""Reader information: answered by every model, asked for nothing else."""
_LEAST, _CRC_BYTES = 4, 2
MAX_DATA = 255 - _LEAST


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame; ValueError for data that no length byte can count."""
    if len(frame.data) > MAX_DATA:
        raise ValueError(f"a frame holds {MAX_DATA} bytes of data, not {len(frame.data)}")
    body = bytes((_LEAST + len(frame.data), frame.address, frame.command)) + frame.data
    return body + mcrf4xx(body).to_bytes(_CRC_BYTES, "little")


class Cutter:
    """Cuts what a line delivers into frames. Nothing raises: noise is an event like a frame."""

    def __init__(self, *, replies: bool = True) -> None:
        """Cut replies, which hold a status byte at least, or requests."""
        self._least = _LEAST + replies
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
            length = self._buffer[0]
            if length < self._least:
                events.append(self._noise(f"a frame cannot have length {length}"))
            elif len(self._buffer) <= length:
                break
            else:
                events.append(self._cut(length + 1))
        return events

    def _cut(self, whole: int) -> Frame | Noise:
        raw = bytes(self._buffer[:whole])
        if mcrf4xx(raw[:-_CRC_BYTES]) != int.from_bytes(raw[-_CRC_BYTES:], "little"):
            return self._noise("wrong checksum")
        del self._buffer[:whole]
        return Frame(raw[1], raw[2], raw[3:-_CRC_BYTES])

    def _noise(self, why: str) -> Noise:
        noise = Noise(why, bytes(self._buffer))
        self._buffer.clear()
        return noise


FAMILY = Family("uhf18", encode, Cutter, FENCE)
