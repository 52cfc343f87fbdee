"""The small interfaces that a driver offers and a station uses.

Every method raises a :class:`drivers.errors.DriverError` and nothing else (cancellation aside).
UIDs are 8 bytes, most significant first (``E0`` leads an ISO 15693 UID). Block data is always in
memory order: the first byte of block 0 comes first, whatever order the wire uses.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Literal, Protocol, runtime_checkable


class Transport(Protocol):
    """A byte pipe to one device."""

    async def receive(self) -> bytes:
        """Return at least one byte or raise PortLostError."""

    async def send(self, data: bytes) -> None:
        """Hand every byte to the operating system or raise PortLostError."""

    def discard(self) -> None:
        """Forget what has arrived and was not received yet (before a repeat)."""

    async def close(self) -> None:
        """Let go of the port; closing twice is harmless."""


@dataclass(frozen=True, slots=True)
class SeenTag:
    """A tag that answered an inventory. ``antenna``: as the reader counts them; 0: it does not say."""

    uid: bytes
    dsfid: int | None = None
    antenna: int = 0


BankKind = Literal["", "mb01", "mb01-urn", "mb01-alliance", "uii", "mb11", "mb11-alliance"]
"""What the memory of a tag is, when its reader knows that it is a Gen2 (UHF) tag.

``mb01``: CRC, PC and UII words of ISO 28560-4; ``-urn``: the UII is packed text although the PC does
not say ISO; ``-alliance``: of the Chinese university alliance; ``uii``: the packed text alone;
``mb11``, ``mb11-alliance``: the user bank. Empty: the memory of an ISO 15693 tag, or not known.
"""


@dataclass(frozen=True, slots=True)
class TagInfo:
    """What an ISO 15693 tag says of itself (GET SYSTEM INFORMATION); sizes are real counts.

    A Gen2 tag shows its bank 01 as blocks of two bytes; ``bank`` says so.
    """

    uid: bytes
    dsfid: int | None
    afi: int | None
    block_size: int
    block_count: int
    ic_reference: int | None = None
    bank: BankKind = ""


class ItemReader(Protocol):
    """An RFID reader under a pad, a drop or a desk: sees and changes ISO 15693 tags."""

    async def inventory(self) -> list[SeenTag]:
        """Return every tag in the field now, each once, in no order."""

    async def info(self, uid: bytes) -> TagInfo:
        """Return size, AFI and DSFID of one tag; TagLostError if it does not answer."""

    async def read(self, uid: bytes, first: int, count: int) -> bytes:
        """Return ``count`` blocks from block ``first``; TagLostError if the tag leaves."""

    async def write(self, uid: bytes, first: int, data: bytes, block_size: int) -> None:
        """Write whole blocks from ``first``; after TagLostError any part may be written."""

    async def write_afi(self, uid: bytes, afi: int) -> None:
        """Write the AFI of exactly this tag (always addressed); verify with :meth:`info`."""


@runtime_checkable
class DsfidWriter(Protocol):
    """An item reader that can also write the DSFID, which names the data model of a tag."""

    async def write_dsfid(self, uid: bytes, dsfid: int) -> None:
        """Write the DSFID of exactly this tag (always addressed); verify with ``info``."""


@runtime_checkable
class AirItemReader(Protocol):
    """An item reader of Gen2 tags; their loan state may stand in bank 01 itself."""

    def with_state(self, bank: bytes, afi: int) -> bytes:
        """Return a bank 01 as it is with this loan state; unchanged where none stands in it."""

    def is_lasting(self, uid: bytes) -> bool:
        """Say whether a tag keeps this UID when bank 01 is written anew."""


@runtime_checkable
class UserBank(Protocol):
    """An item reader of Gen2 tags that reaches their user bank too; words are two bytes."""

    async def read_user(self, uid: bytes, words: int | None = None) -> bytes:
        """Return so many words of the user bank, else all that there are; TagLostError if it leaves."""

    async def write_user(self, uid: bytes, first: int, data: bytes) -> None:
        """Write whole words from word ``first``; after TagLostError any part may be written."""


class Protected(StrEnum):
    """What a chip's password can guard."""

    AFI = "afi"
    EAS = "eas"


class TagLocks(Protocol):
    """What can never be undone on a tag. Only ``shelfwire tag-lock`` has such a port."""

    async def locked(self, uid: bytes, first: int, count: int) -> list[bool]:
        """Return which of these blocks are locked."""

    async def lock_blocks(self, uid: bytes, first: int, count: int) -> None:
        """Lock blocks for ever; RefusedError names one that cannot be."""

    async def lock_afi(self, uid: bytes) -> None:
        """Lock the security byte for ever: the item can never again be armed or disarmed."""

    async def lock_dsfid(self, uid: bytes) -> None:
        """Lock the DSFID for ever."""

    async def protect(self, uid: bytes, what: Protected, old: bytes, new: bytes) -> None:
        """Let AFI or EAS ask for a password for ever."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One record of a gate reader's buffer.

    ``data`` holds the leading blocks that the reader is configured to buffer, memory order, may be
    empty. ``antenna`` is 0 when the reader does not say. ``rssi`` is in dBm when negative, else on
    the reader's own scale; None: the reader does not say.
    """

    uid: bytes
    afi: int | None = None
    dsfid: int | None = None
    antenna: int = 0
    data: bytes = b""
    bank: BankKind = ""
    rssi: float | None = None


class GateReader(Protocol):
    """An RFID reader in a security gate."""

    async def sightings(self) -> list[Sighting]:
        """Return what the reader buffered since the last call (may be empty) and clear it.

        Raises GateDataLostError once per overflow; the buffer is usable again afterwards.
        """


