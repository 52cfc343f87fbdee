"""A simulated RL866 reader: message numbers, resynchronisation, and a field with tags.

A real reader forgets a frame that stops in the middle. Without a clock, we forget it when a whole
good frame arrives in one piece behind it.
"""

from collections.abc import Callable
from typing import Any

from drivers.errors import FrameError
from drivers.fields import Fields
from drivers.rl866 import answers, commands, status
from drivers.rl866.answers import CONFIG_BYTES, UID_BYTES
from drivers.rl866.commands import ACCESS, ADDRESSED, CONFIG_ROM, GO_ON, MAX_BYTES, Command
from drivers.rl866.frames import (
    ANY_ADDRESS,
    GOES_ON,
    RESYNC,
    RESYNCED,
    Cutter,
    Frame,
    encode,
    message,
)
from drivers.testing.field import Field
from drivers.testing.simulator import Answer, Reply, is_whole
from drivers.testing.tag15693 import Said, Tag

_CONFIG_BLOCKS = 16
_HANDLES = 4
_PARTS = answers.HAS_PROTOCOL | answers.HAS_TYPE | answers.HAS_SERIAL
_NXP_SLI = 1


Handler = Callable[[Fields], Answer]
OnTag = Callable[[Tag, Fields], Answer]


class Rl866Simulator:
    """A reader with a field; implements :class:`drivers.testing.simulator.Simulator`.

    ``page``: tags in one reply, the rest on request. ``block_seconds``: air time of a block, 0 in
    tests.
    """

    def __init__(
        self,
        field: Field | None = None,
        *,
        address: int = 1,
        block_seconds: float = 0.005,
        page: int = 16,
    ) -> None:
        """Begin with the tags of ``field``."""
        self.field = field or Field()
        self.address = address
        self.block_seconds = block_seconds
        self.page = page
        self.config = [bytes(CONFIG_BYTES) for _ in range(_CONFIG_BLOCKS)]
        self.eas: set[bytes] = set()
        """UIDs of tags whose EAS bit is on."""
        self.requests = 0
        """How many messages were understood so far."""
        self._cutter = Cutter()
        self._number = 0
        self._handles: dict[int, bytes] = {}
        self._told: set[tuple[bytes, int]] = set()
        self._handlers: dict[int, Handler] = {
            commands.READ_CONFIG.code: self._read_config,
            commands.INVENTORY.code: self._inventory,
            commands.CONNECT.code: self._connect,
            commands.DISCONNECT.code: self._disconnect,
            ACCESS: self._access,
        }
        self._accesses: dict[int | None, OnTag] = {
            commands.RESET_TO_READY.sub: self._nothing,
            commands.SELECT.sub: self._nothing,
            commands.READ_BLOCKS.sub: self._read_blocks,
            commands.WRITE_BLOCKS.sub: self._write_blocks,
            commands.WRITE_AFI.sub: self._write_afi,
            commands.SYSTEM_INFO.sub: self._system_info,
            commands.EAS_ON.sub: self._eas_on,
            commands.EAS_OFF.sub: self._eas_off,
            commands.EAS_ALARM.sub: self._eas_alarm,
            commands.READ_BLOCK.sub: self._read_block,
            commands.WRITE_BLOCK.sub: self._write_block,
        }

    def connected(self, send: Callable[[bytes], None]) -> None:  # noqa: ARG002 - speaks when asked
        """Take a new host; half a frame of the one before is forgotten."""
        self._cutter.reset()

    def power_up(self) -> None:
        """Begin anew, as after power came: numbers and connected tags are gone."""
        self._cutter.reset()
        self._resync()

    def on(self, command: Command[Any], handler: Handler) -> None:
        """Answer a command, not an access, in another way."""
        self._handlers[command.code] = handler

    def on_access(self, command: Command[Any], action: OnTag) -> None:
        """Answer an access in another way."""
        self._accesses[command.sub] = action

    def feed(self, data: bytes) -> list[Reply]:
        """Take any number of bytes from the host; return what the reader answers, in order."""
        if self._cutter.waiting and is_whole(Cutter(), data):
            self._cutter.reset()
        return [
            reply
            for event in self._cutter.feed(data)
            if isinstance(event, Frame) and event.address in (self.address, ANY_ADDRESS)
            for reply in self._answer(event)
        ]

    def _answer(self, request: Frame) -> list[Reply]:
        if request.pcb == RESYNC:
            self._resync()
            return [Reply(encode(Frame(self.address, RESYNCED)))]
        if not (request.is_message or request.pcb & GOES_ON) or not request.inf:
            return []
        answer = self._handled(request)
        inf = request.inf[:1] + _word(answer.status) + answer.data
        return [Reply(encode(message(self.address, request.number, inf)), answer.seconds)]

    def _handled(self, request: Frame) -> Answer:
        if request.number != self._number:
            return Answer(status.WRONG_NUMBER)
        self._number ^= 1
        self.requests += 1
        handler = self._handlers.get(request.inf[0])
        if handler is None:
            return Answer(status.UNKNOWN_COMMAND)
        try:
            return handler(Fields(request.inf[1:], "little"))
        except FrameError:
            return Answer(status.INVALID_PARAMETER)

    def _resync(self) -> None:
        self._number = 0
        self._handles.clear()

    def _read_config(self, fields: Fields) -> Answer:
        first, count = fields.number() & ~CONFIG_ROM, fields.number()
        fields.end()
        if first + count > _CONFIG_BLOCKS:
            return Answer(status.NO_CONFIG_BLOCK)
        return Answer(data=bytes((count,)) + b"".join(self.config[first : first + count]))

    def _inventory(self, fields: Fields) -> Answer:
        if not fields.number() & GO_ON:
            self._told.clear()
        fields.end()
        all_tags = self.field.tags
        fresh = [tag for tag in all_tags if self._key(tag) not in self._told]
        if not fresh:
            return Answer(status.NO_TAG, seconds=self.block_seconds)
        told = fresh[: self.page]
        self._told.update(self._key(tag) for tag in told)
        more = len(fresh) > len(told)
        head = bytes((more,)) + _word(len(all_tags)) + bytes((len(told),))
        data = head + b"".join(_report(tag) for tag in told)
        return Answer(data=data, seconds=(1 + len(told)) * self.block_seconds)

    def _key(self, tag: Tag) -> tuple[bytes, int]:
        return tag.uid, self.field.arrival(tag.uid)

    def _connect(self, fields: Fields) -> Answer:
        """Note a tag; nothing is sent to it yet."""
        fields.take(3)
        how = Fields(fields.take(fields.number()))
        fields.end()
        if how.number() != ADDRESSED:
            return Answer(0x041A)
        uid = how.take(UID_BYTES)[::-1]
        free = [handle for handle in range(1, _HANDLES + 1) if handle not in self._handles]
        if not free:
            return Answer(0x0005)
        self._handles[free[0]] = uid
        return Answer(data=bytes((free[0],)))

    def _disconnect(self, fields: Fields) -> Answer:
        handle = fields.number()
        fields.end()
        if handle == commands.ALL_HANDLES:
            self._handles.clear()
        elif self._handles.pop(handle, None) is None:
            return Answer(status.WRONG_HANDLE)
        return Answer()

    def _access(self, fields: Fields) -> Answer:
        uid = self._handles.get(fields.number())
        if uid is None:
            return Answer(status.WRONG_HANDLE)
        inner = Fields(fields.take(answers.ebv(fields)), "little")
        fields.end()
        code = inner.number(2)
        done = self._on_tag(code, uid, inner)
        if done.status:
            result = _word(code) + b"\x00" + _word(done.status)
        else:
            result = _word(code) + b"\x01" + done.data
        return Answer(data=answers.to_ebv(len(result)) + result, seconds=done.seconds)

    def _on_tag(self, code: int, uid: bytes, fields: Fields) -> Answer:
        action = self._accesses.get(code)
        if action is None:
            return Answer(0x0003)
        tag = self.field.find(uid)
        if tag is None:
            return Answer(status.NO_TAG, seconds=self.block_seconds)
        try:
            return action(tag, fields)
        except FrameError:
            return Answer(0x000B)

    def _nothing(self, _tag: Tag, fields: Fields) -> Answer:
        fields.end()
        return self._done()

    def _read_blocks(self, tag: Tag, fields: Fields) -> Answer:
        with_locks, first, count = fields.number(), fields.number(2), fields.number(2)
        fields.end()
        if first + count > tag.block_count or not count:
            return Answer(status.NO_BLOCK, seconds=self.block_seconds)
        if count * tag.block_size > 2 * MAX_BYTES:
            return Answer(0x0007)
        data = b"".join(
            (bytes((number in tag.locked,)) if with_locks else b"") + tag.block(number)
            for number in range(first, first + count)
        )
        return self._done(_word(count) + data, blocks=count)

    def _write_blocks(self, tag: Tag, fields: Fields) -> Answer:
        first, count, data = fields.number(2), fields.number(2), fields.rest()
        if len(data) != count * tag.block_size:
            return Answer(0x000B)
        for number in range(first, first + count):
            said = self.field.write_block(tag, number, data[: tag.block_size])
            if said is not Said.DONE:
                return self._told_by(said)
            data = data[tag.block_size :]
        return self._done(blocks=count)

    def _read_block(self, tag: Tag, fields: Fields) -> Answer:
        with_lock, number = fields.number(), fields.number(2)
        fields.end()
        if number >= tag.block_count:
            return Answer(status.NO_BLOCK)
        lock = bytes((number in tag.locked,)) if with_lock else b""
        return self._done(lock + tag.block(number))

    def _write_block(self, tag: Tag, fields: Fields) -> Answer:
        number, data = fields.number(2), fields.rest()
        if len(data) != tag.block_size:
            return Answer(0x000B)
        return self._told_by(self.field.write_block(tag, number, data))

    def _write_afi(self, tag: Tag, fields: Fields) -> Answer:
        afi = fields.number()
        fields.end()
        return self._told_by(self.field.write(tag, "afi", afi), torn=status.NO_TAG)

    def _system_info(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        sizes = bytes((tag.block_count - 1, tag.block_size - 1, tag.ic_reference))
        return self._done(b"\x0f" + tag.uid[::-1] + bytes((tag.dsfid, tag.afi)) + sizes)

    def _eas_on(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        self.eas.add(tag.uid)
        return self._done()

    def _eas_off(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        self.eas.discard(tag.uid)
        return self._done()

    def _eas_alarm(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        return self._done() if tag.uid in self.eas else Answer(status.NO_TAG)

    def _told_by(self, said: Said, torn: int = 0x0401) -> Answer:
        if said is Said.DONE:
            return self._done()
        code = torn if said is Said.TORN else status.LOCKED_OR_NO_BLOCK
        return Answer(code, seconds=self.block_seconds)

    def _done(self, data: bytes = b"", blocks: int = 1) -> Answer:
        return Answer(data=data, seconds=blocks * self.block_seconds)


def _report(tag: Tag) -> bytes:
    serial = tag.uid[::-1] + bytes((tag.dsfid,))
    return bytes((_PARTS, answers.ISO15693, _NXP_SLI, len(serial))) + serial


def _word(value: int) -> bytes:
    return value.to_bytes(2, "little")
