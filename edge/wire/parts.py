"""Parts of a replica as they travel: packed, and signed by the centre.

```
{…}                                                       JSON: where nothing is signed (no TLS)
02 | codec | key (8) | signature (64) | n (2) | certificate (n) | payload
```
``codec`` 00: JSON, 01: JSON + zstd. The signature is of site, codec and payload. The certificate
is the centre's own (DER, signed by the authority that the device trusts); it is left out (n = 0)
where the device has it.
"""

from typing import TypeVar

import zstandard

from edge.wire.errors import WireError
from edge.wire.messages import Message, Part, decode, encode
from edge.wire.seal import KEY_ID, SIGNATURE, Seal, SealError, Trust, check

VERSION = 2
JSON, JSON_ZSTD = range(2)
MAX_PART = 4 * 1024 * 1024
"""A part never unpacks to more than this many bytes."""
LEVEL = 12
_HEAD = 2 + KEY_ID + SIGNATURE + 2
_WHAT = b"shelfwire part"
M = TypeVar("M", bound=Message)


def encode_part(part: Part, site: str, seal: Seal | None = None) -> bytes:
    """Return a part as it travels to a site, without the certificate."""
    return pack(part, site, seal, _WHAT)


def decode_part(data: bytes, site: str, trust: Trust | None = None) -> Part:
    """Return a part for a site; with ``trust`` only one that the centre signed.

    Raises WireError: UnknownKeyError when the key was never met and no certificate came along.
    """
    return unpack(data, Part, site, trust, _WHAT)


def pack(message: Message, site: str, seal: Seal | None, what: bytes) -> bytes:
    """Return a message that the centre says to a site; ``what`` it is, is signed too."""
    plain = encode(message)
    if seal is None:
        return plain
    packed = zstandard.compress(plain, LEVEL)
    codec, payload = (JSON_ZSTD, packed) if len(packed) < len(plain) else (JSON, plain)
    signature = seal.sign(what, site.encode(), bytes((codec,)), payload)
    return bytes((VERSION, codec)) + seal.name + signature + bytes(2) + payload


def with_certificate(data: bytes, cert: bytes) -> bytes:
    """Return a signed part with the certificate of its key; one that is not signed as it is."""
    if data[:1] != bytes((VERSION,)) or data[_HEAD - 2 : _HEAD] != bytes(2):
        return data
    return data[: _HEAD - 2] + len(cert).to_bytes(2, "big") + cert + data[_HEAD:]


def unpack(data: bytes, kind: type[M], site: str, trust: Trust | None, what: bytes) -> M:
    """Return what :func:`pack` made; see :func:`decode_part`."""
    if data[:1] == b"{":
        if trust is not None:
            raise SealError(f"{kind.__name__}: it is not signed")
        return decode(data, kind)
    if len(data) < _HEAD or data[0] != VERSION:
        raise WireError(f"part: version {data[0] if data else 'missing'}, known is {VERSION}")
    codec, name = data[1], data[2 : 2 + KEY_ID]
    signature = data[2 + KEY_ID : _HEAD - 2]
    begins = _HEAD + int.from_bytes(data[_HEAD - 2 : _HEAD], "big")
    payload = data[begins:]
    if trust is not None:
        if begins > _HEAD:
            trust.learn(data[_HEAD:begins])
        check(trust.public(name), signature, what, site.encode(), bytes((codec,)), payload)
    return decode(_unpack(codec, payload), kind)


def _unpack(codec: int, payload: bytes) -> bytes:
    if codec == JSON:
        return payload
    if codec != JSON_ZSTD:
        raise WireError(f"part: unknown codec {codec}")
    try:
        if zstandard.frame_content_size(payload) > MAX_PART:
            raise WireError(f"part: unpacks to more than {MAX_PART} bytes")
        return zstandard.ZstdDecompressor().decompress(payload, max_output_size=MAX_PART)
    except zstandard.ZstdError as error:
        raise WireError(f"part: not zstd: {error}") from None
