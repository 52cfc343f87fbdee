"""Frames of the RL866 protocol: cut from a stream of bytes, and made.

    FA LEN ADR PCB INF… CRClow CRChigh      LEN counts all but the FA, 5…255
    PCB  0sc0 0000   a message: s numbers it 0, 1, 0, 1 …; c would mean that it goes on
    PCB  C0, E0      begin to count at 0 again, and the answer to that; both without INF

The host speaks to address FF, whichever reader is there; a reply carries the reader's own.
"""

from dataclasses import dataclass

from drivers.crc import mcrf4xx
from drivers.cutting import FrameCutter, Noise

ANY_ADDRESS = 0xFF
MARK = 0xFA
RESYNC, RESYNCED = 0xC0, 0xE0
NUMBER, GOES_ON = 0x40, 0x20
MIN_LENGTH, MAX_LENGTH = 5, 0xFF

_CRC_BYTES = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """A message (``inf`` says what) or a resynchronisation."""

    address: int
    pcb: int
    inf: bytes = b""

    @property
    def number(self) -> int:
        """The number of a message, 0 or 1."""
        return int(bool(self.pcb & NUMBER))

    @property
    def is_message(self) -> bool:
        """True for a whole message, false for resynchronisation and what we do not know."""
        return self.pcb & ~NUMBER == 0


def message(address: int, number: int, inf: bytes) -> Frame:
    """Return a message with this number, 0 or 1."""
    return Frame(address, NUMBER if number else 0, inf)


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame; ValueError for one that is too long."""
    length = MIN_LENGTH + len(frame.inf)
    if length > MAX_LENGTH:
        raise ValueError(f"{len(frame.inf)} bytes do not fit a frame")
    body = bytes((length, frame.address, frame.pcb)) + frame.inf
    return bytes((MARK,)) + body + mcrf4xx(body).to_bytes(_CRC_BYTES, "little")


class Cutter(FrameCutter[Frame]):
    """Cuts the frames of either side."""

    def _cut(self) -> Frame | Noise | None:
        buffer = self._buffer
        if buffer[0] != MARK:
            start = buffer.find(MARK)
            return self._noise("no frame begins here", start if start > 0 else len(buffer))
        if len(buffer) < 2:
            return None
        length = buffer[1]
        if length < MIN_LENGTH:
            return self._noise(f"a frame cannot be {length} bytes long", 1)
        if len(buffer) < 1 + length:
            return None
        body, crc = bytes(buffer[1 : length - 1]), bytes(buffer[length - 1 : length + 1])
        if mcrf4xx(body) != int.from_bytes(crc, "little"):
            # Skip only the mark: if bytes got lost, the next frame is inside this one.
            return self._noise("wrong checksum", 1)
        self._take(1 + length)
        return Frame(body[1], body[2], body[3:])
