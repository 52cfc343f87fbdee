"""A simulated FEIG pad reader: its field holds tags, which answer the host commands (B0)."""

from collections.abc import Callable, Sequence

from drivers.feig import commands
from drivers.feig.answers import ISO15693, UID_BYTES
from drivers.feig.commands import MAX_BYTES, MODE_MORE
from drivers.feig.device import FeigDevice
from drivers.feig.fields import Fields
from drivers.feig.options import BlockOrder
from drivers.feig.order import in_order
from drivers.feig.status import IsoError, Status
from drivers.testing.field import Field
from drivers.testing.simulator import Answer
from drivers.testing.tag15693 import Said, Tag

_ADDRESS_BITS, _TO_ALL, _TO_UID, _TO_SELECTED = 7, 0, 1, 2
_MODE_WAIT = 0x40

_ERRORS = {
    Said.NO_BLOCK: IsoError.NO_BLOCK,
    Said.WRONG_SIZE: IsoError.UNKNOWN,
    Said.LOCKED: IsoError.LOCKED,
    Said.ALREADY_LOCKED: IsoError.ALREADY_LOCKED,
}

OnTag = Callable[[Tag, Fields], Answer]


_OPTION = 0x10
_PROTECT, _RANDOM, _SET_PASSWORD, _WRITE_PASSWORD = 0xA6, 0xB2, 0xB3, 0xB4
_AFI_EAS, _RANDOM_NUMBER, _NXP_UID = b"\x10", b"\x5a\xc3", b"\xe0\x04"


