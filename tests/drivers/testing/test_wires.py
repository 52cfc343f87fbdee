import asyncio

import pytest

from drivers.errors import PortLostError
from drivers.testing.echo import Echo
from drivers.testing.wires import Cut, Dripping, Flipping, Late, Wire


async def read(wire: Wire, count: int) -> bytes:
    got = b""
    async with asyncio.timeout(1):
        while len(got) < count:
            got += await wire.receive()
    return got


async def test_a_good_wire_carries_bytes_both_ways() -> None:
    wire = Wire(Echo())
    await wire.send(b"hello")
    assert await wire.receive() == b"hello"


async def test_a_dripping_wire_carries_every_byte_alone() -> None:
    echo = Echo()
    wire = Dripping(echo)
    await wire.send(b"abc")
    assert [await wire.receive() for _ in range(3)] == [b"a", b"b", b"c"]


async def test_a_flipping_wire_changes_some_bits_and_no_length() -> None:
    wire = Flipping(Echo(), every=10)
    await wire.send(bytes(500))
    got = await read(wire, 500)
    assert len(got) == 500
    wrong = [byte for byte in got if byte]
    assert 20 < len(wrong) < 200
    assert all(byte.bit_count() <= 2 for byte in wrong)


async def test_a_cut_wire_gives_what_came_before_the_cut_and_then_is_lost() -> None:
    wire = Cut(Echo(), after=3)
    with pytest.raises(PortLostError):
        await wire.send(b"hello")
    assert await read(wire, 3) == b"hel"
    with pytest.raises(PortLostError):
        await wire.receive()


async def test_a_wire_cut_on_the_way_to_the_device_lets_through_the_beginning() -> None:
    echo = Echo()
    wire = Cut(echo, after_sent=2)
    with pytest.raises(PortLostError):
        await wire.send(b"hello")
    assert echo.heard == b"he"


async def test_a_late_answer_comes_in_front_of_the_next() -> None:
    wire = Late(Echo(), late=lambda number: number == 0)
    await wire.send(b"first")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wire.receive()
    await wire.send(b"second")
    assert await read(wire, 11) == b"firstsecond"


async def test_a_wire_honours_the_time_a_device_needs() -> None:
    echo = Echo()
    echo.after = 1.0
    wire = Wire(echo, speed=0.05)
    begin = asyncio.get_running_loop().time()
    await wire.send(b"x")
    assert await wire.receive() == b"x"
    assert asyncio.get_running_loop().time() - begin >= 0.045
    await wire.close()


async def test_breaking_a_wire_ends_a_receive_that_waits() -> None:
    wire = Wire(Echo())
    waiting = asyncio.create_task(wire.receive())
    await asyncio.sleep(0)
    wire.break_off()
    with pytest.raises(PortLostError, match="pulled"):
        await waiting


async def test_discard_forgets_what_has_arrived() -> None:
    wire = Wire(Echo())
    await wire.send(b"old")
    wire.discard()
    await wire.send(b"new")
    assert await wire.receive() == b"new"
