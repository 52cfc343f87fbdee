"""What the status words of an RL866 reader mean, in words for logs and staff."""

from drivers.errors import DriverError, FrameError, RefusedError, TagLostError

OK = 0x0000
UNKNOWN_COMMAND = 0x0103
WRONG_NUMBER = 0x0104
INVALID_PARAMETER = 0x0105
NO_CONFIG_BLOCK = 0x0121
WRONG_HANDLE = 0x0415
LOCKED_OR_NO_BLOCK = 0x041B
NO_BLOCK = 0x041C
NO_TAG = 0x0420
WRONG_UID = 0x0424

WORDS = {
    OK: "ok",
    0x0001: "unknown error",
    0x0002: "invalid argument",
    0x0003: "not supported",
    0x0004: "timeout in the reader",
    0x0005: "out of memory",
    0x0006: "function not set up",
    0x0007: "overflow",
    0x0009: "fault inside the reader",
    0x000A: "a random number must be fetched first",
    0x000B: "wrong length of a parameter",
    0x0100: "wrong address",
    0x0101: "wrong checksum",
    0x0102: "wrong length",
    UNKNOWN_COMMAND: "unknown command",
    WRONG_NUMBER: "wrong message number",
    INVALID_PARAMETER: "invalid parameter",
    0x0106: "wrong type of block",
    NO_CONFIG_BLOCK: "no such configuration block",
    0x0122: "unknown air protocol",
    0x0400: "wrong data from the radio part",
    0x0401: "writing to the tag failed",
    0x0402: "talking to the tag failed for now",
    0x0403: "radio part overflowed",
    0x0404: "collision of tags",
    0x0405: "wrong checksum from the tag",
    0x0406: "wrong parity from the tag",
    0x0407: "the tag does not keep to its protocol",
    0x0408: "nothing was sent to the tag",
    0x0409: "the tag's answer was too short",
    0x040A: "talking to the tag failed",
    WRONG_HANDLE: "wrong handle",
    0x0416: "authentication failed",
    0x0417: "radio part is dead",
    0x0418: "memory of the radio part failed",
    0x0419: "collision of tags",
    0x041A: "wrong way of addressing",
    LOCKED_OR_NO_BLOCK: "the block is locked or does not exist",
    NO_BLOCK: "the block does not exist",
    0x041D: "not unlocked, or the password is locked",
    0x041E: "not unlocked",
    0x041F: "radio interference",
    NO_TAG: "no tag",
    0x0421: "unknown kind of tag",
    0x0422: "the tag says no",
    0x0423: "wrong data from the tag",
    WRONG_UID: "the answer came from another tag",
}

_ABOUT_FRAMES = range(0x0100, 0x0107)
_WITH_THE_TAG = frozenset(
    {*range(0x0400, 0x040B), 0x0419, 0x041F, NO_TAG, 0x0423, WRONG_UID}
)  # the reader is well; the tag was not heard, or not clearly

HINTS = {
    0x0417: "The reader found a fault in itself: check its power, then have it repaired.",
    0x0418: "The reader found a fault in itself: check its power, then have it repaired.",
    0x041F: "Look for metal or another reader near the antenna, and at its cable.",
    UNKNOWN_COMMAND: "This reader model does not know the command: check the driver name.",
}


def words(status: int) -> str:
    """Return the meaning of a status."""
    return WORDS.get(status, "unknown status")


def trouble(status: int, *, tag_command: bool) -> DriverError:
    """Return the error for a reply whose status is not a good one."""
    if status in _ABOUT_FRAMES and status not in (UNKNOWN_COMMAND, INVALID_PARAMETER):
        return FrameError(f"the reader did not take our frame ({status:04X} {words(status)})")
    if status in _WITH_THE_TAG:
        text = f"(status {status:04X} {words(status)})"
        if tag_command:
            return TagLostError(f"the tag did not answer {text}")
        return FrameError(f"the tags were not heard clearly {text}")
    error = RefusedError(status, words(status))
    error.hint = HINTS.get(status, "")
    return error