class FeigSimulator(FeigDevice):
    """A reader with a field.

    ``only_new``: an inventory tells tags that came since the field was last off (the factory's
    setting). ``page``: tags in one reply, the rest on request. ``block_seconds``: air time of a
    block, 0 in tests.
    """

    def __init__(
        self,
        field: Field | None = None,
        *,
        address: int = 0,
        block_seconds: float = 0.005,
        page: int = 16,
        only_new: bool = True,
        block_order: BlockOrder = "reversed",
        password: bytes = b"",
        more_antennas: Sequence[Field] = (),
    ) -> None:
        """Begin with the tags of ``field``; ``more_antennas`` are 2, 3 and so on."""
        super().__init__(address=address, block_seconds=block_seconds, password=password)
        self.field = field or Field()
        self.antennas = [self.field, *more_antennas]
        self.page = page
        self.only_new = only_new
        self.block_order: BlockOrder = block_order
        self._told: set[tuple[bytes, int]] = set()
        self._quiet: set[tuple[bytes, int]] = set()
        self._selected: tuple[bytes, int] | None = None
        self._trusted: set[tuple[bytes, int]] = set()
        self._offended: set[tuple[bytes, int]] = set()
        self.on(commands.INVENTORY, self._inventory)
        for command, action in (
            (commands.STAY_QUIET, self._stay_quiet),
            (commands.LOCK_BLOCKS, self._lock_blocks),
            (commands.READ_BLOCKS, self._read_blocks),
            (commands.WRITE_BLOCKS, self._write_blocks),
            (commands.SELECT, self._select),
            (commands.RESET_TO_READY, self._reset_to_ready),
            (commands.WRITE_AFI, self._write_afi),
            (commands.LOCK_AFI, self._lock_afi),
            (commands.WRITE_DSFID, self._write_dsfid),
            (commands.LOCK_DSFID, self._lock_dsfid),
            (commands.SYSTEM_INFO, self._system_info),
            (commands.BLOCK_SECURITY, self._block_security),
        ):
            self.on(command, self._with_tag(action))
        self.on(commands.CHIP, self._chip)

    def field_off(self) -> None:
        """Let the tags lose power: told, quiet and selected are forgotten."""
        self._told.clear()
        self._quiet.clear()
        self._selected = None
        self._trusted.clear()
        self._offended.clear()

    def power_up(self) -> None:
        """Begin anew, at the first antenna."""
        self.field = self.antennas[0]
        super().power_up()

    def _rf_output(self, fields: Fields) -> Answer:
        number = fields.number()
        if number > len(self.antennas):
            return Answer(Status.PARAMETER_RANGE)
        self.rf_on = number != 0
        chosen = self.antennas[number - 1] if number else self.field
        if not self.rf_on or chosen is not self.field:
            self.field_off()
        self.field = chosen
        return Answer()

    def _key(self, tag: Tag) -> tuple[bytes, int]:
        return tag.uid, self.field.arrival(tag.uid)

    def _inventory(self, fields: Fields) -> Answer:
        mode = fields.number()
        wait = fields.number() / 10 if mode & _MODE_WAIT else 0.0
        if not self.only_new and not mode & MODE_MORE:
            self._told.clear()
        heard = self.field.tags if self.rf_on else []
        fresh = [tag for tag in heard if self._key(tag) not in self._told | self._quiet]
        if not fresh:
            return Answer(Status.NO_TAG, seconds=wait or self.block_seconds)
        told = fresh[: self.page]
        self._told.update(self._key(tag) for tag in told)
        data = bytes((len(told),)) + b"".join(
            bytes((ISO15693, tag.dsfid)) + tag.uid for tag in told
        )
        status = Status.MORE_DATA if len(fresh) > len(told) else Status.OK
        return Answer(status, data, (1 + len(told)) * self.block_seconds)

    def _with_tag(self, action: OnTag) -> Callable[[Fields], Answer]:
        """Find the tag that a command is for by its MODE, then do it."""

        def handler(fields: Fields) -> Answer:
            mode = fields.number()
            tags = [tag for tag in self.field.tags if self._key(tag) not in self._offended]
            tags = tags if self.rf_on else []
            if mode & _ADDRESS_BITS == _TO_UID:
                uid = fields.take(UID_BYTES)
                tags = [tag for tag in tags if tag.uid == uid]
            elif mode & _ADDRESS_BITS == _TO_SELECTED:
                tags = [tag for tag in tags if self._key(tag) == self._selected]
            elif mode & _ADDRESS_BITS == _TO_ALL:
                tags = [tag for tag in tags if self._key(tag) not in self._quiet]
            else:
                return Answer(Status.PARAMETER_RANGE)
            if len(tags) > 1:
                return Answer(Status.COLLISION, seconds=self.block_seconds)
            if not tags:
                return Answer(Status.NO_TAG, seconds=self.block_seconds)
            return action(tags[0], fields)

        return handler

    def _stay_quiet(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        self._quiet.add(self._key(tag))
        return self._done()

    def _select(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        self._selected = self._key(tag)
        return self._done()

    def _reset_to_ready(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        self._quiet.discard(self._key(tag))
        self._selected = None if self._selected == self._key(tag) else self._selected
        return self._done()

    def _read_blocks(self, tag: Tag, fields: Fields) -> Answer:
        first, count = fields.number(), fields.number()
        fields.end()
        if not 1 <= count <= MAX_BYTES // tag.block_size:
            return Answer(Status.PARAMETER_RANGE)
        if first + count > tag.block_count:
            return _refused(IsoError.NO_BLOCK)
        data = b"".join(
            bytes((number in tag.locked,)) + in_order(self.block_order, tag.block(number))
            for number in range(first, first + count)
        )
        return self._done(bytes((count, tag.block_size)) + data, blocks=count)

    def _write_blocks(self, tag: Tag, fields: Fields) -> Answer:
        first, count, size = fields.number(), fields.number(), fields.number()
        blocks = [in_order(self.block_order, fields.take(size)) for _ in range(count)]
        fields.end()
        if not 1 <= count * size <= MAX_BYTES:
            return Answer(Status.PARAMETER_RANGE)
        for number, block in enumerate(blocks, first):
            said = self.field.write_block(tag, number, block)
            if said is Said.TORN:
                return Answer(Status.WRITE_ERROR, bytes((number,)), self.block_seconds)
            if said is not Said.DONE:
                return _refused(_ERRORS[said], number)
        return self._done(blocks=count)

    def _lock_blocks(self, tag: Tag, fields: Fields) -> Answer:
        first, count = fields.number(), fields.number()
        fields.end()
        for number in range(first, first + count):
            said = tag.lock_block(number)
            if said is not Said.DONE:
                return _refused(_ERRORS[said], number)
        return self._done(blocks=count)

    def _write_afi(self, tag: Tag, fields: Fields) -> Answer:
        afi = fields.number()
        fields.end()
        if "afi" in tag.guarded and self._key(tag) not in self._trusted:
            return _refused(IsoError.LOCKED)
        return self._told_by(self.field.write(tag, "afi", afi))

    def _chip(self, fields: Fields) -> Answer:
        """Do what NXP's chips know besides: a password for AFI and EAS."""
        if fields.take(1) != commands.NXP:
            return Answer(Status.PARAMETER_RANGE)
        command = fields.number()
        data = fields.rest()
        guard = "afi" if data[:1] and data[0] & _OPTION else "eas"
        return self._with_tag(lambda tag, rest: self._nxp(tag, command, guard, rest))(Fields(data))

    def _nxp(self, tag: Tag, command: int, guard: str, fields: Fields) -> Answer:
        if not tag.uid.startswith(_NXP_UID):
            return _refused(IsoError.NOT_SUPPORTED)
        key, data = self._key(tag), fields.rest()
        if command == _RANDOM:
            return self._done(_RANDOM_NUMBER)
        if command == _SET_PASSWORD and data[:1] == _AFI_EAS:
            told = bytes(one ^ two for one, two in zip(data[1:], _RANDOM_NUMBER * 2, strict=True))
            if told != tag.password:
                self._offended.add(key)  # silent until its field was off
                return Answer(Status.NO_TAG, seconds=self.block_seconds)
            self._trusted.add(key)
            return self._done()
        if key not in self._trusted:
            return _refused(IsoError.UNKNOWN)
        if command == _WRITE_PASSWORD and data[:1] == _AFI_EAS:
            tag.password = data[1:]
            self._trusted.discard(key)
        elif command == _PROTECT:
            tag.guarded.add(guard)
        else:
            return _refused(IsoError.NOT_SUPPORTED)
        return self._done()

    def _lock_afi(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        return self._told_by(tag.lock("afi"))

    def _write_dsfid(self, tag: Tag, fields: Fields) -> Answer:
        dsfid = fields.number()
        fields.end()
        return self._told_by(self.field.write(tag, "dsfid", dsfid))

    def _lock_dsfid(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        return self._told_by(tag.lock("dsfid"))

    def _system_info(self, tag: Tag, fields: Fields) -> Answer:
        fields.end()
        sizes = bytes((tag.block_size - 1, tag.block_count - 1, tag.ic_reference))
        return self._done(bytes((tag.dsfid,)) + tag.uid + bytes((tag.afi,)) + sizes)

    def _block_security(self, tag: Tag, fields: Fields) -> Answer:
        first, count = fields.number(), fields.number()
        fields.end()
        if first + count > tag.block_count:
            return _refused(IsoError.NO_BLOCK)
        return self._done(bytes(number in tag.locked for number in range(first, first + count)))

    def _told_by(self, said: Said) -> Answer:
        if said is Said.TORN:
            return Answer(Status.NO_TAG, seconds=self.block_seconds)
        return self._done() if said is Said.DONE else _refused(_ERRORS[said])

    def _done(self, data: bytes = b"", blocks: int = 1) -> Answer:
        return Answer(data=data, seconds=blocks * self.block_seconds)


def _refused(error: IsoError, *block: int) -> Answer:
    return Answer(Status.ISO15693_ERROR, bytes((error, *block)))
