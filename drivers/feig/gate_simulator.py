"""A simulated FEIG gate reader: it buffers what passes until the host fetches and clears it."""

from collections import deque
from enum import IntEnum

from drivers.feig import commands
from drivers.feig.answers import (
    CONFIG_BYTES,
    GEN2,
    ISO15693,
    TR1_ANTENNA,
    TR1_DATA,
    TR1_DATE,
    TR1_LSB_FIRST,
    TR1_MORE,
    TR1_SNR,
    TR1_TIME,
    TR2_AFI,
    People,
)
from drivers.feig.fields import Fields
from drivers.feig.options import BlockOrder
from drivers.feig.order import in_order
from drivers.feig.simulator import FeigSimulator
from drivers.feig.status import Status
from drivers.testing.field import Field
from drivers.testing.gen2 import Gen2Tag
from drivers.testing.simulator import Answer
from drivers.testing.tag15693 import Tag

LEADING_BLOCKS = 9
_PAGE_BYTES = 1000
_TABLE_START = 0
MODE_BLOCK, READ_BLOCK = 1, 11
"""Configuration: the operating mode in the last byte; what a record holds in the first two."""
_USUAL = TR1_SNR | TR1_DATA | TR1_ANTENNA | TR1_MORE
_IDDT_EPC = 1


class Mode(IntEnum):
    """Operating modes; the numbers are not from a public page."""

    HOST = 0x00
    BUFFERED = 0x80
    NOTIFICATION = 0xC0


