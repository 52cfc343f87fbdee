"""A PN532 on its serial port: the chip's side, good enough for libnfc, nfcpy and ourselves.

The chip acknowledges every command frame at once and answers later. It stays silent on a frame
with a wrong checksum, answers an unknown command with the error frame, and sends its last answer
again when the host asks for it (NACK). The host's ACK drops a command that waits for a card.
"""

from collections.abc import Callable

from drivers.pn532.cards import SimCard
from drivers.pn532.frames import ACK, CHIP, ERROR, HOST, Event, FrameReader, Message, Signal, encode
from drivers.testing.simulator import Reply

OK, TIMED_OUT, WRONG_KEY, NOT_NOW = 0x00, 0x01, 0x14, 0x27
_TX_MODE, _RX_MODE, _FIFO = 0x6302, 0x6303, 0x6339
_FOR_EVER = 0xFF
_BAUD_RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)
_ONE_LOOK = 0.005

Answer = tuple[bytes | None, float]
"""What a command answers (None: it waits for a card), and how many seconds that takes."""


class Pn532Simulator:
    """The chip, its registers and what lies on its antenna. ``speed`` 0 answers without delay."""

    def __init__(self, *cards: SimCard, speed: float = 1.0) -> None:
        self.cards: list[SimCard] = list(cards)
        self.baudrate = 115200
        self.commands: list[int] = []
        self._speed = speed
        self._frames = FrameReader()
        self._send: Callable[[bytes], None] | None = None
        self._last = b""
        self._retries = _FOR_EVER
        self._selected: list[SimCard] = []
        self._field_on = False
        self._waiting: Message | None = None
        self._next_baudrate: int | None = None
        self._registers = {_FIFO: 0x26, _TX_MODE: 0x80, _RX_MODE: 0x80, 0x6304: 0x80}
        self._handlers: dict[int, Callable[[bytes], Answer]] = {
            0x00: self._diagnose,
            0x02: self._firmware,
            0x04: self._general_status,
            0x06: self._read_register,
            0x08: self._write_register,
            0x10: self._serial_baudrate,
            0x12: self._accept,
            0x14: self._accept,
            0x16: self._power_down,
            0x32: self._rf_configuration,
            0x40: self._exchange,
            0x42: self._communicate_thru,
            0x44: self._let_go,
            0x4A: self._list_targets,
            0x52: self._let_go,
            0x54: self._select_again,
            0x60: self._auto_poll,
        }

    def put(self, card: SimCard) -> None:
        """Lay a card on the antenna; a command that waits for one is answered."""
        self.cards.append(card)
        card.reset()
        waiting, self._waiting = self._waiting, None
        if waiting is not None and self._send is not None:
            for reply in self._run(waiting):
                self._send(reply.data)

    def take(self, card: SimCard | None = None) -> None:
        """Take one card away, or all of them."""
        gone = list(self.cards) if card is None else [card]
        for one in gone:
            if one in self.cards:
                self.cards.remove(one)

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Remember how to answer a command that waited for a card."""
        self._send = send
        self._waiting = None

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes of the host; return acknowledgements and answers."""
        replies: list[Reply] = []
        for event in self._frames.feed(data):
            replies += self._on(event)
        return replies

    def _on(self, event: Event) -> list[Reply]:
        if event is Signal.ACK:
            self._waiting = None
            if self._next_baudrate is not None:
                self.baudrate, self._next_baudrate = self._next_baudrate, None
            return []
        if event is Signal.NACK:
            return [Reply(self._last)] if self._last else []
        if not isinstance(event, Message) or event.tfi != HOST:
            return []
        self.commands.append(event.code)
        self._waiting = None
        return [Reply(ACK), *self._run(event)]

    def _run(self, message: Message) -> list[Reply]:
        handler = self._handlers.get(message.code)
        if handler is None:
            return [Reply(ERROR)]
        try:
            answer, seconds = handler(message.data)
        except IndexError:
            return [Reply(ERROR)]
        if answer is None:
            self._waiting = message
            return []
        self._last = encode(CHIP, message.code + 1, answer)
        return [Reply(self._last, seconds * self._speed)]

    # One method per command, in the order of their codes.

    def _diagnose(self, data: bytes) -> Answer:
        if data[0] == 0x00:
            return data, 0.0
        if data[0] == 0x06:
            return bytes((OK if self._present(1) else NOT_NOW,)), _ONE_LOOK
        return bytes((OK,)), 0.0

    def _firmware(self, _data: bytes) -> Answer:
        return bytes.fromhex("32010607"), 0.0

    def _general_status(self, _data: bytes) -> Answer:
        answer = bytes((OK, self._field_on, len(self._selected)))
        for number, _card in enumerate(self._selected, 1):
            answer += bytes((number, 0, 0, 0))
        return answer + b"\x80", 0.0

    def _read_register(self, data: bytes) -> Answer:
        pairs = zip(data[0::2], data[1::2], strict=False)
        return bytes(self._registers.get(high << 8 | low, 0) for high, low in pairs), 0.0

    def _write_register(self, data: bytes) -> Answer:
        for high, low, value in zip(data[0::3], data[1::3], data[2::3], strict=False):
            self._registers[high << 8 | low] = value
        return b"", 0.0

    def _serial_baudrate(self, data: bytes) -> Answer:
        self._next_baudrate = _BAUD_RATES[data[0]]
        return b"", 0.0

    def _accept(self, _data: bytes) -> Answer:
        return b"", 0.0

    def _power_down(self, _data: bytes) -> Answer:
        self._field(on=False)
        return bytes((OK,)), 0.0

    def _rf_configuration(self, data: bytes) -> Answer:
        if data[0] == 0x01:
            self._field(on=bool(data[1] & 0x01))
        elif data[0] == 0x05:
            self._retries = data[3]
        return b"", 0.0

    def _list_targets(self, data: bytes) -> Answer:
        limit, modulation = data[0], data[1]
        self._field(on=True)
        found = self.cards[: min(limit, 2)] if modulation == 0 else []
        if found:
            self._select(found)
            return bytes((len(found),)) + self._describe(found), 2 * _ONE_LOOK
        if self._retries == _FOR_EVER:
            return None, 0.0
        return b"\x00", _ONE_LOOK * (self._retries + 1)

    def _auto_poll(self, data: bytes) -> Answer:
        times, kinds = data[0], data[2:]
        self._field(on=True)
        wanted = [kind for kind in kinds if kind in (0x00, 0x10, 0x20)]
        if self.cards and wanted:
            card = self.cards[0]
            self._select([card])
            described = self._describe([card])
            return bytes((1, wanted[0], len(described))) + described, 2 * _ONE_LOOK
        if times == _FOR_EVER:
            return None, 0.0
        return b"\x00", _ONE_LOOK * times

    def _exchange(self, data: bytes) -> Answer:
        card = self._present(data[0] & 0x0F)
        command = data[1:]
        if card is None:
            return bytes((TIMED_OUT,)), _ONE_LOOK
        answer = card.answer(command)
        if answer is None:
            wrong_key = command[:1] in (b"\x60", b"\x61") and len(command) == 12
            return bytes((WRONG_KEY if wrong_key else TIMED_OUT,)), _ONE_LOOK
        if len(answer) == 1 and card.sel_res & 0x20 == 0:
            return bytes((OK if answer == b"\x0a" else TIMED_OUT,)), _ONE_LOOK
        return bytes((OK,)) + answer, _ONE_LOOK

    def _communicate_thru(self, data: bytes) -> Answer:
        card = self._present(1)
        if not self._registers.get(_TX_MODE, 0) & 0x80:
            data = data[:-2]
        answer = card.answer(data) if card is not None else None
        if answer is None:
            return bytes((TIMED_OUT,)), _ONE_LOOK
        if not self._registers.get(_RX_MODE, 0) & 0x80 and len(answer) > 1:
            answer += crc_a(answer)
        return bytes((OK,)) + answer, _ONE_LOOK

    def _let_go(self, _data: bytes) -> Answer:
        self._selected.clear()
        return bytes((OK,)), 0.0

    def _select_again(self, data: bytes) -> Answer:
        return bytes((OK if self._present(data[0]) else NOT_NOW,)), 0.0

    def _field(self, *, on: bool) -> None:
        self._field_on = on
        if not on:
            self._selected.clear()
            for card in self.cards:
                card.reset()

    def _select(self, cards: list[SimCard]) -> None:
        self._selected = list(cards)
        for card in cards:
            card.reset()

    def _present(self, number: int) -> SimCard | None:
        """Return the selected card of that number if it still lies on the antenna."""
        if not 1 <= number <= len(self._selected):
            return None
        card = self._selected[number - 1]
        return card if card in self.cards else None

    def _describe(self, cards: list[SimCard]) -> bytes:
        told = b""
        for number, card in enumerate(cards, 1):
            told += bytes((number, *card.sens_res.to_bytes(2, "big"), card.sel_res, len(card.uid)))
            told += card.uid
            if card.sel_res & 0x20:
                told += bytes((len(card.ats) + 1,)) + card.ats
        return told


def crc_a(data: bytes) -> bytes:
    """Return the CRC of ISO 14443 type A, low byte first."""
    crc = 0x6363
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc.to_bytes(2, "little")
