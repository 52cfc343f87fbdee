"""A simulated FEIG gate reader: it buffers what passes until the host fetches and clears it."""

from collections import deque

from drivers.feig import commands
from drivers.feig.answers import (
    ISO15693,
    TR1_ANTENNA,
    TR1_DATA,
    TR1_MORE,
    TR1_SNR,
    TR2_AFI,
    People,
)
from drivers.feig.device import Answer
from drivers.feig.fields import Fields
from drivers.feig.options import BlockOrder
from drivers.feig.order import in_order
from drivers.feig.simulator import FeigSimulator
from drivers.feig.status import Status
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag

LEADING_BLOCKS = 9
_PAGE_BYTES = 1000
_TABLE_START = 0


class FeigGateSimulator(FeigSimulator):
    """A gate reader; call :meth:`pass_tag` for each time it hears a tag that walks through."""

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
        self.capacity = capacity
        self.leading_blocks = leading_blocks
        self.overflow = False
        self.people = People(0, 0, 0, 0)
        self._records: deque[bytes] = deque()
        self._fetched = 0
        self.counts_people = True
        self.on(commands.READ_BUFFER, self._read_buffer)
        self.on(commands.READ_BUFFER_OLD, lambda _: Answer(Status.NO_VALID_DATA))
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
        if not self.rf_on:
            return
        if len(self._records) >= self.capacity:
            self.overflow = True
        else:
            self._records.append(self._record(tag, antenna))

    def power_up(self) -> None:
        """Begin anew: the buffer is in RAM."""
        super().power_up()
        self._empty()

    def _record(self, tag: Tag, antenna: int) -> bytes:
        count = min(self.leading_blocks, tag.block_count)
        serial = bytes((tag.afi, tag.dsfid)) + tag.uid
        body = bytes((ISO15693, 0, len(serial))) + serial
        body += count.to_bytes(2, "big") + bytes((tag.block_size,))
        body += b"".join(in_order(self.block_order, tag.block(n)) for n in range(count))
        body += bytes((antenna,))
        return (len(body) + 2).to_bytes(2, "big") + body

    def _read_buffer(self, fields: Fields) -> Answer:
        most = fields.number(2)
        fields.end()
        return self.page_of(most)

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
        head = bytes((TR1_SNR | TR1_DATA | TR1_ANTENNA | TR1_MORE, TR2_AFI))
        data = head + len(page).to_bytes(2, "big") + b"".join(page)
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
        counts = [fields.number(4) for _ in range(4)]
        fields.end()
        if not self.counts_people:
            return Answer(Status.EXTERNAL_DEVICE)
        self.people = People(*counts)
        return Answer()

    def people_data(self) -> bytes:
        """Return the counts as the wire has them; the last byte's meaning is not known."""
        counts = (self.people.in_1, self.people.out_1, self.people.in_2, self.people.out_2)
        return b"".join(number.to_bytes(4, "big") for number in counts) + b"\x00"
