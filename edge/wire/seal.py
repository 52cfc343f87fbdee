"""Who said it, and for whom it is closed: P-256 keys that enrolment certified, AES-GCM, HKDF.

A device trusts the server CA (``ca.crt``) and, through it, the certificate of the centre: a key
that signs what goes down and opens what comes up on a stick. The centre knows its devices' keys.
"""

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.wire.errors import WireError

CENTRE = "centre"
"""The common name in the certificate of the centre's own key."""
SIGNATURE, KEY_ID = 64, 8
"""Bytes of a signature (r and s), of a key's name."""
UNREADABLE = (
    ValueError, TypeError, UnsupportedAlgorithm,
    x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
    CryptographyDeprecationWarning,
)  # fmt: skip
"""What the library raises for a certificate that is none (the warning: in a later version)."""
_CURVE, _HASH = ec.SECP256R1(), hashes.SHA256()


class SealError(WireError):
    """A key, certificate or signature is not what it should be; the text says which."""


class UnknownKeyError(SealError):
    """Signed by a key that is not known here (yet)."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A private key with its certificate (DER): signs, and opens what was closed for it."""

    key: ec.EllipticCurvePrivateKey
    cert: bytes

    @property
    def name(self) -> bytes:
        """The name of the key."""
        return key_id(self.key.public_key())

    def sign(self, what: bytes, *parts: bytes) -> bytes:
        """Return the signature of the parts; ``what`` says what they are, and is signed too."""
        r, s = decode_dss_signature(self.key.sign(_bound(what, parts), ec.ECDSA(_HASH)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def cipher(self, point: bytes) -> AESGCM:
        """Return the cipher of what was closed for this key with the key of a :func:`close_for`."""
        try:
            other = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
        except ValueError:
            raise SealError("key: not a point of P-256") from None
        return _cipher(self.key, other, point, self.key.public_key())


def seal_from(key_pem: bytes, cert_pem: bytes) -> Seal:
    """Return a seal from its two PEM files; SealError when they do not belong together."""
    try:
        key = load_pem_private_key(key_pem, None)
        cert = x509.load_pem_x509_certificate(cert_pem)
    except (ValueError, TypeError) as error:
        raise SealError(f"key or certificate cannot be read: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or _public(cert) != key.public_key():
        raise SealError("key and certificate do not belong together")
    return Seal(key, cert.public_bytes(Encoding.DER))


def check(public: ec.EllipticCurvePublicKey, signature: bytes, what: bytes, *parts: bytes) -> None:
    """Raise SealError unless the signature is of this key and these parts."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), _bound(what, parts), ec.ECDSA(_HASH))
    except InvalidSignature:
        raise SealError("signature: it is not of these bytes") from None


def close_for(public: ec.EllipticCurvePublicKey) -> tuple[bytes, AESGCM]:
    """Return a point to send along and a cipher that only the owner of the key can make again."""
    key = ec.generate_private_key(_CURVE)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return point, _cipher(key, public, point, public)


def key_id(public: ec.EllipticCurvePublicKey) -> bytes:
    """Return the name of a public key."""
    digest = hashes.Hash(_HASH)
    digest.update(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize()[:KEY_ID]


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certificate says: whose key it is, and its serial number (hex)."""

    name: str
    serial: str
    public: ec.EllipticCurvePublicKey
    signs: bool


def read_certificate(der: bytes, authority: x509.Certificate) -> Certified:
    """Return what a certificate of this authority says; SealError of any other.

    Its dates are not looked at: the ledger's list of devices says who may speak, and a site that
    was cut off for long must not be cut off for good.
    """
    try:
        cert = x509.load_der_x509_certificate(der)
        cert.verify_directly_issued_by(authority)
        name = cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        purposes = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (*UNREADABLE, InvalidSignature, IndexError, x509.ExtensionNotFound):
        raise SealError("cert: not a certificate of our authority") from None
    signs = ExtendedKeyUsageOID.CODE_SIGNING in purposes
    return Certified(str(name), f"{cert.serial_number:x}", _public(cert), signs)


class Trust:
    """What a device believes of what comes down: the authority, and the centre's keys it met.

    ``newest`` names the newest key (empty: none is known), ``pem`` is its certificate.
    """

    def __init__(self, ca_pem: bytes, centre_pem: bytes = b"") -> None:
        """Take the authority and, if enrolment gave it, the centre's certificate."""
        self._known: dict[bytes, ec.EllipticCurvePublicKey] = {}
        self.newest, self.pem = b"", b""
        try:
            self._authority = x509.load_pem_x509_certificate(ca_pem)
            given = x509.load_pem_x509_certificate(centre_pem) if centre_pem else None
        except UNREADABLE as error:
            raise SealError(f"ca.crt or centre.crt cannot be read: {error}") from None
        if given is not None:
            self.learn(given.public_bytes(Encoding.DER))

    def learn(self, der: bytes) -> bytes:
        """Take a certificate of the centre; return the name of its key."""
        found = read_certificate(der, self._authority)
        if found.name != CENTRE or not found.signs:
            raise SealError("cert: not the certificate of a centre")
        self.newest = key_id(found.public)
        self.pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
        self._known[self.newest] = found.public
        return self.newest

    def public(self, name: bytes) -> ec.EllipticCurvePublicKey:
        """Return the centre's key of a name; UnknownKeyError when it was never met."""
        try:
            return self._known[name]
        except KeyError:
            raise UnknownKeyError(
                f"signature: of a key that is not known here: {name.hex()}"
            ) from None


def _public(cert: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = cert.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SealError("cert: its key is not an elliptic curve key")
    return key


def _bound(what: bytes, parts: tuple[bytes, ...]) -> bytes:
    """Return bytes from which the parts can be told again: none can pass for another."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in (what, *parts))


def _cipher(
    own: ec.EllipticCurvePrivateKey,
    other: ec.EllipticCurvePublicKey,
    point: bytes,
    owner: ec.EllipticCurvePublicKey,
) -> AESGCM:
    secret = own.exchange(ec.ECDH(), other)
    bound = point + owner.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    key = HKDF(_HASH, length=32, salt=None, info=b"shelfwire bundle 1" + bound).derive(secret)
    return AESGCM(key)