class FeigGateSimulator(FeigSimulator):
    """A gate reader; call :meth:`pass_tag` for each time it hears a tag that walks through.

    It obeys its configuration: which mode it is in, and what a record holds.
    """

    def __init__(
        self,
        field: Field | None = None,
        *,
        address: int = 0,
        block_seconds: float = 0.005,
        capacity: int = 200,
        leading_blocks: int = LEADING_BLOCKS,
        block_order: BlockOrder = "reversed",
        password: bytes = b"",
    ) -> None:
        """Buffer up to ``capacity`` records, each with the tag's ``leading_blocks``."""
        super().__init__(
            field,
            address=address,
            block_seconds=block_seconds,
            block_order=block_order,
            password=password,
        )
        self.eeprom[MODE_BLOCK] = bytes(CONFIG_BYTES - 1) + bytes((Mode.BUFFERED,))
        self.eeprom[READ_BLOCK] = bytes((_USUAL, TR2_AFI)).ljust(CONFIG_BYTES, b"\0")
        self.config = dict(self.eeprom)
        self.capacity = capacity
        self.leading_blocks = leading_blocks
        self.overflow = False
        self.people = People(0, 0, 0, 0)
        self._records: deque[bytes] = deque()
        self._fetched = 0
        self.counts_people = True
        self.is_old = False
        """It knows the buffer's older form alone, which tells neither AFI nor UHF tags."""
        self.on(commands.READ_BUFFER, self._read_buffer)
        self.on(commands.READ_BUFFER_OLD, self._read_buffer_old)
        self.on(commands.READ_BUFFER_NEW, lambda _: Answer(Status.NO_VALID_DATA))
        self.on(commands.BUFFER_INFO, self._buffer_info)
        self.on(commands.CLEAR_BUFFER, self._clear_buffer)
        self.on(commands.INIT_BUFFER, self._init_buffer)
        self.on(commands.FORCE_NOTIFICATION, lambda fields: self._plain(fields))
        self.on(commands.SOFTWARE_TRIGGER, self._trigger)
        self.on(commands.PEOPLE, self._people)
        self.on(commands.SET_PEOPLE, self._set_people)

    @property
    def waiting(self) -> int:
        """How many records the host has not cleared yet."""
        return len(self._records)

    def pass_tag(self, tag: Tag, antenna: int = 1) -> None:
        """Hear a tag once. A full buffer takes no more and says so at the next fetch."""
        serial = bytes((tag.afi, tag.dsfid)) if self._flags[1] & TR2_AFI else b""
        count = min(self.leading_blocks, tag.block_count)
        data = b"".join(in_order(self._order, tag.block(n)) for n in range(count))
        if self.is_old:
            self._hear(bytes((ISO15693,)), tag.uid, bytes((0, count)) + data, antenna)
            return
        blocks = count.to_bytes(2, "big") + bytes((tag.block_size,)) + data
        serial = bytes((0, len(serial) + len(tag.uid))) + serial
        self._hear(bytes((ISO15693,)), serial + tag.uid, blocks, antenna)

    def pass_air(self, tag: Gen2Tag, antenna: int = 1) -> None:
        """Hear a UHF tag once; the record tells PC word and EPC, and no words of a bank."""
        pc = (tag.pc or 0).to_bytes(2, "big")
        serial = bytes((_IDDT_EPC, len(pc + tag.epc))) + pc + tag.epc
        self._hear(bytes((GEN2,)), serial, b"\0\0\2", antenna)

    @property
    def _flags(self) -> bytes:
        """What a record holds: the first bytes of configuration block 11."""
        return self.config[READ_BLOCK][:2]

    @property
    def _order(self) -> BlockOrder:
        return "plain" if self._flags[0] & TR1_LSB_FIRST else self.block_order

    def _hear(self, kind: bytes, serial: bytes, blocks: bytes, antenna: int) -> None:
        mode = self.config[MODE_BLOCK][CONFIG_BYTES - 1]
        if not self.rf_on or mode not in (Mode.BUFFERED, Mode.NOTIFICATION):
            return
        if len(self._records) >= self.capacity:
            self.overflow = True
            return
        first = self._flags[0]
        body = kind + serial + (blocks if first & TR1_DATA else b"")
        body += bytes(4) if first & TR1_TIME else b""
        body += bytes(5) if first & TR1_DATE else b""
        body += bytes((antenna,)) if first & TR1_ANTENNA else b""
        self._records.append(body if self.is_old else (len(body) + 2).to_bytes(2, "big") + body)

    def power_up(self) -> None:
        """Begin anew: the buffer is in RAM."""
        super().power_up()
        self._empty()

    def _read_buffer(self, fields: Fields) -> Answer:
        most = fields.number(2)
        fields.end()
        return Answer(Status.UNKNOWN_COMMAND) if self.is_old else self.page_of(most)

    def _read_buffer_old(self, fields: Fields) -> Answer:
        most = fields.number()
        fields.end()
        return self.page_of(most) if self.is_old else Answer(Status.NO_VALID_DATA)

    def page_of(self, most: int) -> Answer:
        """Return up to ``most`` records, which the next clearing takes away."""
        if self.overflow:
            return Answer(Status.BUFFER_OVERFLOW)
        if not self._records:
            return Answer(Status.NO_VALID_DATA)
        page: list[bytes] = []
        for record in self._records:
            if len(page) == most or sum(map(len, page)) + len(record) > _PAGE_BYTES:
                break
            page.append(record)
        self._fetched = len(page)
        flags = self._flags
        head = flags[: 2 if flags[0] & TR1_MORE else 1] + len(page).to_bytes(2, "big")
        if self.is_old:
            head = bytes((flags[0] & ~TR1_MORE, len(page)))
        data = head + b"".join(page)
        return Answer(Status.MORE_DATA if len(page) < len(self._records) else Status.OK, data)

    def _clear_buffer(self, fields: Fields) -> Answer:
        fields.end()
        for _ in range(self._fetched):
            self._records.popleft()
        self._fetched = 0
        return Answer()

    def _init_buffer(self, fields: Fields) -> Answer:
        fields.end()
        self._empty()
        return Answer()

    def _empty(self) -> None:
        self._records.clear()
        self._fetched = 0
        self.overflow = False

    def _buffer_info(self, fields: Fields) -> Answer:
        fields.end()
        numbers = (self.capacity, _TABLE_START, len(self._records))
        return Answer(data=b"".join(number.to_bytes(2, "big") for number in numbers))

    def _trigger(self, fields: Fields) -> Answer:
        fields.end()
        for tag in self.field.tags:
            self.pass_tag(tag)
        return Answer()

    def _people(self, fields: Fields) -> Answer:
        fields.end()
        if not self.counts_people:
            return Answer(Status.EXTERNAL_DEVICE)
        return Answer(data=self.people_data())

    def _set_people(self, fields: Fields) -> Answer:
        mode, counts = fields.number(), [fields.number(4) for _ in range(4)]
        fields.end()
        if mode:
            return Answer(Status.PARAMETER_RANGE)
        if not self.counts_people:
            return Answer(Status.EXTERNAL_DEVICE)
        self.people = People(*counts)
        return Answer()

    def people_data(self) -> bytes:
        """Return the counts as the wire has them, and behind them the counter's bus address."""
        counts = (self.people.in_1, self.people.out_1, self.people.in_2, self.people.out_2)
        return b"".join(number.to_bytes(4, "big") for number in counts) + b"\x01"
