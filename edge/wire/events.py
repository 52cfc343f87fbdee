"""An event: a fact under its number, with its time. Its JSON is what journals and ledgers keep."""

import msgspec

from edge.wire.errors import WireError
from edge.wire.facts import Fact


class Stamp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When: wall clock and monotonic clock (ms), the boot they belong to, and how sure.

    ``clock`` is ``synced``, ``holdover`` or ``unset``; ``unc`` the uncertainty in ms.
    """

    wall: int
    mono: int
    boot: str
    clock: str = "synced"
    unc: int = 0


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A journaled fact under its id (UUIDv7) and the device's sequence number (from 1)."""

    seq: int
    id: str
    at: Stamp
    fact: Fact
    policy: int = 0
    replica: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """Return the JSON of one event, as the journal keeps it."""
    return _encoder.encode(event)


def decode_event(raw: bytes) -> Event:
    """Return an event from its JSON; raise WireError if it is not one."""
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"not an event: {error}") from None


def mark(ident: str) -> str:
    """Return the end of an event's id: enough to tell two events under one number apart."""
    return ident[-8:]
