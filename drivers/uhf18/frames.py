"""Frames of the UHFReader18 / UHFReader288 family (RR, Chafon, Wyuan).

    LEN ADR CMD [STATUS] DATA… CRClow CRChigh        LEN does not count itself, 4…255

Only replies have a STATUS. The line is half-duplex: after a wrong checksum nothing that came with
it can be trusted.
"""

from drivers.crc import mcrf4xx
from drivers.cutting import FrameCutter, Noise
from drivers.uhf.line import Family, Frame

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


class Cutter(FrameCutter[Frame]):
    """Cuts replies, which hold a status byte at least, or requests."""

    def __init__(self, *, replies: bool = True) -> None:
        super().__init__()
        self._least = _LEAST + replies

    def _cut(self) -> Frame | Noise | None:
        length = self._buffer[0]
        if length < self._least:
            return self._noise(f"a frame cannot have length {length}")
        if len(self._buffer) <= length:
            return None
        raw = bytes(self._buffer[: length + 1])
        if mcrf4xx(raw[:-_CRC_BYTES]) != int.from_bytes(raw[-_CRC_BYTES:], "little"):
            return self._noise("wrong checksum")
        self._take(length + 1)
        return Frame(raw[1], raw[2], raw[3:-_CRC_BYTES])


FAMILY = Family("uhf18", encode, Cutter, FENCE)
