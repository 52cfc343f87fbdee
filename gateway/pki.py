"""The two certificate authorities and what they sign. Elliptic curve P-256, nothing else.

The device CA signs only clients and is all the broker trusts; the server CA signs only the broker
and is all a device trusts. So no device can pose as the broker, and no web CA can make a device.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.errors import HomeError

AUTHORITY_YEARS = 20
DEVICE_DAYS = 825
SERVER_DAYS = 825
_SKEW = timedelta(hours=48)
"""A Pi without a clock may be behind: certificates begin to be valid this long ago."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key."""

    cert: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def cert_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.cert.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key as unencrypted PKCS#8 PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hex."""
        return self.cert.fingerprint(hashes.SHA256()).hex()


def load_pair(cert_pem: bytes, key_pem: bytes) -> Pair:
    """Return a pair from its PEM files; raise HomeError when they are not EC certificates."""
    try:
        key = serialization.load_pem_private_key(key_pem, None)
        cert = x509.load_pem_x509_certificate(cert_pem)
    except ValueError as error:
        raise HomeError(f"key or certificate cannot be read: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise HomeError("the authority's key is not an elliptic curve key")
    return Pair(cert, key)


def make_signing_key() -> bytes:
    """Make the key that signs commands (Ed25519), as unencrypted PKCS#8 PEM."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def load_signing_key(pem: bytes) -> Ed25519PrivateKey:
    """Return the key that signs commands; raise HomeError when it is none."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except ValueError as error:
        raise HomeError(f"the key for commands cannot be read: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise HomeError("the key for commands is not an Ed25519 key")
    return key


def make_authority(name: str) -> Pair:
    """Make a certificate authority that may sign end certificates only."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(name, name, key, timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(cert_sign=True), critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def make_client(authority: Pair, name: str) -> Pair:
    """Make a device's certificate: its name is the user name that the broker knows it by."""
    return _sign(authority, name, ExtendedKeyUsageOID.CLIENT_AUTH, DEVICE_DAYS)


def make_signer(authority: Pair, name: str) -> Pair:
    """Make the certificate of the centre's own key: it signs for devices, and opens their bundles.

    It lives as long as its authority: the devices that must know it may be out of reach.
    """
    return _sign(authority, name, ExtendedKeyUsageOID.CODE_SIGNING, 365 * AUTHORITY_YEARS)


def make_server(authority: Pair, hosts: list[str]) -> Pair:
    """Make the broker's certificate for host names and addresses."""
    names: list[x509.GeneralName] = [_general(host) for host in hosts]
    alternative = x509.SubjectAlternativeName(names)
    return _sign(authority, hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, SERVER_DAYS, alternative)


def hosts_of(cert: x509.Certificate) -> list[str]:
    """Return the host names and addresses that a broker's certificate is for."""
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in names]


def is_old(cert: x509.Certificate) -> bool:
    """Return whether a third of a certificate's life is left, or less."""
    since, until = cert.not_valid_before_utc, cert.not_valid_after_utc
    return (until - datetime.now(UTC)) * 3 <= until - since


def make_revocations(authority: Pair, serials: list[int]) -> bytes:
    """Return the authority's list of certificates that are no longer good, as PEM."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.cert.subject)
        .last_update(now - _SKEW)
        .next_update(now + timedelta(days=365 * AUTHORITY_YEARS))
    )
    for serial in serials:
        row = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
        builder = builder.add_revoked_certificate(row.build())
    crl = builder.sign(authority.key, hashes.SHA256())
    return crl.public_bytes(serialization.Encoding.PEM)


def _sign(
    authority: Pair,
    name: str,
    purpose: x509.ObjectIdentifier,
    days: int,
    alternative: x509.SubjectAlternativeName | None = None,
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    builder = (
        _builder(name, str(issuer), key, timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(cert_sign=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    if alternative is not None:
        builder = builder.add_extension(alternative, critical=False)
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    name: str, issuer: str, key: ec.EllipticCurvePrivateKey, length: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + length)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, cert_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=cert_sign,
        crl_sign=cert_sign,
        encipher_only=False,
        decipher_only=False,
    )
