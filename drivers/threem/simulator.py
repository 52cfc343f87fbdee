"""A simulated 3M pad: an 810, which must be greeted in its own way, or a 210.

A real pad forgets a frame that stops in the middle. Without a clock, we forget it when a whole good
frame arrives in one piece behind it.
"""

from collections.abc import Callable
from typing import Any, Literal

from drivers.errors import FrameError
from drivers.fields import Fields
from drivers.testing.field import Field
from drivers.testing.simulator import Answer, Reply, is_whole
from drivers.testing.tag15693 import Said, Tag
from drivers.threem import answers, commands
from drivers.threem.answers import BLOCK_BYTES, UID_BYTES
from drivers.threem.commands import Command
from drivers.threem.frames import GREETING, Cutter, Frame, encode
from drivers.threem.status import Status

Model = Literal["810", "210"]

_HELLO_ANSWER = Frame(0x04, bytes.fromhex("00110a050002"), GREETING)
_VERSION = bytes.fromhex("0a030206")
_SET_UP_ANSWER = bytes.fromhex("0201010302020300")
_OPTIONS = answers.WITH_UID | answers.WITH_DSFID | 0x04
_STATUS = {
    Said.DONE: Status.OK,
    Said.NO_BLOCK: Status.NOT_AVAILABLE,
    Said.WRONG_SIZE: Status.NOT_AVAILABLE,
    Said.LOCKED: Status.LOCKED,
    Said.ALREADY_LOCKED: Status.LOCKED,
    Said.TORN: Status.NOT_WRITTEN,
}


Handler = Callable[[Fields], Answer]
OnTag = Callable[[Tag, Fields], Answer]


