import asyncio

import pytest

from demo.world.network import NetworkPlug


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
        await writer.drain()
    writer.close()


async def test_a_plug_carries_both_ways_is_cut_and_carries_again():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    plug = NetworkPlug(0, server.sockets[0].getsockname()[1])
    await plug.plug()
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", plug.port)
        writer.write(b"xin chao")
        assert await reader.readexactly(8) == b"xin chao"
        await plug.unplug()
        with pytest.raises(ConnectionError):
            while await reader.read(100):
                pass
            raise ConnectionResetError
        writer.transport.abort()
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", plug.port)
        await plug.plug()
    await plug.unplug()
    server.close()
    await server.wait_closed()


async def test_a_plug_without_a_broker_behind_it_closes_at_once():
    plug = NetworkPlug(0, 1)
    await plug.plug()
    reader, writer = await asyncio.open_connection("127.0.0.1", plug.port)
    with pytest.raises(ConnectionError):
        if not await reader.read(10):
            raise ConnectionResetError
    writer.transport.abort()
    await plug.unplug()
