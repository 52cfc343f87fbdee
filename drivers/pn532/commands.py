"""What the host asks of a PN532: one typed row per command, one parser per reply."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from drivers.errors import FrameError

R = TypeVar("R")

TYPE_A_106 = 0x00
"""InListPassiveTarget: ISO 14443 type A at 106 kbit/s."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """The chip says who it is; ``ic`` is 0x32 for a PN532."""

    ic: int
    version: int
    revision: int
    support: int


@dataclass(frozen=True, slots=True)
class Target:
    """A type A card that the chip has selected."""

    number: int
    sens_res: int
    sel_res: int
    uid: bytes
    ats: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a card answered; ``status`` 0 is well, 1 is no answer, 0x14 is a wrong key."""

    status: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Command(Generic[R]):
    """A command, the parser of its reply and how long the chip may take for it (seconds)."""

    code: int
    name: str
    parse: Callable[[bytes], R]
    timeout: float = 0.3


def _nothing(data: bytes) -> None:
    """A reply without content; what else the chip says there is of no use."""


def _firmware(data: bytes) -> Firmware:
    if len(data) < 4:
        raise FrameError(f"firmware version of {len(data)} bytes, expected 4")
    return Firmware(*data[:4])


def _exchange(data: bytes) -> Exchange:
    if not data:
        raise FrameError("card answer without a status")
    return Exchange(data[0] & 0x3F, data[1:])


def parse_targets(data: bytes) -> list[Target]:
    """Parse the reply of InListPassiveTarget for type A; FrameError if it is cut short."""
    if not data:
        raise FrameError("list of cards without a count")
    targets = []
    rest = data[1:]
    for _ in range(data[0]):
        target, rest = _target(rest)
        targets.append(target)
    return targets


def _target(data: bytes) -> tuple[Target, bytes]:
    if len(data) < 5 or len(data) < 5 + data[4]:
        raise FrameError("list of cards is cut short")
    number, sens_res, sel_res = data[0], data[1] << 8 | data[2], data[3]
    end = 5 + data[4]
    uid, rest = data[5:end], data[end:]
    if not sel_res & 0x20 or not rest:
        return Target(number, sens_res, sel_res, uid), rest
    size = rest[0]
    if not 0 < size <= len(rest):
        raise FrameError("answer to select of a card is cut short")
    return Target(number, sens_res, sel_res, uid, rest[1:size]), rest[size:]


FIRMWARE = Command(0x02, "GetFirmwareVersion", _firmware)
SAM = Command(0x14, "SAMConfiguration", _nothing)
RF_CONFIGURATION = Command(0x32, "RFConfiguration", _nothing)
LIST_TARGETS = Command(0x4A, "InListPassiveTarget", parse_targets, timeout=1.0)
EXCHANGE = Command(0x40, "InDataExchange", _exchange, timeout=1.0)
ALL: tuple[Command[object], ...] = (FIRMWARE, SAM, RF_CONFIGURATION, LIST_TARGETS, EXCHANGE)  # type: ignore[assignment]

SAM_NORMAL = bytes((0x01, 0x17, 0x00))
"""SAMConfiguration: no security module, 1.15 s, no interrupt line."""
FIELD_OFF = bytes((0x01, 0x00))
"""RFConfiguration: switch the field off; the next list of targets switches it on again."""
RETRIES = 0x05
"""RFConfiguration item: retries for ATR, PSL and passive activation (FF = for ever)."""
