import asyncio
import datetime
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge.config import UplinkOptions
from edge.uplink.link import LinkLostError, Secrets, connect
from edge.uplink.testing import Link, through

WILL = ("shelfwire/1/tinh/tinh-kiosk/state", b"gone")


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self._sign(name, self.key, ca=True)
        self.path = folder / f"{name}.crt"
        self.path.write_bytes(self.cert.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Return the files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        cert.write_bytes(self._sign(name, key).public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return cert, private

    def _sign(self, name: str, key: Any, *, ca: bool = False) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
            )
            .sign(self.key, hashes.SHA256())
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "device-ca")


@pytest.fixture
def secure(tmp_path: Path, authority: Authority, broker_of: Any) -> Iterator[Any]:
    cert, key = authority.issue("broker")
    access = tmp_path / "acl"
    access.write_text("user tinh-kiosk\ntopic write shelfwire/1/tinh/tinh-kiosk/#\n"
                      "user watcher\ntopic read #\n")  # fmt: skip
    broker = broker_of(
        [
            f"cafile {authority.path}", f"certfile {cert}", f"keyfile {key}",
            "tls_version tlsv1.3", "require_certificate true", "use_identity_as_username true",
            f"acl_file {access}",
        ]
    )  # fmt: skip
    broker.start()
    yield broker
    broker.kill()


def options(broker: Any, authority: Authority, name: str, **others: Any) -> UplinkOptions:
    cert, key = authority.issue(name)
    return UplinkOptions(
        **{"host": "127.0.0.1", "port": broker.port, "ca": authority.path, "cert": cert, "key": key,
           **others}
    )  # fmt: skip


async def test_a_device_with_its_certificate_speaks_for_itself_only(
    secure: Any, authority: Authority
) -> None:
    async with (
        connect(options(secure, authority, "watcher"), "watcher", ("x", b"")) as watcher,
        connect(options(secure, authority, "tinh-kiosk"), "tinh-kiosk", WILL) as link,
    ):
        assert await watcher.subscribe(["shelfwire/#"]) == []
        await link.publish("shelfwire/1/tinh/another/up/facts", b"spoofed")
        await link.publish("shelfwire/1/tinh/tinh-kiosk/up/facts", b"own")
        async with asyncio.timeout(3):
            heard = await anext(watcher.messages())
    assert heard == ("shelfwire/1/tinh/tinh-kiosk/up/facts", b"own")


async def test_the_second_handshake_goes_without_certificates(
    secure: Any, authority: Authority
) -> None:
    wire = Link()
    given = options(secure, authority, "tinh-kiosk")
    sizes = []
    async with through(wire, secure.port) as port:
        secrets = Secrets(given)
        for _ in range(3):
            wire.forget()
            near = replace(given, port=port)
            async with connect(near, "tinh-kiosk", WILL, None, secrets) as link:
                assert await link.subscribe(["shelfwire/1/tinh/tinh-kiosk/down/cursor"]) == []
            sizes.append(wire.up + wire.down)
    assert sizes[1] < 0.8 * sizes[0]
    assert sizes[2] < 0.8 * sizes[0]


async def test_new_certificates_are_read(secure: Any, authority: Authority) -> None:
    given = options(secure, authority, "tinh-kiosk")
    secrets = Secrets(given)
    first = secrets.context()
    assert secrets.context() is first
    options(secure, authority, "tinh-kiosk")
    assert secrets.context() is not first


async def test_a_stranger_is_refused(secure: Any, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "other-ca")
    cert, key = stranger.issue("tinh-kiosk")
    with pytest.raises(LinkLostError):
        async with connect(
            options(secure, authority, "tinh-kiosk", cert=cert, key=key), "tinh-kiosk", WILL
        ) as link:
            await link.subscribe(["a"])


async def test_a_broker_with_a_foreign_certificate_is_not_trusted(
    secure: Any, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "other-ca")
    with pytest.raises(LinkLostError, match="not signed by our `ca`"):
        async with connect(
            options(secure, authority, "tinh-kiosk", ca=stranger.path), "tinh-kiosk", WILL
        ):
            pass


async def test_a_certificate_that_cannot_be_read_is_named(
    secure: Any, authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(LinkLostError, match=r"\[uplink\] ca, cert or key cannot be used"):
        async with connect(
            options(secure, authority, "tinh-kiosk", key=tmp_path / "none"), "tinh-kiosk", WILL
        ):
            pass
