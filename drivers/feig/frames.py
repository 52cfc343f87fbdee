"""Frames of the FEIG ISO host protocol: cut from a stream of bytes, and made.

    standard   LEN ADR CMD [STATUS] DATA… CRClow CRChigh        LEN is the whole frame, 5…255
    advanced   02 LENhigh LENlow ADR CMD [STATUS] DATA… CRClow CRChigh

Only replies have a STATUS. A standard frame cannot be 2 bytes long, so a leading 02 tells them apart.
The line is half-duplex: after a wrong checksum nothing that came with it can be trusted.
"""

from dataclasses import dataclass

from drivers.crc import mcrf4xx
from drivers.cutting import FrameCutter, Noise

ANY_ADDRESS = 0xFF
ADVANCED = 0x02
MAX_FRAME = 16_384
"""Longer frames are refused: no reader has a buffer like that."""

_MAX_STANDARD = 255
_CRC_BYTES = 2


def crc16(data: bytes) -> int:
    """Return CRC-16/MCRF4XX."""
    return mcrf4xx(data)


@dataclass(frozen=True, slots=True)
class Frame:
    """A request or a reply. ``data`` is what follows the command: a reply's begins with its status."""

    address: int
    command: int
    data: bytes = b""
    advanced: bool = True


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame; one too long for the standard form becomes advanced."""
    body = bytes((frame.address, frame.command)) + frame.data
    whole = 1 + len(body) + _CRC_BYTES
    if frame.advanced or whole > _MAX_STANDARD:
        head = bytes((ADVANCED,)) + (whole + 2).to_bytes(2, "big")
    else:
        head = bytes((whole,))
    return head + body + crc16(head + body).to_bytes(_CRC_BYTES, "little")


class Cutter(FrameCutter[Frame]):
    """Cuts replies, which hold a status byte at least, or requests."""

    def __init__(self, *, replies: bool) -> None:
        super().__init__()
        self._least = 1 if replies else 0

    def _cut(self) -> Frame | Noise | None:
        head = self._head()
        if head is None:
            return None
        start, length = head
        smallest = start + 2 + self._least + _CRC_BYTES
        if not smallest <= length <= MAX_FRAME:
            return self._noise(f"a frame cannot be {length} bytes long")
        if len(self._buffer) < length:
            return None
        raw = bytes(self._buffer[:length])
        if crc16(raw[:-_CRC_BYTES]) != int.from_bytes(raw[-_CRC_BYTES:], "little"):
            return self._noise("wrong checksum")
        self._take(length)
        return Frame(raw[start], raw[start + 1], raw[start + 2 : -_CRC_BYTES], advanced=start == 3)

    def _head(self) -> tuple[int, int] | None:
        """Return where the address is and how long the frame is; None while that is not known."""
        if self._buffer[0] != ADVANCED:
            return 1, self._buffer[0]
        if len(self._buffer) < 3:
            return None
        return 3, int.from_bytes(self._buffer[1:3], "big")
