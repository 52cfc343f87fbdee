"""A receipt that proves itself: signed by the device, whose key the centre certified. No network needed.

```
text    "SW1:" and base32 (no padding) of msgpack [cert, cert sign, slip, slip sign]: fits QR's letters
cert    msgpack [site, device, public key (32 bytes), good until (s)]
slip    msgpack [at (s), number (4 bytes), [[what, item, due (minutes)], …]]
what    0 lent, 1 returned, 2 renewed; 4 more: decided without the centre (the date is expected)
signs   Ed25519, 64 bytes, over a context line and the bytes of cert or slip as they stand
```
It names no reader, and no titles: who checks it looks those up.
"""

import base64
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.wire.errors import WireError

T = TypeVar("T")
HEAD = "SW1:"
LONGEST = 4296
"""What the largest QR code holds."""
MINUTE_MS = 60_000
DEEDS: tuple[Literal["lent", "returned", "renewed"], ...] = ("lent", "returned", "renewed")
_CERT, _SLIP = b"shelfwire receipt key 1\n", b"shelfwire receipt 1\n"
_ALONE = 4

Sign = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Moment = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
Minutes = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
Name = Annotated[str, msgspec.Meta(max_length=64)]


class NotGenuineError(WireError):
    """A text is no receipt of ours; the message says why, for people."""


class Entry(msgspec.Struct, frozen=True):
    """A line: what was done with an item; ``due`` in ms (whole minutes), 0: none."""

    deed: str
    item: str
    due: int = 0
    sure: bool = True


class Slip(msgspec.Struct, frozen=True):
    """What a receipt says. ``at`` in ms; ``number`` is eight hexadecimal digits."""

    at: int
    number: str
    entries: list[Entry]


class Proof(msgspec.Struct, frozen=True):
    """A receipt that is genuine, and who made it."""

    site: str
    device: str
    slip: Slip


class _Cert(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    site: Name
    device: Name
    public: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    until: Moment


class _Line(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    what: Annotated[int, msgspec.Meta(ge=0, le=6)]
    item: Name
    due: Minutes


class _Slip(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    at: Moment
    number: Annotated[bytes, msgspec.Meta(min_length=4, max_length=4)]
    lines: Annotated[list[_Line], msgspec.Meta(max_length=200)]


class _Whole(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    cert: bytes
    cert_sign: Sign
    slip: bytes
    slip_sign: Sign


def certify(
    centre: Ed25519PrivateKey, site: str, device: str, public: Ed25519PublicKey, until: int
) -> str:
    """Return the centre's word for a device's receipt key, good until (ms), as base32 text."""
    body = msgspec.msgpack.encode(_Cert(site, device, public.public_bytes_raw(), until // 1000))
    return base64.b32encode(centre.sign(_CERT + body) + body).decode().rstrip("=")


class Signer:
    """Signs receipts; raises NotGenuineError when the certificate is no certificate."""

    def __init__(self, key: Ed25519PrivateKey, certificate: str) -> None:
        raw = _unpadded(certificate.strip())
        self._key, self._sign, self._cert = key, raw[:64], raw[64:]
        if _decoded(self._cert, _Cert).public != key.public_key().public_bytes_raw():
            raise NotGenuineError("the receipt certificate belongs to another key")

    def sign(self, slip: Slip) -> str:
        """Return the text of a receipt."""
        lines = [
            _Line(
                DEEDS.index(one.deed) + (0 if one.sure else _ALONE),
                one.item,
                one.due // MINUTE_MS,
            )
            for one in slip.entries
        ]
        body = msgspec.msgpack.encode(_Slip(slip.at // 1000, bytes.fromhex(slip.number), lines))
        whole = _Whole(self._cert, self._sign, body, self._key.sign(_SLIP + body))
        return HEAD + base64.b32encode(msgspec.msgpack.encode(whole)).decode().rstrip("=")


def is_receipt(text: str) -> bool:
    """Whether a scanned text wants to be a receipt."""
    return text.strip().upper().startswith(HEAD)


def verify(
    text: str, *centres: Ed25519PublicKey, stopped: Mapping[str, int] | None = None
) -> Proof:
    """Return what a receipt proves; raise NotGenuineError for anything else.

    ``centres`` are the keys that the centre has or had. ``stopped``: devices' keys (hex) of which
    nothing is believed that they signed at that time (ms) or later.
    """
    text = text.strip().upper()
    if not text.startswith(HEAD) or len(text) > LONGEST:
        raise NotGenuineError("this is not the code of a receipt")
    whole = _decoded(_unpadded(text[len(HEAD) :]), _Whole)
    _certified(whole, centres)
    cert = _decoded(whole.cert, _Cert)
    try:
        Ed25519PublicKey.from_public_bytes(cert.public).verify(whole.slip_sign, _SLIP + whole.slip)
    except (InvalidSignature, ValueError):
        raise NotGenuineError(
            "the signature does not fit: it was changed, or is not ours"
        ) from None
    slip = _decoded(whole.slip, _Slip)
    if slip.at > cert.until:
        raise NotGenuineError("the machine's receipt key was not good any more")
    since = (stopped or {}).get(cert.public.hex())
    if since is not None and slip.at * 1000 >= since:
        raise NotGenuineError("the machine's receipt key was stopped before")
    return Proof(cert.site, cert.device, _slip(slip))


def _certified(whole: _Whole, centres: tuple[Ed25519PublicKey, ...]) -> None:
    for centre in centres:
        try:
            centre.verify(whole.cert_sign, _CERT + whole.cert)
        except InvalidSignature:
            continue
        return
    raise NotGenuineError("the signature does not fit: it was changed, or is not ours")


def _slip(slip: _Slip) -> Slip:
    entries = []
    for line in slip.lines:
        if line.what % _ALONE >= len(DEEDS):
            raise NotGenuineError("it says something that this program does not know")
        deed, due = DEEDS[line.what % _ALONE], line.due * MINUTE_MS
        entries.append(Entry(deed, line.item, due, line.what < _ALONE))
    return Slip(slip.at * 1000, slip.number.hex().upper(), entries)


def _unpadded(text: str) -> bytes:
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        raise NotGenuineError("the code did not arrive whole") from None


def _decoded(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotGenuineError("the code did not arrive whole") from None
