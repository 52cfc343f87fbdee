"""Events and batches: the bytes of ``up/facts``.

```
01 | codec | payload         codec 00: JSON, 01: JSON + zstd
payload = {"device", "epoch", "first", "events": [...], "prev"}
```

Events are consecutive from ``first``; ``prev`` is the :func:`mark` of the event before it, so that
a batch is never taken for the continuation of another history (an old image of a card came back).
"""

from typing import Any

import msgspec
import zstandard

from edge.wire.errors import WireError
from edge.wire.facts import Fact

VERSION = 1
JSON, JSON_ZSTD = 0, 1
MAX_PAYLOAD = 4 * 1024 * 1024
"""A batch never unpacks to more than this many bytes; a larger one is refused."""
COMPRESS_FROM = 200


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


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a batch that this program does not understand; ``seq`` is known by its place."""

    seq: int
    raw: bytes
    why: str


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive events of one device and epoch; ``first`` is the sequence number of the first.

    ``prev``: the mark of the event before the first; empty: there is none, or it is not known.
    """

    device: str
    epoch: str
    first: int
    events: list[Event | Unreadable]
    prev: str = ""


class _RawBatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    device: str
    epoch: str
    first: int
    events: list[msgspec.Raw]
    prev: str = ""


_encoder = msgspec.json.Encoder()
_batch_decoder = msgspec.json.Decoder(_RawBatch)
_event_decoder = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """Return the JSON of one event, as the journal keeps it."""
    return _encoder.encode(event)


def decode_event(raw: bytes) -> Event:
    """Return an event from its JSON; raise WireError if it is not one."""
    try:
        return _event_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"not an event: {error}") from None


def mark(ident: str) -> str:
    """Return the end of an event's id: enough to tell two events under one number apart."""
    return ident[-8:]


def encode_batch(device: str, epoch: str, first: int, events: list[bytes], prev: str = "") -> bytes:
    """Return the bytes of a batch from events already encoded by :func:`encode_event`."""
    raw = [msgspec.Raw(event) for event in events]
    payload = _encoder.encode(
        _RawBatch(device=device, epoch=epoch, first=first, events=raw, prev=prev)
    )
    if len(payload) < COMPRESS_FROM:
        return bytes((VERSION, JSON)) + payload
    return bytes((VERSION, JSON_ZSTD)) + zstandard.compress(payload, 3)


def decode_batch(data: bytes) -> Batch:
    """Return the batch, with events that cannot be understood as Unreadable in their place.

    Raises WireError when not even the places are known: wrong version, codec, JSON or size.
    """
    try:
        raw = _batch_decoder.decode(_unpack(data))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"batch: {error}") from None
    if raw.first < 1:
        raise WireError(f"batch: first is {raw.first}, sequence numbers start at 1")
    events = [_event(raw.first + n, bytes(body)) for n, body in enumerate(raw.events)]
    return Batch(device=raw.device, epoch=raw.epoch, first=raw.first, events=events, prev=raw.prev)


def _event(seq: int, raw: bytes) -> Event | Unreadable:
    try:
        event = decode_event(raw)
    except WireError as error:
        return Unreadable(seq=seq, raw=raw, why=str(error))
    if event.seq != seq:
        return Unreadable(seq=seq, raw=raw, why=f"event says seq {event.seq}, its place is {seq}")
    return event


def _unpack(data: bytes) -> bytes:
    if len(data) < 2:
        raise WireError("batch: shorter than its two head bytes")
    if data[0] != VERSION:
        raise WireError(f"batch: version {data[0]}, this program speaks {VERSION}")
    if data[1] == JSON:
        return data[2:]
    if data[1] != JSON_ZSTD:
        raise WireError(f"batch: unknown codec {data[1]}")
    try:
        if zstandard.frame_content_size(data[2:]) > MAX_PAYLOAD:
            raise WireError(f"batch: unpacks to more than {MAX_PAYLOAD} bytes")
        return zstandard.ZstdDecompressor().decompress(data[2:], max_output_size=MAX_PAYLOAD)
    except zstandard.ZstdError as error:
        raise WireError(f"batch: not zstd: {error}") from None


def to_builtins(value: Any) -> Any:
    """Return plain dicts and lists of any value of this folder, for logs and screens."""
    return msgspec.to_builtins(value)
