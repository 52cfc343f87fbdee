"""Why there is no connection to a broker: what an operator can do about it, in words."""

import errno
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

CODES = {
    0x80: "the connection was cut",
    0x87: "the broker knows no device of this certificate; is it enrolled, and the list reloaded?",
    0x88: "the broker cannot serve now",
    0x89: "the broker is busy",
    0x8E: "another machine speaks under this device's name; was its card cloned?",
    0x95: "the broker takes smaller messages only; raise its packet size",
    0x97: "the broker's quota is used up",
    0x9F: "too many machines connect to the broker at once",
}
"""What a reason code of MQTT 5 means here."""
_NO_TIME = frozenset({0x88, 0x89, 0x97, 0x9F})
_VERIFY = {
    9: "the broker's certificate is not valid yet: is this machine's clock right?",
    10: "the broker's certificate has ended, or this machine's clock is wrong; see `renew`",
    62: "the broker's certificate is not for this name; mend `host`, or `renew --host`",
    64: "the broker's certificate is not for this address; mend `host`, or `renew --host`",
}
_ERRNO = {
    errno.ECONNREFUSED: "nobody answers at this address and port: does the broker run?",
    errno.ENETUNREACH: "there is no network: cable, Wi-Fi, router?",
    errno.EHOSTUNREACH: "the broker's machine cannot be reached: network, router, firewall?",
    errno.ECONNRESET: CODES[0x80],
    errno.EPIPE: CODES[0x80],
}


def has_no_time(error: BaseException) -> bool:
    """Return whether a try to connect failed at a broker that is there, and has too much to do.

    It says so, or it took the call and let TLS or CONNECT wait. One that cannot be reached at all is
    none: it is not spared by being asked less often.
    """
    for one in _chain(error):
        code = getattr(one, "rc", None)
        if getattr(code, "value", code) in _NO_TIME:
            return True
        if isinstance(one, TimeoutError) and one.errno is None:
            return str(one) == "" or "handshake" in str(one)
    return False


def why(error: BaseException) -> str:
    """Return what is behind an error of the MQTT library, or its own words."""
    for one in _chain(error):
        code = getattr(one, "rc", None)
        code = getattr(code, "value", code)
        if code in CODES:
            return CODES[code]
        if isinstance(one, ssl.SSLCertVerificationError):
            return _VERIFY.get(
                getattr(one, "verify_code", 0),
                "the broker's certificate is not signed by our `ca`: is it ours?",
            )
        if type(one).__name__ == "gaierror":
            return "the broker's name is not known: is there a network, and a name server (DNS)?"
        if isinstance(one, TimeoutError):
            return "no answer in time: network, firewall?"
        if isinstance(one, OSError) and one.errno in _ERRNO:
            return _ERRNO[one.errno]
    return str(error) or type(error).__name__


def refused(cert: Path | None) -> str:
    """Return why a broker may hang up during the handshake, seen from our own certificate."""
    said = "the broker refused the connection"
    try:
        until = x509.load_pem_x509_certificate(
            cert.read_bytes() if cert else b""
        ).not_valid_after_utc
    except (OSError, ValueError):
        return said
    if until < datetime.now(UTC):
        return f"{said}: our certificate ended on {until:%Y-%m-%d}; `enrol` this device again"
    return f"{said}: is this device enrolled, and its certificate not revoked?"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
