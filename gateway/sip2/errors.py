"""The errors of SIP2; each text says what was seen."""

from gateway.errors import GatewayError


class Sip2Error(GatewayError):
    """The library system could not be asked, or what it said cannot be used."""


class GarbledError(Sip2Error):
    """A line that is no SIP2 message."""


class LineError(Sip2Error):
    """The line to the library system is down; nothing was sent."""


class SilentError(LineError):
    """It took the connection and said nothing to our sign-in; nothing that matters was sent."""


class UnansweredError(Sip2Error):
    """Something was sent and no answer came: nobody knows whether it was done (rule R14)."""


class LoginError(Sip2Error):
    """The library system does not let us in."""
