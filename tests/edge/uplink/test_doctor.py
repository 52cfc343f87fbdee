"""The doctor and a real broker."""

import asyncio
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge.config import AgentOptions, Config, UplinkOptions
from edge.doctor.broker import look
from edge.doctor.model import Finding
from edge.uplink.link import connect

WILL = ("shelfwire/1/tinh/tinh-kiosk/state", b"gone")


def issue(folder: Path, name: str, issuer: str, authority: Any = None) -> Any:
    """Write a certificate and its key; without an authority it is one itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = authority or key
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    (folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return key


@pytest.fixture
def secure(tmp_path: Path, broker_of: Callable[[list[str]], Any]) -> Iterator[Any]:
    ca = issue(tmp_path, "ca", "ca")
    for name in ("broker", "tinh-kiosk"):
        issue(tmp_path, name, "ca", ca)
    issue(tmp_path, "stranger", "stranger-ca", issue(tmp_path, "stranger-ca", "stranger-ca"))
    broker = broker_of(
        [
            f"cafile {tmp_path}/ca.crt", f"certfile {tmp_path}/broker.crt",
            f"keyfile {tmp_path}/broker.key", "tls_version tlsv1.3", "require_certificate true",
            "use_identity_as_username true",
        ]
    )  # fmt: skip
    broker.start()
    yield broker
    broker.kill()


def config(folder: Path, port: int, who: str = "tinh-kiosk", protocol: Any = "5") -> Config:
    uplink = UplinkOptions(
        host="localhost", port=port, protocol=protocol,
        ca=folder / "ca.crt", cert=folder / f"{who}.crt", key=folder / f"{who}.key",
    )  # fmt: skip
    agent = AgentOptions(site="tinh", device="tinh-kiosk", data=folder, site_key=folder / "key")
    return Config(folder / "agent.toml", agent, uplink, {}, {})


async def examined(made: Config) -> dict[str, Finding]:
    findings: list[Finding] = []
    await look(findings.append, made)
    return {finding.key: finding for finding in findings}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_real_broker_takes_the_doctor(secure: Any, tmp_path: Path, protocol: str) -> None:
    found = await examined(config(tmp_path, secure.port, protocol=protocol))
    assert found["broker_ok"].level == "ok"
    assert {"cert_ok", "broker_ok"} == set(found)


async def test_a_stranger_s_certificate_is_refused_and_told(secure: Any, tmp_path: Path) -> None:
    found = await examined(config(tmp_path, secure.port, "stranger"))
    assert found["broker_refused"].level == "bad"


async def test_a_broker_whose_list_does_not_have_this_device_is_told(
    tmp_path: Path, broker_of: Callable[[list[str]], Any], secure: Any
) -> None:
    secure.kill()
    (tmp_path / "acl").write_text("topic write elsewhere\n")
    (tmp_path / "acl").chmod(0o600)
    lines = secure._config.read_text().splitlines()[3:]
    broker = broker_of([*lines, f"acl_file {tmp_path}/acl"])
    broker.start()
    try:
        found = await examined(config(tmp_path, broker.port))
    finally:
        broker.kill()
    assert found["broker_denied"].level == "bad"
    assert "broker_ok" not in found


async def test_the_doctor_does_not_push_the_agent_off_the_line(secure: Any, tmp_path: Path) -> None:
    made = config(tmp_path, secure.port)
    async with connect(made.uplink, "tinh-kiosk", WILL) as link:
        assert "broker_ok" in await examined(made)
        await asyncio.sleep(0.05)
        await link.publish("shelfwire/1/tinh/tinh-kiosk/state", b"here")
        assert await link.subscribe(["shelfwire/1/tinh/tinh-kiosk/#"]) == []
