"""What the status byte of a UHFReader18 / 288 means, in words for logs and staff."""

from enum import IntEnum

from drivers.errors import DriverError, RefusedError, TagLostError


class Status(IntEnum):
    """The status byte of a reply."""

    OK = 0x00
    DONE = 0x01
    TIMED_OUT = 0x02
    MORE = 0x03
    MEMORY_FULL = 0x04
    WRONG_PASSWORD = 0x05
    KILL_FAILED = 0x09
    KILL_PASSWORD_IS_ZERO = 0x0A
    NOT_SUPPORTED_BY_TAG = 0x0B
    ACCESS_PASSWORD_IS_ZERO = 0x0C
    ALREADY_PROTECTED = 0x0D
    NOT_PROTECTED = 0x0E
    LOCKED_WORDS = 0x10
    CANNOT_LOCK = 0x11
    ALREADY_LOCKED = 0x12
    NOT_SAVED = 0x13
    CANNOT_ADJUST = 0x14
    NOT_POSSIBLE_WITHOUT_PASSWORD = 0x19
    STATISTICS = 0x26
    HEARTBEAT = 0x28
    ANTENNA_ERROR = 0xF8
    COMMAND_FAILED = 0xF9
    POOR_LINK = 0xFA
    NO_TAG = 0xFB
    TAG_ERROR = 0xFC
    WRONG_LENGTH = 0xFD
    UNKNOWN_COMMAND = 0xFE
    WRONG_PARAMETER = 0xFF


class TagError(IntEnum):
    """The error byte of a Gen2 tag, which follows status FC."""

    OTHER = 0x00
    NO_SUCH_WORD = 0x03
    LOCKED = 0x04
    TOO_LITTLE_POWER = 0x0B
    UNKNOWN = 0x0F


WITH_THE_TAG = frozenset({Status.POOR_LINK, Status.NO_TAG})
"""The reader is well; the tag was not heard, or not clearly."""

INVENTORY_GOOD = frozenset(
    {Status.OK, Status.DONE, Status.TIMED_OUT, Status.MORE, Status.MEMORY_FULL, Status.NO_TAG}
)

HINTS: dict[int, str] = {
    Status.ANTENNA_ERROR: "Check the cable of the antenna, and that the antenna is connected.",
    Status.WRONG_PASSWORD: "Set option password to the access password of the tags.",
    Status.UNKNOWN_COMMAND: "This reader model does not know the command: check option model.",
}


def words(status: int) -> str:
    """Return the meaning of a status."""
    try:
        return Status(status).name.lower().replace("_", " ")
    except ValueError:
        return "unknown status"


def tag_words(error: int) -> str:
    """Return the meaning of a tag's error byte."""
    try:
        return TagError(error).name.lower().replace("_", " ")
    except ValueError:
        return f"error {error:02X}"


def trouble(status: int, data: bytes) -> DriverError:
    """Return the error for a reply whose status is not a good one; ``data`` is what follows it."""
    if status in WITH_THE_TAG:
        return TagLostError(f"the tag did not answer (status {status:02X} {words(status)})")
    if status == Status.TAG_ERROR:
        error = data[0] if data else int(TagError.UNKNOWN)
        if error == TagError.TOO_LITTLE_POWER:
            return TagLostError("the tag has too little power: it is too far from the antenna")
        return RefusedError(status, f"the tag says {tag_words(error)}")
    refused = RefusedError(status, words(status))
    refused.hint = HINTS.get(status, "")
    return refused
