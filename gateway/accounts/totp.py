"""Codes of an authenticator app: RFC 6238 with SHA-1, six digits, thirty seconds."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote

STEP_MS = 30_000
DIGITS = 6
DRIFT = 1
"""Codes of so many steps before and after are taken too."""


def new_secret() -> str:
    """Make a secret of 160 bits, in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code(secret: bytes, counter: int, digits: int = DIGITS) -> str:
    """Return the code of a counter (RFC 4226, 5.3)."""
    mac = hmac.new(secret, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def counter_of(secret: str, text: str, now: int, used: int) -> int | None:
    """Return the counter whose code this is, or None; a counter up to ``used`` is never good."""
    key = base64.b32decode(secret)
    wanted = "".join(text.split()).encode("utf-8", "replace")
    for counter in range(now // STEP_MS - DRIFT, now // STEP_MS + DRIFT + 1):
        if counter > used and hmac.compare_digest(code(key, counter).encode(), wanted):
            return counter
    return None


def address(secret: str, account: str) -> str:
    """Return the address that an authenticator app takes, as text or QR code."""
    return f"otpauth://totp/Shelfwire:{quote(account)}?secret={secret}&issuer=Shelfwire"
