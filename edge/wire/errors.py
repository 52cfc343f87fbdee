"""The one error of the wire format."""


class WireError(ValueError):
    """A topic or payload that is not of this wire format; the text names what and where."""


class UnresolvedError(WireError):
    """A batch refers to what is not known here, or not as there: it is to be said in full.

    ``epoch`` is that of the batch.
    """

    epoch = ""
