"""Frames of the PN532 over its serial port (HSU), either side of the wire.

::

    information   00 00 FF  LEN LCS              TFI PD0 .. PDn  DCS 00     LEN counts TFI and PD
    extended      00 00 FF  FF FF LENM LENL LCS  TFI PD0 .. PDn  DCS 00
    acknowledge   00 00 FF  00 FF 00             from the host: drop the command that is running
    repeat        00 00 FF  FF 00 00             from the host: send the last answer again
    error         00 00 FF  01 FF 7F 81 00       the chip did not understand the command

LEN + LCS and TFI + PD + DCS are 0 modulo 256. TFI is D4 from the host and D5 from the chip. Any
number of bytes may stand before the start code ``00 FF`` (wake-up, preamble).
"""

from dataclasses import dataclass
from enum import Enum

HOST = 0xD4
CHIP = 0xD5
START = b"\x00\xff"
MAX_LENGTH = 265
"""The longest LEN that the chip knows; a longer one is noise."""

ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
ERROR = bytes.fromhex("0000ff01ff7f8100")


class Signal(Enum):
    """The frames that carry no data."""

    ACK = "ack"
    NACK = "nack"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """An information frame: who spoke, the command or reply code, and what follows it."""

    tfi: int
    code: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Noise:
    """Something that began like a frame and is none; ``why`` says what was wrong."""

    why: str


Event = Message | Signal | Noise


def encode(tfi: int, code: int, data: bytes = b"") -> bytes:
    """Return the information frame, extended if it must be."""
    body = bytes((tfi, code)) + data
    if len(body) > MAX_LENGTH:
        raise ValueError(f"{len(data)} bytes of data do not fit a frame")
    size = len(body)
    if size <= 0xFF:
        head = bytes((size, -size & 0xFF))
    else:
        high, low = divmod(size, 256)
        head = bytes((0xFF, 0xFF, high, low, -(high + low) & 0xFF))
    return b"\x00" + START + head + body + bytes((-sum(body) & 0xFF, 0))


class FrameReader:
    """Cut what a port delivers into events; never raises, never holds more than a frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def clear(self) -> None:
        """Forget a frame that has begun."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Event]:
        """Take any number of bytes; return what they complete, in order."""
        self._buffer += data
        events: list[Event] = []
        while (event := self._cut()) is not None:
            events.append(event)
        return events

    def _cut(self) -> Event | None:
        """Take one event off the front of the buffer, or return None if more bytes are needed."""
        buffer = self._buffer
        start = buffer.find(START)
        if start < 0:
            del buffer[: len(buffer) - buffer.endswith(b"\x00")]
            return None
        del buffer[:start]
        if len(buffer) < 4:
            return None
        length, check = buffer[2], buffer[3]
        if (length, check) == (0x00, 0xFF):
            return self._take(4, Signal.ACK)
        if (length, check) == (0xFF, 0x00):
            return self._take(4, Signal.NACK)
        if (length, check) == (0xFF, 0xFF):
            return self._cut_extended()
        if (length + check) & 0xFF or not length:
            return self._take(2, Noise(f"length {length:02x} does not match its check {check:02x}"))
        return self._cut_body(4, length)

    def _cut_extended(self) -> Event | None:
        if len(self._buffer) < 7:
            return None
        high, low, check = self._buffer[4:7]
        length = high << 8 | low
        if (high + low + check) & 0xFF or not 0 < length <= MAX_LENGTH:
            return self._take(2, Noise(f"extended length {length} is wrong"))
        return self._cut_body(7, length)

    def _cut_body(self, head: int, length: int) -> Event | None:
        end = head + length
        if len(self._buffer) < end + 1:
            return None
        body = bytes(self._buffer[head:end])
        if (sum(body) + self._buffer[end]) & 0xFF:
            # Skip only the start code: if bytes got lost, the next frame is inside this one.
            return self._take(2, Noise("checksum of the data is wrong"))
        if body == b"\x7f":
            return self._take(end + 1, Signal.ERROR)
        if length < 2 or body[0] not in (HOST, CHIP):
            return self._take(end + 1, Noise(f"frame identifier {body[0]:02x} is unknown"))
        return self._take(end + 1, Message(body[0], body[1], body[2:]))

    def _take(self, count: int, event: Event) -> Event:
        del self._buffer[:count]
        return event
