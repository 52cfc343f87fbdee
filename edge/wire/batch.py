"""Events and batches: the bytes of ``up/facts``.

```
01 | codec | payload         codec 00: JSON, 01: JSON + zstd, 02: compact, 03: compact + zstd
                             04: compact with references to the catalogue, 05: the same + zstd
                             06: the same, going on from the event before
                             07: 04 + zstd with a dictionary, 08: 06 + zstd with a dictionary
payload = {"device", "epoch", "first", "events": [...], "prev"}
```

Events are consecutive from ``first``; ``prev`` is the :func:`mark` of the event before it, so that
a batch is never taken for the continuation of another history (an old image of a card came back).
"""

from contextlib import suppress
from typing import Any
from zlib import crc32

import msgspec
import zstandard

from edge.wire.columns import NOTHING, Known
from edge.wire.compact import pack, pack_on, unpack, unpack_on
from edge.wire.dictionaries import lengthen, shorten
from edge.wire.errors import UnresolvedError, WireError
from edge.wire.events import Event, Stamp, decode_event, encode_event, mark

__all__ = [
    "Batch", "Event", "Known", "Stamp", "Unreadable", "decode_batch", "decode_event", "encode_batch",
    "encode_event", "is_newest", "mark", "refers", "to_builtins",
]  # fmt: skip
VERSION = 1
JSON, JSON_ZSTD, COMPACT, COMPACT_ZSTD, REFERRING, REFERRING_ZSTD = range(6)
GOING_ON, REFERRING_TRAINED, GOING_ON_TRAINED = range(6, 9)
MAX_PAYLOAD = 4 * 1024 * 1024
"""A batch never unpacks to more than this many bytes; a larger one is refused."""
COMPRESS_FROM = 200
LEVEL, SMALL_LEVEL = 3, 12


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


def encode_batch(
    device: str,
    epoch: str,
    first: int,
    events: list[bytes],
    prev: str = "",
    *,
    small: bool = False,
    known: Known | None = None,
    before: bytes = b"",
) -> bytes:
    """Return the bytes of a batch from events already encoded by :func:`encode_event`.

    ``small``: in the compact code, which takes a tenth of the room and ten times the time; with
    ``known`` it refers to the catalogue, and only who has the same can read it. ``before``: the
    event before the first, if the ledger has it; a batch with ``known`` goes on from there.
    """
    if small and known is not None:
        with suppress(UnresolvedError):
            if before:
                checksum = _checksum([device.encode(), epoch.encode(), before, *events])
                payload = checksum + pack_on(before, first, events, known)
                return _trained(GOING_ON, payload, GOING_ON_TRAINED)
        payload = _checksum(events) + pack(device, epoch, first, events, prev, known)
        return _trained(REFERRING, payload, REFERRING_TRAINED)
    if small:
        payload = pack(device, epoch, first, events, prev)
        return _shorter(COMPACT, payload, COMPACT_ZSTD, SMALL_LEVEL)
    raw = [msgspec.Raw(event) for event in events]
    payload = _encoder.encode(
        _RawBatch(device=device, epoch=epoch, first=first, events=raw, prev=prev)
    )
    return _shorter(JSON, payload, JSON_ZSTD, LEVEL)


def refers(data: bytes) -> bool:
    """Return whether a batch can only be read with the catalogue (or a dictionary)."""
    return len(data) > 1 and REFERRING <= data[1] <= GOING_ON_TRAINED


def is_newest(data: bytes) -> bool:
    """Return whether a device that sends this knows the newest forms of an answer, too."""
    return len(data) > 1 and data[1] >= GOING_ON


def decode_batch(data: bytes, known: Known = NOTHING) -> Batch:
    """Return the batch, with events that cannot be understood as Unreadable in their place.

    Raises WireError when not even the places are known: wrong version, codec, JSON or size; of
    these UnresolvedError when the batch refers to other things than ``known``, or to a dictionary
    that this program lacks.
    """
    codec, payload = _unpack(data)
    if codec == JSON:
        try:
            raw = _batch_decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise WireError(f"batch: {error}") from None
        device, epoch, first, prev = raw.device, raw.epoch, raw.first, raw.prev
        bodies = [bytes(body) for body in raw.events]
    elif codec == COMPACT:
        device, epoch, first, prev, bodies = unpack(payload)
    elif codec == GOING_ON:
        event, first, bodies = unpack_on(payload[4:], known)
        device, epoch, prev = event.device, event.epoch, mark(decode_event(event.body).id)
        if _checksum([device.encode(), epoch.encode(), event.body, *bodies]) != payload[:4]:
            raise UnresolvedError("batch: goes on from another event than the one here")
    else:
        device, epoch, first, prev, bodies = unpack(payload[4:], known)
        if _checksum(bodies) != payload[:4]:
            differs = UnresolvedError("batch: the catalogue here is another than there")
            differs.epoch = epoch
            raise differs
    if first < 1:
        raise WireError(f"batch: first is {first}, sequence numbers start at 1")
    events = [_event(first + n, body) for n, body in enumerate(bodies)]
    return Batch(device=device, epoch=epoch, first=first, events=events, prev=prev)


def _checksum(bodies: list[bytes]) -> bytes:
    return crc32(b"\n".join(bodies)).to_bytes(4, "big")


def _event(seq: int, raw: bytes) -> Event | Unreadable:
    try:
        event = decode_event(raw)
    except WireError as error:
        return Unreadable(seq=seq, raw=raw, why=str(error))
    if event.seq != seq:
        return Unreadable(seq=seq, raw=raw, why=f"event says seq {event.seq}, its place is {seq}")
    return event


def _shorter(plain: int, payload: bytes, packed: int, level: int) -> bytes:
    if len(payload) >= COMPRESS_FROM:
        short = zstandard.compress(payload, level)
        if len(short) < len(payload):
            return bytes((VERSION, packed)) + short
    return bytes((VERSION, plain)) + payload


def _trained(plain: int, payload: bytes, packed: int) -> bytes:
    short = shorten(payload)
    if len(short) < len(payload):
        return bytes((VERSION, packed)) + short
    return bytes((VERSION, plain)) + payload


def _unpack(data: bytes) -> tuple[int, bytes]:
    """Return the codec (JSON, COMPACT, REFERRING, GOING_ON) and the payload as it was packed."""
    if len(data) < 2:
        raise WireError("batch: shorter than its two head bytes")
    if data[0] != VERSION:
        raise WireError(f"batch: version {data[0]}, this program speaks {VERSION}")
    codec, payload = data[1], data[2:]
    if codec in (JSON, COMPACT, REFERRING, GOING_ON):
        return codec, payload
    if codec in (REFERRING_TRAINED, GOING_ON_TRAINED):
        plain = REFERRING if codec == REFERRING_TRAINED else GOING_ON
        return plain, lengthen(payload, MAX_PAYLOAD)
    if codec not in (JSON_ZSTD, COMPACT_ZSTD, REFERRING_ZSTD):
        raise WireError(f"batch: unknown codec {codec}")
    try:
        if zstandard.frame_content_size(payload) > MAX_PAYLOAD:
            raise WireError(f"batch: unpacks to more than {MAX_PAYLOAD} bytes")
        whole = zstandard.ZstdDecompressor().decompress(payload, max_output_size=MAX_PAYLOAD)
    except zstandard.ZstdError as error:
        raise WireError(f"batch: not zstd: {error}") from None
    return codec - 1, whole


def to_builtins(value: Any) -> Any:
    """Return plain dicts and lists of any value of this folder, for logs and screens."""
    return msgspec.to_builtins(value)
