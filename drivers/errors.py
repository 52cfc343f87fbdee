"""What can go wrong between a driver and its device."""


class DriverError(Exception):
    """A device could not do what was asked.

    ``retryable`` is a fact of the class: True when the same call may succeed once the cause is gone
    (a cable back in, a tag held still); the caller then closes the device and opens it again.
    ``hint`` is one sentence for the person who has to mend it, or empty.
    """

    retryable = False
    hint = ""


class PortLostError(DriverError):
    """The cable, the adapter or the socket went away."""

    retryable = True
    hint = "Check the cable and the power of the device."


class NoReplyError(DriverError):
    """The device did not answer in time."""

    retryable = True
    hint = "Check that the device is switched on and that speed and address are right."


class FrameError(DriverError):
    """What came over the wire is not a frame of this protocol (length, checksum, marker)."""

    retryable = True


class RefusedError(DriverError):
    """The device answered, and the answer is no."""

    def __init__(self, status: int, words: str = "") -> None:
        super().__init__(f"device answered status 0x{status:02X}{': ' + words if words else ''}")
        self.status = status


class TagLostError(DriverError):
    """The tag left the field, or did not answer, in the middle of an operation on it.

    The device is well: do not close it. Ask the person to put the item back and try again.
    """

    hint = "Put the item back and hold it still."


class GateDataLostError(DriverError):
    """The gate reader's buffer ran over: passages were not seen by us."""

    hint = "Look at the gate: items may have passed unseen."


class OptionError(DriverError):
    """A driver was given an option it cannot use; the text names the option and what is allowed."""
