"""What the error byte of a 3M pad means, in words for logs and staff."""

from enum import IntEnum

from drivers.errors import DriverError, RefusedError, TagLostError


class Status(IntEnum):
    """The error byte of a reply."""

    OK = 0x00
    NOT_IMPLEMENTED = 0x02
    NO_TAG = 0x06
    NOT_AVAILABLE = 0x11
    LOCKED = 0x12
    NOT_READ = 0x15
    NOT_WRITTEN = 0x16
    TAG_NOT_SUPPORTED = 0x21
    TAG_UNKNOWN = 0x22
    TAG_OPTION = 0x23
    NOT_SUPPORTED = 0x30
    OPTION_NOT_SUPPORTED = 0x31
    PARAMETER = 0x32
    CANCELLED = 0xFD
    OUT_OF_MEMORY = 0xFE


WORDS = {
    Status.OK: "ok",
    Status.NOT_IMPLEMENTED: "the pad does not know the command",
    Status.NO_TAG: "no tag",
    Status.NOT_AVAILABLE: "the tag has no such block or value",
    Status.LOCKED: "locked",
    Status.NOT_READ: "reading the tag failed",
    Status.NOT_WRITTEN: "writing the tag failed",
    Status.TAG_NOT_SUPPORTED: "the tag does not know the command",
    Status.TAG_UNKNOWN: "the tag did not understand",
    Status.TAG_OPTION: "the tag does not know the option",
    Status.NOT_SUPPORTED: "not possible with this kind of tag",
    Status.OPTION_NOT_SUPPORTED: "the pad does not know the option",
    Status.PARAMETER: "wrong parameter",
    Status.CANCELLED: "cancelled",
    Status.OUT_OF_MEMORY: "the pad is out of memory",
}
WITH_THE_TAG = frozenset({Status.NO_TAG, Status.NOT_READ, Status.NOT_WRITTEN})
"""The pad is well; the tag was not heard, or not clearly."""


def words(status: int) -> str:
    """Return the meaning of a status."""
    return WORDS.get(Status(status), "") if status in set(Status) else "unknown status"


def trouble(status: int) -> DriverError:
    """Return the error for a reply whose status is not a good one."""
    if status in WITH_THE_TAG:
        return TagLostError(f"the tag did not answer (status {status:02X} {words(status)})")
    error = RefusedError(status, words(status))
    if status == Status.NOT_IMPLEMENTED:
        error.hint = "This pad does not know the command: check the driver name."
    return error
