"""The one error of the wire format."""


class WireError(ValueError):
    """A topic or payload that is not of this wire format; the text names what and where."""
