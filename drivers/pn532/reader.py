"""The card reader on a PN532: what its logic needs of the chip."""

from dataclasses import dataclass, field

from drivers.contactless.antenna import SEVERAL, Found, TornAwayError, kind_of
from drivers.contactless.options import ContactlessOptions
from drivers.contactless.reader import PollingCardReader
from drivers.pn532 import commands
from drivers.pn532.chip import Chip
from drivers.ports import Transport

__all__ = ["SEVERAL", "CardOptions", "Pn532CardReader"]

_MAX_TARGETS = 2
_READ, _AUTHENTICATE_A, _WRONG_KEY = 0x30, 0x60, 0x14


@dataclass(frozen=True, slots=True)
class CardOptions(ContactlessOptions):
    """Options of a PN532 card reader."""

    url: str = field(metadata={"help": "where it is, such as serial:///dev/ttyUSB1"})


class Pn532Antenna:
    """Implements :class:`drivers.contactless.antenna.Antenna` with a PN532."""

    def __init__(self, chip: Chip) -> None:
        """Use a chip that is awake."""
        self._chip = chip

    async def targets(self) -> list[Found]:
        """Return the cards in the field, two at most."""
        found = await self._chip.call(commands.LIST_TARGETS, bytes((_MAX_TARGETS, 0x00)))
        return [Found(one.uid, kind_of(one.sens_res, one.sel_res)) for one in found]

    async def read(self, place: int) -> bytes:
        """Return four pages of a type 2 tag, or a block of a MIFARE Classic."""
        answer = await self._ask_card(bytes((_READ, place)))
        if answer.status or len(answer.data) < 16:
            raise TornAwayError
        return answer.data[:16]

    async def unlock(self, block: int, key: bytes, uid: bytes) -> bool:
        """Open the sector of a block with key A; False for a wrong key."""
        answer = await self._ask_card(bytes((_AUTHENTICATE_A, block)) + key + uid[-4:])
        if answer.status not in (0, _WRONG_KEY):
            raise TornAwayError
        return not answer.status

    async def rest(self) -> None:
        """Switch the field off; the next list of targets switches it on."""
        await self._chip.call(commands.RF_CONFIGURATION, commands.FIELD_OFF)

    async def _ask_card(self, data: bytes) -> commands.Exchange:
        return await self._chip.call(commands.EXCHANGE, b"\x01" + data)


class Pn532CardReader(PollingCardReader):
    """Implements :class:`drivers.ports.CardReader` with a PN532."""

    def __init__(self, transport: Transport, options: CardOptions) -> None:
        """Use a chip on ``transport``; :meth:`start` comes first."""
        self._chip = Chip(transport)
        super().__init__(Pn532Antenna(self._chip), options)

    async def start(self) -> None:
        """Wake the chip; RefusedError or NoReplyError if it is not a PN532 that works."""
        await self._chip.wake(retries=2)
