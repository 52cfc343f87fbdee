"""A PIN on its way to the centre: sealed with the site's secret, good for one question only.

AES-256-GCM; the key is HMAC-SHA256 of the site's secret, the associated data are the question's id
and the card reference. A broker, a recording or a log that holds the message does not hold the PIN,
and the same sealed PIN sent again with another question is not understood.
"""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.wire.errors import WireError

LONGEST = 32
"""Characters of a PIN at most."""
_NONCE = 12


def seal(site_key: bytes, question: str, card: str, pin: str) -> str:
    """Return a PIN as hex that only who has the site's secret can open."""
    nonce = secrets.token_bytes(_NONCE)
    return (nonce + _cipher(site_key).encrypt(nonce, pin.encode(), _about(question, card))).hex()


def unseal(site_key: bytes, question: str, card: str, sealed: str) -> str:
    """Return the PIN; raise WireError when it was sealed for something else or is none."""
    try:
        raw = bytes.fromhex(sealed)
        if not _NONCE + 16 < len(raw) <= _NONCE + 16 + LONGEST:
            raise WireError("Ask.sealed: not of a PIN's length")
        return (
            _cipher(site_key).decrypt(raw[:_NONCE], raw[_NONCE:], _about(question, card)).decode()
        )
    except (ValueError, InvalidTag):
        raise WireError(
            "Ask.sealed: not sealed with this site's secret for this question"
        ) from None


def _cipher(site_key: bytes) -> AESGCM:
    return AESGCM(hmac.new(site_key, b"pin", hashlib.sha256).digest())


def _about(question: str, card: str) -> bytes:
    return f"{question} {card}".encode()
