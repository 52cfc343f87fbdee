"""A simulated A0 reader with tags in front of its antennas.

A real reader forgets a frame that stops. Without a clock, we forget it when a whole good frame
arrives in one piece behind it.
"""

from collections.abc import Callable
from typing import Any

from drivers.a0 import commands
from drivers.a0.commands import Command
from drivers.a0.frames import Cutter, encode
from drivers.a0.status import Status
from drivers.errors import FrameError
from drivers.fields import Fields
from drivers.ports import Bank
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.simulator import Reply, is_whole
from drivers.uhf.line import ANY_ADDRESS, Frame

_VERSION = bytes((3, 8))
_WORD, _PASSWORD = 2, 4
_FREQUENCY = 0x10
_MATCH_SET, _MATCH_CLEARED = 0, 1
_OK = bytes((Status.OK,))

Handler = Callable[[Fields], list[bytes]]


class A0Simulator:
    """Implements :class:`drivers.testing.simulator.Simulator`.

    ``round_seconds``: air time of an inventory or an access, 0 in tests.
    """

    def __init__(
        self,
        field: AirField | None = None,
        *,
        address: int = 1,
        antennas: int = 4,
        round_seconds: float = 0.03,
    ) -> None:
        """Begin with the tags of ``field``."""
        self.field = field or AirField()
        self.address = address
        self.antennas = antennas
        self.round_seconds = round_seconds
        self.antenna = 0
        self.power, self.beeper, self.detector = 30, 0, 0
        self.inputs, self.outputs = bytes((0, 0)), {3: 0, 4: 0}
        self.requests = 0
        """How many requests were understood so far."""
        self._match = b""
        self._cutter = Cutter()
        self._handlers: dict[int, Handler] = {}
        for command, handler in (
            (commands.READ_GPIO, lambda _: [self.inputs]),
            (commands.WRITE_GPIO, self._write_gpio),
            (commands.SET_DETECTOR, self._setting("detector")),
            (commands.GET_DETECTOR, lambda _: [bytes((self.detector,))]),
            (commands.TEMPORARY_POWER, self._setting("power")),
            (commands.GET_IDENTIFIER, lambda _: [b"SIMULATED A0"]),
            (commands.VERSION, lambda _: [_VERSION]),
            (commands.SET_ANTENNA, self._set_antenna),
            (commands.GET_ANTENNA, lambda _: [bytes((self.antenna,))]),
            (commands.SET_POWER, self._setting("power")),
            (commands.GET_POWER, lambda _: [bytes((self.power,))]),
            (commands.GET_REGION, lambda _: [bytes((2, 0, 6))]),
            (commands.SET_BEEPER, self._setting("beeper")),
            (commands.TEMPERATURE, lambda _: [bytes((1, 31))]),
            (commands.READ, self._read),
            (commands.WRITE, self._write),
            (commands.MATCH, self._set_match),
            (commands.GET_MATCH, self._get_match),
            (commands.INVENTORY, lambda fields: self._inventory(fields, 1)),
            (commands.SESSION_INVENTORY, lambda fields: self._inventory(fields, 3)),
            (commands.BLOCK_WRITE, self._write),
        ):
            self.on(command, handler)

    def connected(self, send: Callable[[bytes], None]) -> None:  # noqa: ARG002 - speaks when asked
        """Take a new host; half a frame of the one before is forgotten."""
        self._cutter.reset()

    def feed(self, data: bytes) -> list[Reply]:
        """Take any number of bytes from the host; return what the reader answers, in order."""
        if self._cutter.waiting and is_whole(Cutter(), data):
            self._cutter.reset()
        return [
            Reply(
                encode(Frame(self.address, event.command, one)), self.round_seconds / len(answers)
            )
            for event in self._cutter.feed(data)
            if isinstance(event, Frame) and event.address in (self.address, ANY_ADDRESS)
            for answers in [self._answers(event)]
            for one in answers
        ]

    def on(self, command: Command[Any], handler: Handler) -> None:
        """Answer a further command."""
        self._handlers[command.code] = handler

    def _answers(self, request: Frame) -> list[bytes]:
        self.requests += 1
        handler = self._handlers.get(request.command)
        if handler is None:
            return [bytes((Status.FAILED,))]
        try:
            return handler(Fields(request.data))
        except FrameError:
            return [bytes((Status.WRONG_PARAMETER,))]

    def _setting(self, name: str) -> Handler:
        def handler(fields: Fields) -> list[bytes]:
            setattr(self, name, fields.number())
            return [_OK]

        return handler

    def _write_gpio(self, fields: Fields) -> list[bytes]:
        number, level = fields.number(), fields.number()
        fields.end()
        if number not in self.outputs:
            return [bytes((Status.WRONG_PARAMETER,))]
        self.outputs[number] = level
        return [_OK]

    def _set_antenna(self, fields: Fields) -> list[bytes]:
        antenna = fields.number()
        fields.end()
        if antenna >= self.antennas:
            return [bytes((Status.NO_SUCH_ANTENNA,))]
        self.antenna = antenna
        return [_OK]

    def _set_match(self, fields: Fields) -> list[bytes]:
        mode = fields.number()
        if mode == _MATCH_CLEARED:
            self._match = b""
        elif mode == _MATCH_SET:
            self._match = fields.take(fields.number())
            fields.end()
        else:
            return [bytes((Status.NO_SUCH_MATCH_MODE,))]
        return [_OK]

    def _get_match(self, fields: Fields) -> list[bytes]:
        fields.end()
        if not self._match:
            return [bytes((_MATCH_CLEARED,))]
        return [bytes((_MATCH_SET, len(self._match))) + self._match]

    def _heard(self) -> list[Gen2Tag]:
        return [tag for tag in self.field.tags if tag.antenna == self.antenna + 1]

    def _inventory(self, fields: Fields, parameters: int) -> list[bytes]:
        fields.take(parameters)
        fields.end()
        heard = self._heard()
        end = bytes((self.antenna, 0, 40)) + len(heard).to_bytes(4, "big")
        return [*(self._tag(tag) for tag in heard), end]

    def _tag(self, tag: Gen2Tag) -> bytes:
        where, group = self.antenna & 0x03, 0x80 if self.antenna > 3 else 0
        head = bytes((_FREQUENCY | where,)) + tag.bank(Bank.EPC)[_WORD : 2 * _WORD]
        return head + tag.epc + bytes((group | tag.rssi & 0x7F,))

    def _read(self, fields: Fields) -> list[bytes]:
        bank, first, count = fields.number(), fields.number(), fields.number()
        password = fields.take(_PASSWORD) if len(fields) else bytes(_PASSWORD)
        fields.end()
        if bank > max(Bank):
            return [bytes((Status.NO_SUCH_BANK,))]
        if not 1 <= count <= 120:
            return [bytes((Status.TOO_MANY_WORDS,))]
        tags = self._matched()
        if not tags:
            return [bytes((Status.NO_TAG,))]
        if bank == Bank.RESERVED and any(tag.password != password for tag in tags):
            return [bytes((Status.WRONG_PASSWORD,))]
        found = [
            (tag, tag.bank(Bank(bank))[first * _WORD : (first + count) * _WORD]) for tag in tags
        ]
        if any(len(data) < count * _WORD for _, data in found):
            return [bytes((Status.ACCESS_FAILED,))]
        return [
            self._access(tag, len(found), data) + bytes((len(data), self.antenna, 1))
            for tag, data in found
        ]

    def _write(self, fields: Fields) -> list[bytes]:
        password = fields.take(_PASSWORD)
        bank, first, count = fields.number(), fields.number(), fields.number()
        data = fields.take(count * _WORD)
        fields.end()
        if bank > max(Bank):
            return [bytes((Status.NO_SUCH_BANK,))]
        tags = self._matched()
        if not tags:
            return [bytes((Status.NO_TAG,))]
        done = [(self._access(tag, len(tags)), self._put(tag, Bank(bank), first, data, password))
                for tag in tags]  # fmt: skip
        return [access + bytes((status, self.antenna, 1)) for access, status in done]

    def _matched(self) -> list[Gen2Tag]:
        return [tag for tag in self._heard() if not self._match or tag.epc == self._match]

    def _access(self, tag: Gen2Tag, count: int, data: bytes = b"") -> bytes:
        bank = tag.bank(Bank.EPC)
        inner = bank[_WORD : 2 * _WORD] + tag.epc + bank[:_WORD] + data
        return count.to_bytes(2, "big") + bytes((len(inner),)) + inner

    def _put(self, tag: Gen2Tag, bank: Bank, first: int, data: bytes, password: bytes) -> int:
        if any(tag.password) and password != tag.password:
            return Status.WRONG_PASSWORD
        writable = all(tag.takes(bank, first + at) for at in range(len(data) // _WORD))
        if bank in tag.locked or not writable:
            return Status.ACCESS_FAILED
        return Status.OK if self.field.write(tag, bank, first, data) else Status.WRITE_ERROR
