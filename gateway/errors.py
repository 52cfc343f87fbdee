"""The errors of the centre; the text says what was seen and how to mend it."""


class GatewayError(Exception):
    """The centre cannot go on with what it was given; a person must change something."""


class HomeError(GatewayError):
    """The gateway's folder is missing, incomplete or was made by a newer program."""


class ImportLineError(GatewayError):
    """A line of an import file is not what it should be; the text names file, line and field."""


class RefusedError(GatewayError):
    """A message or a click that must not have an effect; the text says why."""
