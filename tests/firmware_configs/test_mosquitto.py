"""The brokers' configuration, run by real Mosquittos with real certificates."""

import asyncio
import getpass
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from edge.wire import topics
from edge.wire.topics import SHARED, Who
from gateway import acl, pki

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin") or ""
SITE = "tinh"
DEVICES = [(SITE, "tinh-kiosk"), (SITE, "tinh-gate"), (SITE, "bridge-tinh"), ("xa", "xa-all")]
CURSOR = topics.CURSOR.of(SITE, "tinh-kiosk")
KIOSK_FACTS = topics.FACTS.of(SITE, "tinh-kiosk")
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not MOSQUITTO, reason="mosquitto is not installed"),
]


@dataclass(frozen=True)
class Keys:
    """The files of /etc/mosquitto/shelfwire, and a pair for every client."""

    folder: Path

    def context(self, name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        return context

    def client(self, port: int, name: str) -> aiomqtt.Client:
        return aiomqtt.Client(
            "localhost",
            port,
            identifier=f"client of {name}",
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=self.context(name),
        )


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    devices, servers = pki.make_authority("devices"), pki.make_authority("servers")
    pairs = {"broker": pki.make_server(servers, ["localhost"])}
    pairs |= {
        name: pki.make_client(devices, name) for name in ["gateway", *(d for _, d in DEVICES)]
    }
    pairs["device"] = pairs["bridge-tinh"]
    pairs["stranger"] = pki.make_client(pki.make_authority("another"), "tinh-kiosk")
    for name, pair in pairs.items():
        (tmp_path / f"{name}.crt").write_bytes(pair.cert_pem)
        (tmp_path / f"{name}.key").write_bytes(pair.key_pem)
    (tmp_path / "device-ca.crt").write_bytes(devices.cert_pem)
    (tmp_path / "ca.crt").write_bytes(servers.cert_pem)
    revoked = [pairs["xa-all"].cert.serial_number]
    (tmp_path / "revoked.crl").write_bytes(pki.make_revocations(devices, revoked))
    (tmp_path / "acl").write_text(acl.render(DEVICES))
    (tmp_path / "acl").chmod(0o600)
    return Keys(tmp_path)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def written(config: Path, keys: Keys, port: int, centre: int) -> Path:
    """Return a shipped file with only addresses and folders changed."""
    text = config.read_text().replace("/etc/mosquitto/shelfwire", str(keys.folder))
    text = text.replace("listener 8883", f"listener {port} 127.0.0.1")
    text = text.replace("centre.library.example:8883", f"localhost:{centre}")
    here = keys.folder / config.name
    here.write_text(f"{text}user {getpass.getuser()}\n")
    return here


@asynccontextmanager
async def broker(config: Path, keys: Keys, centre: int = 0) -> AsyncIterator[int]:
    """Run a shipped file; yield its port."""
    port = free_port()
    command = [MOSQUITTO, "-c", str(written(config, keys, port, centre))]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        for _ in range(100):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            await asyncio.sleep(0.05)
        assert process.returncode is None
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def heard(client: aiomqtt.Client) -> tuple[str, bytes]:
    """Return topic and payload of the next message."""
    async with asyncio.timeout(10):
        message = await anext(aiter(client.messages))
    assert isinstance(message.payload, bytes)
    return str(message.topic), message.payload


async def test_a_device_speaks_for_itself_and_for_nobody_else(configs: Path, keys: Keys) -> None:
    async with broker(configs / "mosquitto/centre.conf", keys) as port:
        gateway, kiosk = keys.client(port, "gateway"), keys.client(port, "tinh-kiosk")
        async with gateway, kiosk:
            await gateway.subscribe(f"{topics.ROOT}/#", qos=1)
            for forged in (topics.FACTS.of(SITE, "tinh-gate"), CURSOR, topics.ALLOWED.of(SITE)):
                await kiosk.publish(forged, b"forged", qos=1)
            await kiosk.publish(KIOSK_FACTS, b"mine", qos=1)
            assert await heard(gateway) == (KIOSK_FACTS, b"mine")


async def test_a_device_hears_only_what_is_for_it(configs: Path, keys: Keys) -> None:
    async with broker(configs / "mosquitto/centre.conf", keys) as port:
        gateway, gate = keys.client(port, "gateway"), keys.client(port, "tinh-gate")
        async with gateway, gate:
            await gate.subscribe(f"{topics.ROOT}/#", qos=1)
            await gateway.publish(CURSOR, b"for the kiosk", qos=1)
            await gateway.publish(topics.ALLOWED.of("xa"), b"for another site", qos=1)
            await gateway.publish(topics.ALLOWED.of(SITE), b"for the site", qos=1)
            assert await heard(gate) == (topics.ALLOWED.of(SITE), b"for the site")


@pytest.mark.parametrize("name", ["stranger", "xa-all"])
async def test_a_foreign_or_revoked_certificate_is_not_let_in(
    configs: Path, keys: Keys, name: str
) -> None:
    async with broker(configs / "mosquitto/centre.conf", keys) as port:
        reader, writer = await asyncio.open_connection("localhost", port, ssl=keys.context(name))
        with pytest.raises(ssl.SSLError, match="alert"):
            await reader.read(1)
        writer.transport.abort()


async def test_the_bridge_carries_a_site_both_ways(configs: Path, keys: Keys) -> None:
    site_conf = configs / "mosquitto/site-bridge.conf"
    async with (
        broker(configs / "mosquitto/centre.conf", keys) as centre,
        keys.client(centre, "gateway") as gateway,
    ):
        await gateway.publish(topics.CURSOR.of("xa", "xa-all"), b"other", qos=1, retain=True)
        await gateway.publish(CURSOR, b"cursor", qos=1, retain=True)
        await gateway.subscribe(f"{topics.ROOT}/#", qos=1)
        async with (
            broker(site_conf, keys, centre) as site,
            keys.client(site, "tinh-kiosk") as kiosk,
        ):
            await kiosk.subscribe(f"{topics.ROOT}/#", qos=1)
            assert await heard(kiosk) == (CURSOR, b"cursor")
            await kiosk.publish(topics.FACTS.of(SITE, "tinh-gate"), b"forged", qos=1)
            await kiosk.publish(KIOSK_FACTS, b"facts", qos=1)
            assert await heard(gateway) == (KIOSK_FACTS, b"facts")


def test_the_bridge_carries_every_topic_of_the_table_and_no_other(configs: Path) -> None:
    text = (configs / "mosquitto/site-bridge.conf").read_text()
    carried = set(re.findall(r"^topic (\S+) (in|out) 0$", text, re.MULTILINE))
    assert carried == {
        (
            f"{topics.ROOT}/{SITE}/{SHARED if row.shared else '+'}/{row.path}",
            "out" if row.publisher is Who.DEVICE else "in",
        )
        for row in topics.ALL
        if not row.neighbours
    }


async def test_neighbours_hear_each_other_at_the_broker_of_the_site_or_of_the_centre(
    configs: Path, keys: Keys
) -> None:
    place = topics.SITE_PLACE.of(SITE, "tinh-kiosk")
    forged = topics.SITE_PLACE.of(SITE, "tinh-gate")
    for name in ("site-bridge.conf", "centre.conf"):
        async with broker(configs / "mosquitto" / name, keys, free_port()) as port:
            kiosk, gate = keys.client(port, "tinh-kiosk"), keys.client(port, "tinh-gate")
            async with kiosk:
                await kiosk.publish(forged, b"forged", qos=1, retain=True)
                await kiosk.publish(topics.SITE_PLACE.of("xa", "xa-all"), b"forged", qos=1)
                await kiosk.publish(place, b"place", qos=1, retain=True)
            async with gate:  # it was off when the kiosk spoke
                await gate.subscribe(topics.SITE_PLACE.at_site(SITE), qos=1)
                assert await heard(gate) == (place, b"place")


def test_what_neighbours_say_stays_at_their_site(configs: Path) -> None:
    carried = (configs / "mosquitto/site-bridge.conf").read_text().splitlines()
    assert not [line for line in carried if line.startswith("topic ") and "/site/" in line]
    blocks = acl.render(DEVICES).split("\n\n")
    for block in blocks:
        if "user gateway" in block or "user bridge-tinh" in block:
            assert "/site/" not in block
        if "user xa-all" in block:
            assert "tinh" not in block


def test_a_bridge_may_speak_for_its_own_site_only() -> None:
    blocks = acl.render([(SITE, "bridge-tinh"), ("xa", "bridge-tinh")]).split("\n\n")
    rows = [block for block in blocks if "user bridge-tinh" in block]
    assert f"topic write {topics.ROOT}/{SITE}/+/up/facts" in rows[0]
    assert f"topic write {topics.ROOT}/xa/bridge-tinh/up/facts" in rows[1]
    spoken = [line for row in rows[1:] for line in row.splitlines() if "topic write" in line]
    assert all("/+/" not in line for line in spoken)
