"""What a FEIG reader's status byte means, in words for logs and staff."""

from enum import IntEnum

from drivers.errors import DriverError, FrameError, RefusedError, TagLostError


class Status(IntEnum):
    """The status byte of a reply."""

    OK = 0x00
    NO_TAG = 0x01
    DATA_FALSE = 0x02
    WRITE_ERROR = 0x03
    ADDRESS_ERROR = 0x04
    WRONG_TAG_TYPE = 0x05
    AUTHENTICATION = 0x08
    COLLISION = 0x0B
    GENERAL_ERROR = 0x0E
    BUSY = 0x0F
    EEPROM = 0x10
    PARAMETER_RANGE = 0x11
    LOGIN_NEEDED = 0x13
    LOGIN_ERROR = 0x14
    READ_PROTECTED = 0x15
    WRITE_PROTECTED = 0x16
    FIRMWARE_ACTIVATION = 0x17
    WRONG_FIRMWARE = 0x18
    EXTERNAL_DEVICE = 0x20
    UNKNOWN_COMMAND = 0x80
    LENGTH_ERROR = 0x81
    NOT_AVAILABLE = 0x82
    RF_COMMUNICATION = 0x83
    RF_WARNING = 0x84
    EPC_ERROR = 0x85
    NO_VALID_DATA = 0x92
    BUFFER_OVERFLOW = 0x93
    MORE_DATA = 0x94
    ISO15693_ERROR = 0x95
    ISO14443_ERROR = 0x96
    CRYPTO_ERROR = 0x97
    HARDWARE_WARNING = 0xF1
    STARTED_WITH_DEFAULTS = 0xF2


class IsoError(IntEnum):
    """The error byte of an ISO 15693 tag, which follows status 95."""

    NOT_SUPPORTED = 0x01
    WRONG_FORMAT = 0x02
    OPTION_NOT_SUPPORTED = 0x03
    UNKNOWN = 0x0F
    NO_BLOCK = 0x10
    ALREADY_LOCKED = 0x11
    LOCKED = 0x12
    NOT_PROGRAMMED = 0x13
    NOT_LOCKED = 0x14


WITH_THE_TAG = frozenset(
    {
        Status.NO_TAG,
        Status.DATA_FALSE,
        Status.WRITE_ERROR,
        Status.COLLISION,
        Status.RF_COMMUNICATION,
    }
)
"""The reader is well; the tag was not heard, or not clearly."""

UNCLEAR = frozenset({Status.DATA_FALSE, Status.COLLISION, Status.RF_COMMUNICATION})
"""In an inventory: tags disturbed one another; asking again helps."""

WITH_DATA_ALL_THE_SAME = frozenset({Status.RF_WARNING})
"""The reader complains of its antenna and yet did what was asked, when data follow."""

HINTS: dict[int, str] = {
    Status.LOGIN_NEEDED: "Set option password of the reader in the configuration.",
    Status.LOGIN_ERROR: "Option password is not the password of this reader.",
    Status.RF_WARNING: "Look for metal or another reader near the antenna, and at its cable.",
    Status.HARDWARE_WARNING: "The reader found a fault in itself: check antenna, cable and power.",
    Status.STARTED_WITH_DEFAULTS: "The reader lost settings: write its profile again.",
    Status.UNKNOWN_COMMAND: "This reader model does not know the command: check the driver name.",
}


class LoginNeededError(RefusedError):
    """The reader asks for a login: it has none of us, or it started anew and forgot ours.

    Retryable, because opening the device again logs in and sets it up as it should be.
    """

    retryable = True


class RebootedError(DriverError):
    """The reader's settings are not ours any more: it started anew. Opening it again mends that."""

    retryable = True
    hint = "If this comes often, look at the power supply of the reader."


class TagRefusedError(RefusedError):
    """The tag itself answered, and the answer is no: a locked block, a command it does not know."""

    def __init__(self, data: bytes) -> None:
        """Take what follows status 95: the tag's error, and maybe the block."""
        self.iso_error = data[0] if data else int(IsoError.UNKNOWN)
        self.block = data[1] if len(data) > 1 else None
        where = "" if self.block is None else f", block {self.block}"
        super().__init__(Status.ISO15693_ERROR, f"the tag says {self._words()}{where}")

    def _words(self) -> str:
        try:
            return IsoError(self.iso_error).name.lower().replace("_", " ")
        except ValueError:
            return f"error {self.iso_error:02X}"


def words(status: int) -> str:
    """Return the meaning of a status."""
    try:
        return Status(status).name.lower().replace("_", " ")
    except ValueError:
        return "unknown status"


def trouble(status: int, data: bytes, *, tag_command: bool) -> DriverError:
    """Return the error for a reply whose status is not a good one.

    ``data`` is what follows the status: after a failed write, where it failed.
    """
    if tag_command and status in WITH_THE_TAG:
        where = f", block {data[0]}" if data else ""
        return TagLostError(f"the tag did not answer (status {status:02X} {words(status)}{where})")
    if status == Status.BUSY:
        return FrameError("the reader is busy and wants to be asked again (status 0F)")
    if status in UNCLEAR:
        return FrameError(f"the tags were not heard clearly (status {status:02X} {words(status)})")
    if status == Status.ISO15693_ERROR:
        return TagRefusedError(data)
    kind = LoginNeededError if status == Status.LOGIN_NEEDED else RefusedError
    error = kind(status, words(status))
    error.hint = HINTS.get(status, "")
    return error
