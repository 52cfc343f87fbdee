"""What the demo's broker lets through: only what the topic table says, only to whom has a key."""

import asyncio
import ssl
from pathlib import Path

import aiomqtt
import pytest

from edge.wire import topics

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def port(demo):
    return demo.places.ports["broker"]


def keys(demo, device):
    folder = demo.places.pi(device) / "keys"
    return folder / "ca.crt", folder / "device.crt", folder / "device.key"


def context(ca, cert=None, key=None):
    made = ssl.create_default_context(cafile=ca)
    if cert:
        made.load_cert_chain(cert, key)
    return made


def client(port, tls, name="somebody"):
    return aiomqtt.Client(
        "127.0.0.1", port, identifier=name, tls_context=tls, timeout=5,
        protocol=aiomqtt.ProtocolVersion.V5,
    )  # fmt: skip


async def test_a_device_may_not_speak_for_another(demo, port):
    row, have = topics.REPLICA_WANTED, b'{"version":0}'
    async with (
        client(port, context(*gateway(demo)), "listener") as centre,
        client(port, context(*keys(demo, "xa-all")), "liar") as xa,
    ):
        await centre.subscribe(row.everywhere(), qos=1)
        for site, device in (("tinh", "tinh-kiosk"), ("tinh", "xa-all"), ("xa", "xa-all")):
            await xa.publish(row.of(site, device), have, qos=1)
        async with asyncio.timeout(10):
            message = await anext(aiter(centre.messages))
    assert str(message.topic) == row.of("xa", "xa-all")


async def test_a_device_does_not_hear_what_is_said_to_another(demo, port):
    async with (
        client(port, context(*keys(demo, "xa-all")), "listener") as xa,
        client(port, context(*gateway(demo)), "teller") as centre,
    ):
        await xa.subscribe("shelfwire/#", qos=1)
        for site, device in (("tinh", "tinh-kiosk"), ("xa", "xa-all")):
            await centre.publish(topics.COMMAND.of(site, device), b"{}", qos=1)
        heard = set()
        async with asyncio.timeout(10):
            async for message in xa.messages:
                heard.add(str(message.topic))
                if str(message.topic).endswith("down/command"):
                    break
    assert all(topic.split("/")[2] == "xa" for topic in heard)


def gateway(demo):
    pki = demo.places.centre / "pki"
    return pki / "server-ca.crt", pki / "gateway.crt", pki / "gateway.key"


async def test_nobody_gets_in_without_a_certificate(demo, port):
    with pytest.raises((aiomqtt.MqttError, OSError)):
        async with client(port, context(keys(demo, "xa-all")[0])) as nobody:
            await nobody.publish("shelfwire/1/xa/xa-all/state", b"{}", qos=1)


async def test_nothing_older_than_tls_1_3_gets_in(demo, port):
    old = context(*keys(demo, "xa-all"))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection("127.0.0.1", port, ssl=old, server_hostname="localhost")


def test_nothing_of_the_demo_listens_beyond_this_machine(demo):
    ours = {f"{port:04X}" for port in demo.places.ports.values()}
    seen = {}
    for file in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(file).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            host, port = address.split(":")
            if state == "0A" and port in ours:
                seen[port] = host
    assert len(seen) == len(ours)
    assert set(seen.values()) == {"0100007F"}
