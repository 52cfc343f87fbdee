"""A bad network between us and an LLRP reader: what it says is true, or it is an error in time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest

from drivers.errors import DriverError, NoReplyError, PortLostError
from drivers.llrp import LlrpOptions, LlrpReader
from drivers.llrp.opening import open_reader
from drivers.llrp.simulator import LlrpSimulator
from drivers.ports import Bank
from drivers.testing.faults import Faults
from drivers.testing.serve import ServedOnTcp

emulator = pytest.importorskip("llrpkit.emulator")
core = pytest.importorskip("llrpkit.emulator.core")

BOOK = bytes.fromhex("e200301666130121155074ef")
Mischief = Callable[[bytes], list[bytes] | None]
"""What becomes of bytes from the reader; None: the connection breaks."""


class Network:
    """Carries bytes between one client and the reader; ``mischief`` is done to the answers."""

    def __init__(self, port: int, mischief: Mischief) -> None:
        self._port, self.mischief = port, mischief
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._guest, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()

    async def _guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            with contextlib.suppress(OSError):
                async with asyncio.TaskGroup() as group:
                    up = group.create_task(_carry(reader, far_writer, lambda data: [data]))
                    await _carry(far_reader, writer, lambda data: self.mischief(data))
                    up.cancel()
        except* OSError:
            pass
        finally:
            self._tasks.discard(task)
            for end in (writer, far_writer):
                end.transport.abort()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mischief: Mischief
) -> None:
    while data := await reader.read(4096):
        pieces = mischief(data)
        if pieces is None:
            return
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)


@asynccontextmanager
async def network(mischief: Mischief) -> AsyncIterator[Network]:
    tags = [core.EmulatedTag(BOOK, antennas=(1,), rssi_dbm=-50.0)]
    async with emulator.LLRPEmulator(tags=tags, reads_per_sec=400.0) as device:
        between = Network(device.port, mischief)
        await between.open()
        try:
            yield between
        finally:
            await between.close()


def options(port: int, patience: float = 0.3) -> LlrpOptions:
    return LlrpOptions(url=f"tcp://127.0.0.1:{port}", scan_ms=40, patience=patience)


async def work(reader: LlrpReader) -> None:
    assert [tag.epc for tag in await reader.inventory()] == [BOOK]
    await reader.write(BOOK, Bank.USER, 0, b"book")
    assert await reader.read(BOOK, Bank.USER, 0, 2) == b"book"


async def test_a_network_that_drips_changes_nothing() -> None:
    async with (
        network(lambda data: [data[i : i + 1] for i in range(len(data))]) as between,
        open_reader(options(between.port, 1.0)) as reader,
    ):
        await work(reader)


@pytest.mark.parametrize("after", [0, 9, 60, 400, 800, 1500])
async def test_a_connection_cut_after_any_byte_is_an_error_in_time(after: int) -> None:
    left = after

    def cut(data: bytes) -> list[bytes] | None:
        nonlocal left
        data, left = data[: max(left, 0)], left - len(data)
        return None if left < 0 and not data else [data]

    async with network(cut) as between, asyncio.timeout(10):
        with pytest.raises((PortLostError, NoReplyError)):
            async with open_reader(options(between.port)) as reader:
                while True:
                    await work(reader)


async def test_a_reader_that_falls_silent_is_an_error_in_time() -> None:
    async with (
        network(lambda data: [data]) as between,
        open_reader(options(between.port)) as reader,
    ):
        await work(reader)
        between.mischief = lambda data: []  # noqa: ARG005
        async with asyncio.timeout(10):
            with pytest.raises(DriverError):
                await reader.inventory()


async def test_answers_that_come_twice_are_true_or_an_error_in_time() -> None:
    async with network(lambda data: [data]) as between, asyncio.timeout(20):
        with contextlib.suppress(DriverError):
            async with open_reader(options(between.port)) as reader:
                between.mischief = lambda data: [data, data]
                for _ in range(5):
                    assert {tag.epc for tag in await reader.inventory()} <= {BOOK}


@pytest.mark.parametrize("seed", range(6))
async def test_flipped_bits_are_an_error_in_time_or_go_unnoticed(seed: int) -> None:
    noise = Random(seed)

    def flip(data: bytes) -> list[bytes]:
        hurt = bytearray(data)
        if noise.randrange(3) == 0:
            hurt[noise.randrange(len(hurt))] ^= 1 << noise.randrange(8)
        return [bytes(hurt)]

    async with network(flip) as between:
        for _ in range(3):
            async with asyncio.timeout(15):
                with contextlib.suppress(DriverError, AssertionError):
                    async with open_reader(options(between.port, 0.1)) as reader:
                        await work(reader)


@asynccontextmanager
async def simulated(faults: Faults) -> AsyncIterator[ServedOnTcp]:
    device = LlrpSimulator(BOOK)
    await device.start()
    served = ServedOnTcp(device, faults=faults)
    await served.plug()
    try:
        yield served
    finally:
        await served.close()
        await device.close()


@pytest.mark.parametrize("faults", [{"delay": 0.05}, {"split": 0.0}], ids=["late", "drip"])
async def test_late_answers_of_the_simulator_change_nothing(faults: dict[str, float]) -> None:
    async with simulated(Faults(**faults)) as served:
        port = int(served.address.rpartition(":")[2])
        async with open_reader(options(port, 2.0)) as reader:
            await work(reader)


async def test_an_unplugged_reader_is_lost_and_works_again_when_plugged() -> None:
    async with simulated(Faults()) as served:
        port = int(served.address.rpartition(":")[2])
        async with open_reader(options(port)) as reader:
            await work(reader)
            await served.unplug()
            with pytest.raises((PortLostError, NoReplyError)):
                while True:
                    await reader.inventory()
        await served.plug()
        async with open_reader(options(port)) as reader:
            await work(reader)
