"""Signing in through an OpenID Connect provider: code flow with PKCE, signed ID tokens only.

Followed: OpenID Connect Core 1.0 (3.1), Discovery 1.0 (4), RFC 7636. Signatures: RS256, ES256.
"""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.errors import GatewayError

LONGEST = 256 * 1024
SECONDS = 10
LEEWAY_S = 120
Fetch = Callable[[str, dict[str, str] | None], Any]
"""Gets JSON of an address, or posts a form to it; raises OidcError."""


class OidcError(GatewayError):
    """The provider's answer cannot be believed or did not come; the text says why."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows of us. ``claim`` is what an account's subject is compared with."""

    issuer: str
    client_id: str
    secret: str
    claim: str = "sub"


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: where to send the browser, and what must come back."""

    address: str
    state: str
    nonce: str
    verifier: str


def fetch(url: str, form: dict[str, str] | None) -> Any:
    """Return JSON from the network; http only on loopback."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise OidcError(f"{url}: the provider must use https")
    data = None if form is None else urlencode(form).encode()
    request = urllib.request.Request(url, data, {"Accept": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read(LONGEST))
    except urllib.error.HTTPError as error:
        with error:
            raise OidcError(f"the provider answers {error.code}") from None
    except (OSError, ValueError) as error:
        raise OidcError(f"the provider cannot be asked: {error}") from None


class Provider:
    """One provider; its addresses and keys are asked for when they are needed."""

    def __init__(self, client: Client, fetch: Fetch = fetch) -> None:
        self._client, self._fetch = client, fetch
        self._about: dict[str, Any] | None = None

    def begin(self, back: str) -> Begun:
        """Begin a sign-in that comes back to the address ``back``."""
        verifier = secrets.token_urlsafe(48)
        challenge = _text(hashlib.sha256(verifier.encode()).digest())
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        question = {
            "response_type": "code", "scope": "openid email profile", "redirect_uri": back,
            "client_id": self._client.client_id, "state": state, "nonce": nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        address = str(self._known("authorization_endpoint"))
        mark = "&" if "?" in address else "?"
        return Begun(f"{address}{mark}{urlencode(question)}", state, nonce, verifier)

    def finish(self, code: str, begun_nonce: str, verifier: str, back: str, now: int) -> str:
        """Return who signed in (the claim that accounts name); ``now`` in ms."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back,
            "client_id": self._client.client_id, "client_secret": self._client.secret,
            "code_verifier": verifier,
        }  # fmt: skip
        answer = self._fetch(str(self._known("token_endpoint")), form)
        token = answer.get("id_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise OidcError("the provider gave no ID token")
        claims = self._read(token)
        self._check(claims, begun_nonce, now // 1000)
        subject = claims.get(self._client.claim)
        if self._client.claim == "email" and claims.get("email_verified") is not True:
            raise OidcError("the provider has not verified the e-mail address")
        if not isinstance(subject, str) or not subject:
            raise OidcError(f"the ID token has no {self._client.claim}")
        return subject

    def _known(self, name: str) -> Any:
        if self._about is None:
            issuer = self._client.issuer.rstrip("/")
            about = self._fetch(f"{issuer}/.well-known/openid-configuration", None)
            if not isinstance(about, dict) or about.get("issuer") != self._client.issuer:
                raise OidcError("the provider names itself otherwise than [oidc] issuer")
            self._about = about
        if name not in self._about:
            raise OidcError(f"the provider does not name its {name}")
        return self._about[name]

    def _read(self, token: str) -> dict[str, Any]:
        """Return the claims of a token whose signature is the provider's."""
        try:
            head, body, sign = token.split(".")
            header, claims = json.loads(_bytes(head)), json.loads(_bytes(body))
            signature, kid = _bytes(sign), header.get("kid")
        except (ValueError, AttributeError):
            raise OidcError("the ID token cannot be read") from None
        if not isinstance(claims, dict):
            raise OidcError("the ID token cannot be read")
        keys = self._fetch(str(self._known("jwks_uri")), None)
        found = keys.get("keys", []) if isinstance(keys, dict) else []
        for key in found:
            if isinstance(key, dict) and (kid is None or key.get("kid") == kid):
                try:
                    _verify(header.get("alg"), key, f"{head}.{body}".encode(), signature)
                except (InvalidSignature, KeyError, ValueError, TypeError):
                    continue
                return claims
        raise OidcError("the ID token is not signed by the provider")

    def _check(self, claims: dict[str, Any], nonce: str, now_s: int) -> None:
        audience = claims.get("aud")
        ours = audience if isinstance(audience, list) else [audience]
        expires = claims.get("exp")
        if claims.get("iss") != self._client.issuer or self._client.client_id not in ours:
            raise OidcError("the ID token is meant for somebody else")
        if len(ours) > 1 and claims.get("azp") != self._client.client_id:
            raise OidcError("the ID token is meant for somebody else")
        if claims.get("nonce") != nonce:
            raise OidcError("the ID token belongs to another sign-in")
        if not isinstance(expires, int | float) or expires + LEEWAY_S < now_s:
            raise OidcError("the ID token has expired")


def _verify(alg: Any, key: dict[str, Any], data: bytes, signature: bytes) -> None:
    if alg == "RS256" and key["kty"] == "RSA":
        public = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
        public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    elif alg == "ES256" and key["kty"] == "EC" and len(signature) == 64:
        point = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1())
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        point.public_key().verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    else:
        raise InvalidSignature


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
