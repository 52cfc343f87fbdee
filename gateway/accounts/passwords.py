"""Passwords as they are kept: scrypt with a salt of their own (RFC 7914)."""

import base64
import hashlib
import hmac
import secrets

from gateway.errors import RefusedError

SHORTEST, LONGEST = 10, 200
_LOG_N, _R, _P = 15, 8, 3
"""32 MiB and three rounds: what OWASP names for scrypt."""
_MEMORY = 128 * 1024 * 1024


def keep(password: str) -> str:
    """Return what is kept of a password; raise RefusedError for one that is too short or long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise RefusedError(f"a password has {SHORTEST} to {LONGEST} characters")
    salt = secrets.token_bytes(16)
    return (
        f"scrypt${_LOG_N}${_R}${_P}${_text(salt)}${_text(_derive(password, salt, _LOG_N, _R, _P))}"
    )


def fits(password: str, kept: str) -> bool:
    """Return whether this is the password; takes as long when there is none."""
    try:
        _, log_n, r, p, salt, wanted = kept.split("$")
        cost = (int(log_n), int(r), int(p))
    except ValueError:
        cost, salt, wanted = (_LOG_N, _R, _P), _text(bytes(16)), ""
    got = _derive(password[:LONGEST], base64.b64decode(salt), *cost)
    return bool(wanted) and hmac.compare_digest(got, base64.b64decode(wanted))


def _derive(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=1 << log_n, r=r, p=p, maxmem=_MEMORY, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