class ThreeMSimulator:
    """A pad with a field; implements :class:`drivers.testing.simulator.Simulator`.

    ``block_seconds``: air time of a block, 0 in tests.
    """

    def __init__(
        self, field: Field | None = None, *, model: Model = "810", block_seconds: float = 0.005
    ) -> None:
        """Begin with the tags of ``field``."""
        self.field = field or Field()
        self.model: Model = model
        self.block_seconds = block_seconds
        self.eas: set[bytes] = set()
        """UIDs of tags whose EAS bit is on."""
        self.requests = 0
        """How many commands were understood so far."""
        self._cutter = Cutter()
        self._handlers: dict[int, Handler] = {commands.INVENTORY.code: self._inventory}
        if model == "810":
            self._handlers[commands.SET_UP.code] = lambda _: Answer(data=_SET_UP_ANSWER)
        else:
            self._handlers[commands.VERSION.code] = lambda _: Answer(data=_VERSION)
        for command, action in (
            (commands.STAY_QUIET, self._stay_quiet),
            (commands.READ_BLOCKS, self._read_blocks),
            (commands.CHECK_EAS, self._check_eas),
            (commands.WRITE_BLOCKS, self._write_blocks),
            (commands.WRITE_BLOCK, self._write_block),
            (commands.LOCK_AFI, self._lock_afi),
            (commands.WRITE_AND_LOCK, self._write_and_lock),
            (commands.LOCK_BLOCK, self._lock_block),
            (commands.WRITE_AFI, self._write_afi),
            (commands.READ_AFI, lambda tag, _: self._done(bytes((tag.afi,)))),
            (commands.WRITE_DSFID, self._write_dsfid),
            (commands.WRITE_EAS, self._write_eas),
            (commands.TAG_INFO, self._tag_info),
            (commands.LOCK_DSFID, self._lock_dsfid),
            (commands.READ_DSFID, lambda tag, _: self._done(bytes((tag.dsfid,)))),
        ):
            self.on_tag(command, action)

    def connected(self, send: Callable[[bytes], None]) -> None:  # noqa: ARG002 - speaks when asked
        """Take a new host; half a frame of the one before is forgotten."""
        self._cutter.reset()

    def without(self, command: Command[Any]) -> None:
        """Forget a command, as older firmware."""
        self._handlers.pop(command.code, None)

    def on_tag(self, command: Command[Any], action: OnTag) -> None:
        """Answer a command to a tag."""
        self._handlers[command.code] = lambda fields: self._with_tag(fields, action)

    def feed(self, data: bytes) -> list[Reply]:
        """Take any number of bytes from the host; return what the pad answers, in order."""
        if self._cutter.waiting and is_whole(Cutter(), data):
            self._cutter.reset()
        return [
            reply
            for event in self._cutter.feed(data)
            if isinstance(event, Frame)
            for reply in self._answer(event)
        ]

    def _answer(self, request: Frame) -> list[Reply]:
        if request.start == GREETING:
            heard = request == commands.HELLO and self.model == "810"
            return [Reply(encode(_HELLO_ANSWER))] if heard else []
        self.requests += 1
        answer = self._handled(request)
        data = bytes((answer.status,)) + answer.data
        return [Reply(encode(Frame(request.command, data)), answer.seconds)]

    def _handled(self, request: Frame) -> Answer:
        handler = self._handlers.get(request.command)
        if handler is None:
            return Answer(Status.NOT_IMPLEMENTED)
        try:
            return handler(Fields(request.data))
        except FrameError:
            return Answer(Status.PARAMETER)

    def _inventory(self, fields: Fields) -> Answer:
        afi, options = fields.number(), fields.number()
        fields.end()
        if options & ~_OPTIONS:
            return Answer(Status.OPTION_NOT_SUPPORTED)
        tags = [tag for tag in self.field.tags if not afi or tag.afi == afi]
        data = bytes((afi, options, len(tags)))
        for tag in tags:
            data += bytes((tag.dsfid,)) if options & answers.WITH_DSFID else b""
            data += tag.uid if options & answers.WITH_UID else b""
        return Answer(data=data, seconds=(1 + len(tags)) * self.block_seconds)

    def _with_tag(self, fields: Fields, action: OnTag) -> Answer:
        uid = fields.take(UID_BYTES)
        tag = self.field.find(uid)
        if tag is None:
            return Answer(Status.NO_TAG, uid, self.block_seconds)
        answer = action(tag, fields)
        return Answer(answer.status, uid + answer.data, answer.seconds)

    def _stay_quiet(self, _tag: Tag, fields: Fields) -> Answer:
        """The pad wakes every tag at the next inventory."""
        fields.end()
        return self._done()

    def _read_blocks(self, tag: Tag, fields: Fields) -> Answer:
        first, count = fields.number(), fields.number()
        fields.end()
        if first + count > tag.block_count:
            return Answer(Status.NOT_AVAILABLE)
        data = bytes((count,)) + b"".join(
            bytes((number, number in tag.locked)) + tag.block(number)[:BLOCK_BYTES]
            for number in range(first, first + count)
        )
        return self._done(data, blocks=count)

    def _write_blocks(self, tag: Tag, fields: Fields) -> Answer:
        first, count = fields.number(), fields.number()
        if fields.number():
            return Answer(Status.OPTION_NOT_SUPPORTED)
        blocks = [fields.take(BLOCK_BYTES) for _ in range(count)]
        fields.end()
        for number, block in enumerate(blocks, first):
            status = _STATUS[self.field.write_block(tag, number, block)]
            if status:
                return Answer(status, bytes((number,)), self.block_seconds)
        return self._done(bytes(((first + count) & 0xFF,)), blocks=count)

    def _write_block(self, tag: Tag, fields: Fields) -> Answer:
        number, block = fields.number(), fields.take(BLOCK_BYTES)
        fields.end()
        return self._told_by(self.field.write_block(tag, number, block))

    def _write_and_lock(self, tag: Tag, fields: Fields) -> Answer:
        number, block = fields.number(), fields.take(BLOCK_BYTES)
        fields.end()
        said = self.field.write_block(tag, number, block)
        return self._told_by(tag.lock_block(number) if said is Said.DONE else said)

    def _lock_block(self, tag: Tag, fields: Fields) -> Answer:
        number = fields.number()
        fields.end()
        return self._told_by(tag.lock_block(number))

    def _write_afi(self, tag: Tag, fields: Fields) -> Answer:
        afi = fields.number()
        fields.end()
        return self._told_by(self.field.write(tag, "afi", afi), torn=Status.NO_TAG)

    def _lock_afi(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        return self._told_by(tag.lock("afi"))

    def _write_dsfid(self, tag: Tag, fields: Fields) -> Answer:
        dsfid = fields.number()
        fields.end()
        return self._told_by(self.field.write(tag, "dsfid", dsfid), torn=Status.NO_TAG)

    def _lock_dsfid(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        return self._told_by(tag.lock("dsfid"))

    def _check_eas(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        on = tag.uid in self.eas
        return Answer(Status.OK if on else Status.NO_TAG, bytes((on,)), self.block_seconds)

    def _write_eas(self, tag: Tag, fields: Fields) -> Answer:
        if fields.number():
            self.eas.add(tag.uid)
        else:
            self.eas.discard(tag.uid)
        return self._done()

    def _tag_info(self, tag: Tag, fields: Fields) -> Answer:
        there = fields.number() & commands.ALL_INFO
        parts = {
            answers.HAS_DSFID: bytes((tag.dsfid,)),
            answers.HAS_AFI: bytes((tag.afi,)),
            answers.HAS_SIZE: bytes((tag.block_size - 1, tag.block_count - 1)),
            answers.HAS_CHIP: bytes((tag.ic_reference, 0)),
        }
        told = b"".join(part for bit, part in parts.items() if there & bit)
        return self._done(bytes((there,)) + told)

    def _told_by(self, said: Said, torn: Status = Status.NOT_WRITTEN) -> Answer:
        return Answer(torn if said is Said.TORN else _STATUS[said], seconds=self.block_seconds)

    def _done(self, data: bytes = b"", blocks: int = 1) -> Answer:
        return Answer(data=data, seconds=blocks * self.block_seconds)
