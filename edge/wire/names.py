"""Given names of a class on their way to its site and in its copy: sealed with the site's secret.

AES-256-GCM; the key is HMAC-SHA256 of the site's secret, the associated data is the reference of the
child. The nonce follows from key, reference and name, so that the same list is sealed the same way
again (a copy that did not change is not sent anew). A storage without the site's secret, which lies
elsewhere, gives no name.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.wire.errors import WireError

LONGEST = 64
"""Bytes of a given name at most."""
_NONCE, _BLOCK = 12, 16


def seal_name(site_key: bytes, ref: str, name: str) -> str:
    """Return a name as hex that only who has the site's secret can open; its length is hidden."""
    key, plain = _key(site_key), name.encode()[:LONGEST]
    plain += bytes(-len(plain) % _BLOCK)
    nonce = hmac.digest(key, ref.encode() + b" " + plain, "sha256")[:_NONCE]
    return (nonce + AESGCM(key).encrypt(nonce, plain, ref.encode())).hex()


def open_name(site_key: bytes, ref: str, sealed: str) -> str:
    """Return the name; raise WireError when it was sealed for another child or site, or is none."""
    try:
        raw = bytes.fromhex(sealed)
        plain = AESGCM(_key(site_key)).decrypt(raw[:_NONCE], raw[_NONCE:], ref.encode())
        return plain.rstrip(b"\0").decode()
    except (ValueError, InvalidTag):
        raise WireError("Pupil.name: not sealed with this site's secret for this child") from None


def _key(site_key: bytes) -> bytes:
    return hmac.new(site_key, b"class names", hashlib.sha256).digest()
