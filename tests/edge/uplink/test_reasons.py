"""What a broker says why, and that nothing but what all brokers can do is asked of one."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.config import UplinkOptions
from edge.uplink import link
from edge.uplink.link import LinkLostError, connect
from edge.wire.topics import ALL

CONNECT, SUBSCRIBE = 1, 8
CONNACK = bytes.fromhex("20 03 00 00 00")


class Talker:
    """A broker of a few bytes: answers CONNECT, then says its last word to a SUBSCRIBE."""

    def __init__(self, connack: bytes, last: bytes) -> None:
        self.connack, self.last = connack, last
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while packet := await reader.read(4096):
            self.heard.append(packet)
            writer.write(self.connack if packet[0] >> 4 == CONNECT else self.last)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def talking(talker: Talker) -> AsyncIterator[UplinkOptions]:
    server = await asyncio.start_server(talker.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield UplinkOptions(host="127.0.0.1", port=port, tls=False)
    finally:
        server.close()


async def said(talker: Talker) -> str:
    return str(await lost(talker))


async def lost(talker: Talker) -> LinkLostError:
    async with talking(talker) as options:
        with pytest.raises(LinkLostError) as caught:
            async with connect(options, "kiosk-1", ("a", b"")) as open_:
                asyncio.get_running_loop().call_soon(_subscribe, open_)
                async for _ in open_.messages():
                    pass
    return caught.value


def _subscribe(link: Any) -> None:
    link._client._client.subscribe("shelfwire/1/a/b/down/cursor", 0)


async def test_a_second_machine_under_the_same_name_is_said_to_be_one() -> None:
    text = await said(Talker(CONNACK, bytes.fromhex("e0 02 8e 00")))
    assert "another machine" in text
    assert "cloned" in text


async def test_a_device_that_the_broker_does_not_know_is_said_to_be_so() -> None:
    text = await said(Talker(bytes.fromhex("20 03 00 87 00"), b""))
    assert "enrolled" in text


async def test_a_broker_that_only_hangs_up_is_a_lost_link() -> None:
    assert await said(Talker(b"\xff" * 8, b""))


def test_no_topic_asks_for_more_than_any_broker_can() -> None:
    for row in ALL:
        topic = row.everywhere()
        assert {*topic} <= {*"abcdefghijklmnopqrstuvwxyz0123456789-/+"}, "no $share, no dots, no #"


@pytest.mark.parametrize("code", ["88", "89", "97", "9f"])
async def test_a_broker_without_time_is_spared(code: str) -> None:
    assert (await lost(Talker(bytes.fromhex(f"20 03 00 {code} 00"), b""))).busy


@pytest.mark.parametrize("tls", [False, True])
async def test_a_broker_that_takes_the_call_and_lets_it_wait_is_spared(
    tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PATIENCE", 0.5)
    over = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    options = UplinkOptions(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls=False)
    if tls:
        monkeypatch.setattr(link, "context", lambda _: link._Context(ssl.PROTOCOL_TLS_CLIENT))
        unused = Path("unused")
        options = replace(options, tls=True, ca=unused, cert=unused, key=unused)
    try:
        with pytest.raises(LinkLostError) as caught:
            async with connect(options, "kiosk-1", ("a", b"")):
                pass
    finally:
        over.set()
        server.close()
    assert caught.value.busy


async def test_a_broker_that_is_not_there_is_asked_again_as_usual() -> None:
    options = UplinkOptions(host="127.0.0.1", port=1, tls=False)
    with pytest.raises(LinkLostError) as caught:
        async with connect(options, "kiosk-1", ("a", b"")):
            pass
    assert not caught.value.busy
