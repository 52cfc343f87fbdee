"""A contactless card as a PC/SC reader shows it, and as a virtual one that calls vpcd.

vpcd is a driver of pcscd (package vsmartcard-vpcd) whose cards are programs: they call its TCP port
and the connection is the card in the field. Both ways a message is its length in two bytes and so
many bytes: one byte 0 to 4 moves the card (off, on, reset, 4: tell the ATR), more is a command.
"""

from collections.abc import Callable

from drivers.pn532.cards import AnyCard
from drivers.testing.simulator import Reply

_ATR = 4
_DONE, _REFUSED = b"\x90\x00", b"\x63\x00"
_NAMES = {"classic1k": "0001", "ntag213": "0003"}
_BLOCK = 16
_LENGTH = 2
PORT = 35963
"""Where vpcd listens, unless its configuration says otherwise."""


class PcscCard:
    """Answers the commands of PC/SC part 3 for one card."""

    def __init__(self, card: AnyCard) -> None:
        """Show this card."""
        self._card = card
        self._key = b""

    @property
    def atr(self) -> bytes:
        """What the reader makes up for the card; its last byte is the sum of those before."""
        name = _NAMES.get(self._card.kind)
        if name is None:
            return bytes.fromhex("3b8c80010443fdc0000000000000000001")
        atr = bytes.fromhex("3b8f8001804f0ca00000030603" + name + "00000000")
        check = 0
        for byte in atr[1:]:
            check ^= byte
        return atr + bytes((check,))

    def transmit(self, command: bytes) -> bytes:
        """Return data and status word."""
        answer = self._answer(command) if len(command) >= 4 and command[0] == 0xFF else None
        return _REFUSED if answer is None else answer + _DONE

    def _answer(self, command: bytes) -> bytes | None:
        if command[1] == 0xCA:
            return self._card.uid
        if command[1] == 0x82:
            self._key = command[5:]
            return b""
        if command[1] == 0x86 and len(command) >= 8:
            return self._card.answer(bytes((0x60, command[7])) + self._key + self._card.uid)
        data = self._card.answer(bytes((0x30, command[3]))) if command[1] == 0xB0 else None
        return data if data and len(data) == _BLOCK else None


class PcscSimulator:
    """A card that calls vpcd; it is in the field for as long as the call lasts."""

    def __init__(self, card: AnyCard | None = None) -> None:
        """Be this card; without one, do not call before :meth:`put`."""
        self._shown = PcscCard(card) if card is not None else None
        self._buffer = bytearray()

    def put(self, card: AnyCard) -> None:
        """Be another card, from the next call on."""
        self._shown = PcscCard(card)

    def connected(self, send: Callable[[bytes], None]) -> None:  # noqa: ARG002 - it never speaks first
        """Begin anew: vpcd has taken the call."""
        self._buffer.clear()

    def again(self) -> None:
        """Tell nothing unasked."""

    def feed(self, data: bytes) -> list[Reply]:
        """Take any number of bytes from vpcd; return what the card answers."""
        self._buffer += data
        replies = []
        while len(self._buffer) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._buffer[:_LENGTH], "big")
            if len(self._buffer) < end:
                break
            message = bytes(self._buffer[_LENGTH:end])
            del self._buffer[:end]
            if answer := self._say(message):
                replies.append(Reply(len(answer).to_bytes(_LENGTH, "big") + answer))
        return replies

    def _say(self, message: bytes) -> bytes:
        if self._shown is None:
            return b""
        if len(message) == 1:
            return self._shown.atr if message[0] == _ATR else b""
        return self._shown.transmit(message) if message else b""
