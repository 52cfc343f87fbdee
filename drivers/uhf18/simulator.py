"""A simulated UHFReader18 or 288 with tags in front of its antennas.

A real reader forgets a frame that stops. Without a clock, we forget it when a whole good frame
arrives in one piece behind it.
"""

from collections.abc import Callable
from typing import Any

from drivers.errors import FrameError
from drivers.fields import Fields
from drivers.ports import Bank
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.simulator import Answer, Reply, is_whole
from drivers.uhf.line import ANY_ADDRESS, Frame
from drivers.uhf18 import commands
from drivers.uhf18.commands import Command, Model
from drivers.uhf18.frames import Cutter, encode
from drivers.uhf18.status import Status, TagError

_VERSION = bytes((0x03, 0x01))
_KIND = {Model.R18: 0x09, Model.R288: 0x0C}
_FREQUENCIES = bytes((0x4E, 0x00))
_WORD, _PASSWORD = 2, 4


Handler = Callable[[Fields], list[Answer]]


class Uhf18Simulator:
    """Implements :class:`drivers.testing.simulator.Simulator`.

    ``page``: tags in one reply of an inventory, the rest follow. ``round_seconds``: air time of an
    inventory or an access, 0 in tests.
    """

    def __init__(
        self,
        field: AirField | None = None,
        *,
        model: Model = Model.R18,
        address: int = 0,
        page: int = 8,
        round_seconds: float = 0.03,
    ) -> None:
        """Begin with the tags of ``field``."""
        self.field = field or AirField()
        self.model = model
        self.address = address
        self.page = page
        self.round_seconds = round_seconds
        self.power, self.scan_time = 30, 10
        self.baud, self.region, self.buzzer = 5, _FREQUENCIES, 1
        self.mode = bytes(6)
        self.inputs = self.outputs = 0
        self.requests = 0
        """How many requests were understood so far."""
        self._cutter = Cutter(replies=False)
        self._handlers: dict[int, Handler] = {}
        for command, handler in (
            (commands.INVENTORY_18, self._inventory),
            (commands.READ, self._read),
            (commands.WRITE, self._write),
            (commands.WRITE_EPC, self._write_epc),
            (commands.SINGLE, self._single),
            (commands.INFO, self._info),
            (commands.SET_REGION, self._setting("region", 2)),
            (commands.SET_ADDRESS, self._setting("address", 1)),
            (commands.SET_SCAN_TIME, self._setting("scan_time", 1)),
            (commands.SET_BAUD, self._setting("baud", 1)),
            (commands.SET_POWER, self._setting("power", 1)),
            (commands.BEEP, lambda fields: self._plain(fields, 3)),
            (commands.SET_MODE_18, self._setting("mode", 6)),
            (commands.GET_MODE_18, lambda _: [Answer(data=bytes(6) + self.mode)]),
            (commands.SET_BUZZER, self._setting("buzzer", 1)),
            (commands.SET_OUTPUT, self._setting("outputs", 1)),
            (commands.GET_INPUT, lambda _: [Answer(data=bytes((self.inputs,)))]),
            (commands.SET_MODE_288, self._setting("mode", 1)),
        ):
            self.on(command, handler)

    def connected(self, send: Callable[[bytes], None]) -> None:  # noqa: ARG002 - speaks when asked
        """Take a new host; half a frame of the one before is forgotten."""
        self._cutter.reset()

    def feed(self, data: bytes) -> list[Reply]:
        """Take any number of bytes from the host; return what the reader answers, in order."""
        if self._cutter.waiting and is_whole(Cutter(replies=False), data):
            self._cutter.reset()
        return [
            Reply(
                encode(Frame(address, event.command, bytes((one.status,)) + one.data)), one.seconds
            )
            for event in self._cutter.feed(data)
            if isinstance(event, Frame) and event.address in (self.address, ANY_ADDRESS)
            for address in [self.address]
            for one in self._answers(event)
        ]

    def on(self, command: Command[Any], handler: Handler) -> None:
        """Answer a further command."""
        self._handlers[command.code] = handler

    def _answers(self, request: Frame) -> list[Answer]:
        self.requests += 1
        handler = self._handlers.get(request.command)
        if handler is None:
            return [Answer(Status.UNKNOWN_COMMAND)]
        try:
            return handler(Fields(request.data))
        except FrameError:
            return [Answer(Status.WRONG_LENGTH)]

    def _plain(self, fields: Fields, size: int) -> list[Answer]:
        fields.take(size)
        fields.end()
        return [Answer()]

    def _setting(self, name: str, size: int) -> Handler:
        def handler(fields: Fields) -> list[Answer]:
            data = fields.take(size)
            fields.end()
            setattr(self, name, data if size > 1 else data[0])
            return [Answer()]

        return handler

    def _info(self, fields: Fields) -> list[Answer]:
        fields.end()
        sizes = bytes((self.power, self.scan_time))
        data = _VERSION + bytes((_KIND[self.model], 0x03)) + self.region + sizes
        return [Answer(data=data + (bytes((1, 0, 0, 0)) if self.model is Model.R288 else b""))]

    def _inventory(self, fields: Fields) -> list[Answer]:
        antenna = self._antenna(fields) if self.model is Model.R288 else None
        found = {tag.epc: tag for tag in self.field.tags if antenna in (None, tag.antenna)}
        tags = list(found.values())
        if self.model is Model.R18 and not tags:
            return [Answer(Status.NO_TAG, seconds=self.round_seconds)]
        pages = [tags[at : at + self.page] for at in range(0, len(tags), self.page)]
        answers = [Answer(Status.MORE, self._tags(page), self.round_seconds) for page in pages]
        if self.model is Model.R288:
            return [*answers, Answer(Status.DONE, bytes((1 << (antenna or 1) - 1, 0)))]
        return [*answers[:-1], Answer(Status.DONE, answers[-1].data, self.round_seconds)]

    def _antenna(self, fields: Fields) -> int | None:
        data = fields.rest()
        if len(data) not in (0, 2, 5, 9):
            raise FrameError("an inventory has no parameters, two, five, or nine")
        return (data[-2] & 0x07) + 1 if len(data) > 2 else None

    def _tags(self, page: list[Gen2Tag]) -> bytes:
        if self.model is Model.R18:
            return bytes((len(page),)) + b"".join(bytes((len(t.epc),)) + t.epc for t in page)
        head = bytes((1 << page[0].antenna - 1, len(page)))
        return head + b"".join(bytes((len(t.epc),)) + t.epc + bytes((t.rssi,)) for t in page)

    def _single(self, fields: Fields) -> list[Answer]:
        fields.rest()
        tags = self.field.tags[:1]
        if not tags:
            return [Answer(Status.NO_TAG, seconds=self.round_seconds)]
        return [Answer(Status.DONE, self._tags(tags), self.round_seconds)]

    def _read(self, fields: Fields) -> list[Answer]:
        tag = self._tag(fields)
        bank, first, count = fields.number(), fields.number(), fields.number()
        password = fields.take(_PASSWORD)
        if isinstance(tag, Answer):
            return [tag]
        if bank > max(Bank) or not 1 <= count <= 120:
            return [Answer(Status.WRONG_PARAMETER)]
        if bank == Bank.RESERVED and password != tag.password:
            return [Answer(Status.WRONG_PASSWORD, seconds=self.round_seconds)]
        data = tag.bank(Bank(bank))[first * _WORD : (first + count) * _WORD]
        if len(data) < count * _WORD:
            return [self._tag_error(TagError.NO_SUCH_WORD)]
        return [Answer(data=data, seconds=self.round_seconds)]

    def _write(self, fields: Fields) -> list[Answer]:
        count = fields.number()
        tag = self._tag(fields)
        bank, first, data = fields.number(), fields.number(), fields.take(count * _WORD)
        password = fields.take(_PASSWORD)
        if isinstance(tag, Answer):
            return [tag]
        if bank > max(Bank) or not count:
            return [Answer(Status.WRONG_PARAMETER)]
        return [self._put(tag, Bank(bank), first, data, password)]

    def _write_epc(self, fields: Fields) -> list[Answer]:
        count, password = fields.number(), fields.take(_PASSWORD)
        data = fields.take(count * _WORD)
        tags = self.field.tags
        if not tags:
            return [Answer(Status.NO_TAG, seconds=self.round_seconds)]
        pc = int.from_bytes(tags[0].bank(Bank.EPC)[_WORD : 2 * _WORD], "big")
        word = (pc & 0x07FF | count << 11).to_bytes(_WORD, "big")
        return [self._put(tags[0], Bank.EPC, 1, word + data, password)]

    def _tag(self, fields: Fields) -> Gen2Tag | Answer:
        epc = fields.take(fields.number() * _WORD)
        tags = self.field.with_epc(epc)
        return tags[0] if tags else Answer(Status.NO_TAG, seconds=self.round_seconds)

    def _put(self, tag: Gen2Tag, bank: Bank, first: int, data: bytes, password: bytes) -> Answer:
        if any(tag.password) and password != tag.password:
            return Answer(Status.WRONG_PASSWORD, seconds=self.round_seconds)
        if bank in tag.locked:
            return self._tag_error(TagError.LOCKED)
        if not all(tag.takes(bank, first + at) for at in range(len(data) // _WORD)):
            return self._tag_error(TagError.NO_SUCH_WORD)
        if not self.field.write(tag, bank, first, data):
            return Answer(Status.POOR_LINK, seconds=self.round_seconds)
        return Answer(seconds=self.round_seconds)

    def _tag_error(self, error: TagError) -> Answer:
        return Answer(Status.TAG_ERROR, bytes((error,)), self.round_seconds)
