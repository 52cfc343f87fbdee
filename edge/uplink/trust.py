"""What enrolment gave a device to know its centre by, and to make itself known."""

import logging
import os
from pathlib import Path

from edge.config import UplinkOptions
from edge.wire.seal import CENTRE, Seal, SealError, Trust, seal_from

log = logging.getLogger(__name__)
FILE = f"{CENTRE}.crt"


def trust_of(options: UplinkOptions, data: Path) -> Trust | None:
    """Return what to believe of the centre; None without an authority (a bench without TLS).

    The centre's certificate lies beside the authority's, or in ``data`` if it came over the network.
    """
    if options.ca is None:
        return None
    ca = options.ca.read_bytes() if options.ca.is_file() else b""
    for given in (data / FILE, options.ca.with_name(FILE)):
        try:
            if given.is_file():
                return Trust(ca, given.read_bytes())
        except (OSError, SealError) as error:
            log.warning("%s cannot be used: %s", given, error)
    try:
        return Trust(ca)
    except SealError as error:
        log.warning("%s: %s", options.ca, error)
        return None


def keep(trust: Trust, data: Path) -> None:
    """Keep the centre's newest certificate for the time without a network; it can come again."""
    fresh = data / f"{FILE}.new"
    try:
        with fresh.open("wb") as file:
            file.write(trust.pem)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(data / FILE)
    except OSError as error:
        log.warning("%s cannot be kept: %s", FILE, error)


def seal_of(options: UplinkOptions) -> Seal:
    """Return this device's own key; SealError when it is missing or not what it should be."""
    if options.key is None or options.cert is None:
        raise SealError("[uplink] cert, key")
    try:
        return seal_from(options.key.read_bytes(), options.cert.read_bytes())
    except OSError as error:
        raise SealError(f"[uplink] cert, key ({error})") from None
