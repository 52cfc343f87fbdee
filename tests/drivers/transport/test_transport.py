import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from drivers.errors import PortLostError
from drivers.testing.echo import Echo
from drivers.testing.serve import Served, serve_pty, serve_tcp
from drivers.transport import Pipe, SerialLine, open_transport

SERVERS: dict[str, Callable[[Echo], Awaitable[Served]]] = {"pty": serve_pty, "tcp": serve_tcp}


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture(params=SERVERS)
async def served(request: pytest.FixtureRequest, echo: Echo) -> AsyncIterator[Served]:
    served = await SERVERS[request.param](echo)
    yield served
    await served.close()


@pytest.fixture
async def pipe(served: Served) -> AsyncIterator[Pipe]:
    pipe = await open_transport(served.address)
    yield pipe
    await pipe.close()


async def read(pipe: Pipe, count: int) -> bytes:
    got = b""
    async with asyncio.timeout(5):
        while len(got) < count:
            got += await pipe.receive()
    return got


async def test_bytes_of_every_value_go_and_come(pipe: Pipe) -> None:
    await pipe.send(bytes(range(256)))
    assert await read(pipe, 256) == bytes(range(256))


async def test_more_than_the_kernel_holds_is_sent_whole(pipe: Pipe, echo: Echo) -> None:
    echo.mute = True
    data = bytes(range(251)) * 2000
    async with asyncio.timeout(10):
        await pipe.send(data)
        await echo.has_heard(len(data))
    assert echo.heard == data


async def test_replies_wait_for_their_time_and_keep_their_order(pipe: Pipe, echo: Echo) -> None:
    loop = asyncio.get_running_loop()
    echo.after = 0.05
    begin = loop.time()
    await pipe.send(b"a")
    await asyncio.sleep(0.01)
    echo.after = 0.0
    await pipe.send(b"b")
    assert await read(pipe, 2) == b"ab"
    assert loop.time() - begin >= 0.04


async def test_what_the_device_says_unasked_arrives(pipe: Pipe, echo: Echo) -> None:
    await pipe.send(b"?")
    assert await read(pipe, 1) == b"?"
    echo.say(b"hello")
    assert await read(pipe, 5) == b"hello"


async def test_a_cancelled_receive_loses_nothing(pipe: Pipe, echo: Echo) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.02):
            await pipe.receive()
    await pipe.send(b"kept")
    assert await read(pipe, 4) == b"kept"


async def test_discard_forgets_what_waits_and_not_what_comes(pipe: Pipe, echo: Echo) -> None:
    await pipe.send(b"old")
    await asyncio.sleep(0.05)
    pipe.discard()
    await pipe.send(b"new")
    assert await read(pipe, 3) == b"new"


async def test_a_host_that_does_not_receive_is_held_back_and_loses_nothing(
    pipe: Pipe, echo: Echo
) -> None:
    data = bytes(range(256)) * 8
    for _ in range(4):
        await pipe.send(data)
        await asyncio.sleep(0.02)
    assert await read(pipe, 4 * len(data)) == data * 4


async def test_unplugging_ends_a_receive_that_waits(pipe: Pipe, served: Served) -> None:
    waiting = asyncio.create_task(pipe.receive())
    await asyncio.sleep(0.01)
    await served.unplug()
    async with asyncio.timeout(5):
        with pytest.raises(PortLostError):
            await waiting


async def test_a_lost_port_stays_lost(pipe: Pipe, served: Served) -> None:
    await served.unplug()
    for _ in range(2):
        async with asyncio.timeout(5):
            with pytest.raises(PortLostError):
                await pipe.receive()
        with pytest.raises(PortLostError):
            await pipe.send(b"anyone?")


async def test_an_unplugged_device_cannot_be_opened(served: Served) -> None:
    await served.unplug()
    with pytest.raises(PortLostError):
        await open_transport(served.address)


async def test_a_device_is_found_at_the_same_address_after_plugging(
    pipe: Pipe, served: Served
) -> None:
    before = served.address
    await served.unplug()
    await served.unplug()
    await served.plug()
    await served.plug()
    assert served.address == before
    again = await open_transport(served.address)
    try:
        await again.send(b"back")
        assert await read(again, 4) == b"back"
    finally:
        await again.close()


async def test_pulling_the_cable_swallows_the_answer_on_its_way(
    pipe: Pipe, served: Served, echo: Echo
) -> None:
    echo.after = 0.05
    await pipe.send(b"lost")
    await asyncio.sleep(0.02)
    await served.unplug()
    await served.plug()
    again = await open_transport(served.address)
    try:
        await asyncio.sleep(0.1)
        echo.after = 0.0
        await again.send(b"x")
        assert await read(again, 1) == b"x"
    finally:
        await again.close()


async def test_closing_twice_is_harmless_and_a_closed_port_says_so(pipe: Pipe) -> None:
    await pipe.close()
    await pipe.close()
    with pytest.raises(PortLostError, match="closed"):
        await pipe.receive()
    with pytest.raises(PortLostError, match="closed"):
        await pipe.send(b"x")
    pipe.discard()


async def test_even_parity_is_no_trouble_on_a_pseudo_terminal(echo: Echo, tmp_path: Path) -> None:
    served = await serve_pty(echo, tmp_path / "deep" / "pad")
    try:
        for _ in range(2):
            pipe = await open_transport(served.address, SerialLine(Path(), 38400, "E"))
            await pipe.send(b"x")
            assert await read(pipe, 1) == b"x"
            await pipe.close()
    finally:
        await served.close()
    assert not (tmp_path / "deep" / "pad").is_symlink()


async def test_only_one_program_holds_a_serial_line(echo: Echo) -> None:
    served = await serve_pty(echo)
    pipe = await open_transport(served.address)
    try:
        with pytest.raises(PortLostError):
            await open_transport(served.address)
    finally:
        await pipe.close()
        await served.close()


async def test_a_silent_host_is_a_lost_port(unused_tcp_port: int) -> None:
    with pytest.raises(PortLostError, match=f"127.0.0.1:{unused_tcp_port}"):
        await open_transport(f"tcp://127.0.0.1:{unused_tcp_port}")


async def test_a_file_that_is_no_tty_is_a_lost_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PortLostError):
        await open_transport(f"serial://{tmp_path}/file")


async def test_the_newest_host_of_a_tcp_device_wins(echo: Echo) -> None:
    served = await serve_tcp(echo)
    first = await open_transport(served.address)
    second = await open_transport(served.address)
    try:
        with pytest.raises(PortLostError):
            async with asyncio.timeout(5):
                await first.receive()
        await second.send(b"x")
        assert await read(second, 1) == b"x"
    finally:
        await first.close()
        await second.close()
        await served.close()
