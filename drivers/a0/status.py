"""What the error byte of an A0 reader means, in words for logs and staff."""

from enum import IntEnum

from drivers.errors import DriverError, RefusedError, TagLostError


class Status(IntEnum):
    """The byte of a reply that is nothing but a status."""

    OK = 0x10
    FAILED = 0x11
    MCU_RESET = 0x20
    CARRIER = 0x21
    ANTENNA_MISSING = 0x22
    WRITE_FLASH = 0x23
    READ_FLASH = 0x24
    SET_POWER = 0x25
    INVENTORY_ERROR = 0x31
    READ_ERROR = 0x32
    WRITE_ERROR = 0x33
    LOCK_ERROR = 0x34
    KILL_ERROR = 0x35
    NO_TAG = 0x36
    ACCESS_FAILED = 0x37
    BUFFER_EMPTY = 0x38
    CHIP_COMMAND_FAILED = 0x3C
    WRONG_PASSWORD = 0x40
    WRONG_PARAMETER = 0x41
    TOO_MANY_WORDS = 0x42
    NO_SUCH_BANK = 0x43
    NO_SUCH_LOCK_AREA = 0x44
    NO_SUCH_LOCK_ACTION = 0x45
    WRONG_ADDRESS = 0x46
    NO_SUCH_ANTENNA = 0x47
    POWER_OUT_OF_RANGE = 0x48
    NO_SUCH_REGION = 0x49
    NO_SUCH_BAUD = 0x4A
    NO_SUCH_BEEPER_MODE = 0x4B
    MATCH_TOO_LONG = 0x4C
    MATCH_LENGTH = 0x4D
    NO_SUCH_MATCH_MODE = 0x4E
    FREQUENCY_RANGE = 0x4F
    NO_ANSWER_FROM_TAG = 0x50
    NO_SUCH_DRM_MODE = 0x51
    PLL = 0x52
    RF_CHIP = 0x53
    POWER_NOT_REACHED = 0x54
    COPYRIGHT = 0x55
    SPECTRUM = 0x56
    POWER_TOO_LOW = 0x57


WITH_THE_TAG = frozenset(
    {
        Status.INVENTORY_ERROR,
        Status.READ_ERROR,
        Status.WRITE_ERROR,
        Status.NO_TAG,
        Status.ACCESS_FAILED,
        Status.NO_ANSWER_FROM_TAG,
    }
)
"""The reader is well; the tag was not heard, or not clearly."""

HINTS: dict[int, str] = {
    Status.ANTENNA_MISSING: "Check the cable of the antenna, and option antennas.",
    Status.WRONG_PASSWORD: "Set option password to the access password of the tags.",
    Status.NO_SUCH_ANTENNA: "Option antennas names an antenna that this reader does not have.",
}


def words(status: int) -> str:
    """Return the meaning of a status."""
    try:
        return Status(status).name.lower().replace("_", " ")
    except ValueError:
        return "unknown status"


def trouble(status: int) -> DriverError:
    """Return the error for a status that is not OK."""
    if status in WITH_THE_TAG:
        return TagLostError(f"the tag did not answer (status {status:02X} {words(status)})")
    refused = RefusedError(status, words(status))
    refused.hint = HINTS.get(status, "")
    return refused