class Bank(IntEnum):
    """The memory banks of a Gen2 (UHF) tag."""

    RESERVED = 0
    EPC = 1
    TID = 2
    USER = 3


@dataclass(frozen=True, slots=True)
class AirTag:
    """A Gen2 tag that answered an inventory.

    ``pc`` is None when the reader does not tell it. ``rssi`` is in dBm when negative, else on the
    reader's own scale, where more is nearer. ``antenna`` counts from 1; 0: the reader does not say.
    """

    epc: bytes
    pc: int | None = None
    antenna: int = 0
    rssi: float | None = None


class UhfReader(Protocol):
    """A reader of Gen2 (UHF) tags. Tags are named by their EPC; words are two bytes."""

    async def inventory(self) -> list[AirTag]:
        """Return every tag in the field now, each EPC once, in no order."""

    async def read(self, epc: bytes, bank: Bank, first: int, words: int) -> bytes:
        """Return ``words`` words of a bank from word ``first``; TagLostError if the tag leaves."""

    async def write(self, epc: bytes, bank: Bank, first: int, data: bytes) -> None:
        """Write whole words from word ``first``; after TagLostError any part may be written."""


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """How many people went in and out since the counter was last set to 0."""

    entered: int
    left: int


@runtime_checkable
class PeopleCounter(Protocol):
    """A reader, or another device, that counts people by itself; an addition to other ports."""

    async def people_count(self) -> PeopleCount:
        """Return the counts; a count below the last one means that it began anew."""


@runtime_checkable
class Relays(Protocol):
    """A reader that can switch a lamp or a buzzer itself; an addition to other ports."""

    async def set_relay(self, number: int, active: bool, seconds: float = 0.0) -> None:
        """Switch a relay; ``seconds`` 0 is for good."""


@runtime_checkable
class Identified(Protocol):
    """A device that says what it is; an addition to other ports."""

    async def identity(self) -> str:
        """Return model and firmware in words."""


@dataclass(frozen=True, slots=True)
class MachineReading:
    """How the computer itself is. None: this machine does not say.

    ``throttled`` are words of what slows it now, ``throttled_before`` since it was switched on:
    ``under_voltage``, ``capped``, ``throttled``, ``hot``. ``disk_wear`` is percent of the storage's
    life, ``clock`` where the time comes from: ``network``, ``battery`` or ``none``.
    """

    temperature: float | None = None
    throttled: frozenset[str] | None = None
    throttled_before: frozenset[str] | None = None
    disk_free: int | None = None
    disk_size: int | None = None
    disk_wear: int | None = None
    disk_written: int | None = None
    clock: str | None = None


class Machine(Protocol):
    """The computer's own sensors."""

    async def reading(self) -> MachineReading:
        """Return how the machine is now."""


@dataclass(frozen=True, slots=True)
class Card:
    """A reader's card at the card reader.

    ``number`` is what the card says (NDEF text), else None; ``uid`` may be an identity only when
    ``uid_is_random`` is False.
    """

    uid: bytes
    kind: str
    number: str | None = None
    uid_is_random: bool = False


class CardReader(Protocol):
    """A contactless card reader."""

    async def next_card(self) -> Card:
        """Wait for a card to be newly presented and return it; a card left lying comes once."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A decoded barcode. ``symbology`` is the AIM letter pair (``"]C"`` = Code 128) or None.

    ``paper``: the text is the number of an identity paper, all that is left of its code.
    """

    text: str
    symbology: str | None = None
    paper: bool = False


class Scanner(Protocol):
    """A barcode scanner."""

    async def next_scan(self) -> Scan:
        """Wait for the next scan and return it."""


class Paper(StrEnum):
    """What is known of the paper. Silence of the printer is UNKNOWN, never OK."""

    OK = "ok"
    LOW = "low"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """The state of a receipt printer. ``trouble`` is a word for logs and staff, empty when well."""

    online: bool
    paper: Paper
    cover_open: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt; ``size`` 1 is normal, 2 double. ``qr``: a code below the text."""

    text: str = ""
    size: int = 1
    bold: bool = False
    centred: bool = False
    qr: str = ""


class Printer(Protocol):
    """A receipt printer."""

    async def status(self) -> PrinterStatus:
        """Ask the printer how it is; no answer gives ``online=False`` and ``Paper.UNKNOWN``."""

    async def print_lines(self, lines: Sequence[Line]) -> None:
        """Print the lines and cut; RefusedError if the status after printing is not well."""


@dataclass(frozen=True, slots=True)
class LineChange:
    """An input line changed; ``active`` already respects active-low wiring."""

    line: str
    active: bool


class Board(Protocol):
    """The input and output lines of a station, by role name (``beam_a``, ``lamp``, …)."""

    async def next_change(self) -> LineChange:
        """Wait for the next (debounced) change of an input."""

    def active(self, line: str) -> bool:
        """Return the last known state of a line, input or output."""

    async def set(self, line: str, active: bool, seconds: float | None = None) -> None:
        """Switch an output; with ``seconds`` it goes back by itself. Maximum on-times hold."""


@dataclass(frozen=True, slots=True)
class Driver:
    """An entry of the ``shelfwire.drivers`` entry points: how to open one kind of device.

    ``options`` is a frozen dataclass; each field is an option of the configuration file, with
    ``metadata={"help": "…"}``. ``open`` takes an instance of it and gives the port for as long as
    the context lasts; leaving the context closes the device.
    """

    name: str
    port: type[Any]
    options: type[Any]
    open: Callable[[Any], AbstractAsyncContextManager[Any]]
    help: str = ""
