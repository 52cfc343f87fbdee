import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import fields
from importlib.metadata import entry_points

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import (
    FrameError,
    GateDataLostError,
    NoReplyError,
    PortLostError,
    RefusedError,
)
from drivers.feig import GATE_NOTIFY, FeigGateNotify, FeigNotifySimulator, NotifyOptions
from drivers.feig.answers import People
from drivers.feig.frames import Frame, encode
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.notify import HEARD
from drivers.ports import GateReader, PeopleCount, Sighting
from drivers.testing.calling import Calling, call
from drivers.testing.field import Field
from drivers.testing.serve import serve_tcp
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Cut, Dripping, Flipping, Wire
from drivers.transport import listen

UID = bytes.fromhex("E004015012345678")
TOLD = bytes.fromhex("02001e00220091050001001203000a073ee00401501234567801010035a7")


@pytest.fixture
def tag() -> Tag:
    return Tag(UID, bytearray(range(112)), dsfid=0x3E, afi=0x07)


@pytest.fixture(params=[False, True], ids=["silent", "confirming"])
def simulator(request: pytest.FixtureRequest) -> FeigNotifySimulator:
    return FeigNotifySimulator(Field(), block_seconds=0.0, confirms=request.param)


def numbered(count: int) -> list[Tag]:
    return [Tag(UID[:6] + n.to_bytes(2, "big"), bytearray([n % 251] * 112)) for n in range(count)]


class Hearing:
    """A gate that hears one wire after another."""

    def __init__(self, **options: float) -> None:
        self.gate = FeigGateNotify(**options)  # type: ignore[arg-type]
        self._task: asyncio.Task[None] | None = None

    async def on(self, wire: Wire) -> None:
        await self.off()
        self._task = asyncio.create_task(self.gate.hear(wire))

    async def off(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            if not self._task.cancelled():
                self._task.exception()


@pytest.fixture
async def hearing() -> AsyncIterator[Hearing]:
    made = Hearing()
    yield made
    await made.off()


async def gathered(gate: GateReader, count: int) -> list[Sighting]:
    seen: list[Sighting] = []
    async with asyncio.timeout(5):
        while len(seen) < count:
            seen += await gate.sightings()
    return seen


def test_the_acknowledgement_is_the_published_one() -> None:
    assert HEARD.hex() == "020007ff325447"


def test_the_driver_is_found_by_name_and_explains_its_options() -> None:
    found = {entry.name: entry for entry in entry_points(group="shelfwire.drivers")}
    assert found["feig-gate-notify"].load() is GATE_NOTIFY
    assert all(option.metadata["help"] for option in fields(NotifyOptions))


@pytest.mark.parametrize("wire", [Wire, Dripping])
async def test_what_passes_is_told_once_and_acknowledged(
    hearing: Hearing, simulator: FeigNotifySimulator, tag: Tag, wire: Callable[..., Wire]
) -> None:
    await hearing.on(wire(simulator))
    simulator.pass_tag(tag, antenna=2)
    assert await gathered(hearing.gate, 1) == [Sighting(UID, 0x07, 0x3E, 2, bytes(range(36)))]
    assert await hearing.gate.sightings() == []
    assert simulator.waiting == 0


async def test_the_published_notification_is_understood(hearing: Hearing) -> None:
    said: list[bytes] = []

    class Teller:
        def connected(self, send: Callable[[bytes], None]) -> None:
            send(TOLD)

        def feed(self, data: bytes) -> list[object]:
            said.append(data)
            return []

    await hearing.on(Wire(Teller()))  # type: ignore[arg-type]
    assert await gathered(hearing.gate, 1) == [Sighting(UID, 0x07, 0x3E, 1)]
    assert said == [HEARD]


async def test_a_crowd_is_told_in_its_order(
    hearing: Hearing, simulator: FeigNotifySimulator
) -> None:
    tags = numbered(95)
    for one in tags:
        simulator.pass_tag(one)
    await hearing.on(Wire(simulator))
    seen = await gathered(hearing.gate, 95)
    assert [one.uid for one in seen] == [one.uid for one in tags]
    assert simulator.waiting == 0


async def test_what_cannot_be_kept_stays_in_the_reader(simulator: FeigNotifySimulator) -> None:
    hearing = Hearing(keep=10)
    for one in numbered(40):
        simulator.pass_tag(one)
    await hearing.on(Wire(simulator))
    await asyncio.sleep(0.02)
    assert simulator.waiting == 29  # a first one alone, then ten at a time
    assert len(await gathered(hearing.gate, 40)) == 40
    await hearing.off()


async def test_a_lost_acknowledgement_does_not_count_twice(
    hearing: Hearing, simulator: FeigNotifySimulator, tag: Tag
) -> None:
    class Deaf(Wire):
        def to_device(self, data: bytes) -> list[bytes]:
            return [data][:0]

    simulator.pass_tag(tag)
    await hearing.on(Deaf(simulator))
    assert len(await gathered(hearing.gate, 1)) == 1
    assert simulator.waiting == 1
    await hearing.on(Wire(simulator))
    assert await hearing.gate.sightings() == []
    assert simulator.waiting == 0


async def test_a_repeat_that_crossed_our_acknowledgement_is_not_acknowledged_too(
    simulator: FeigNotifySimulator, tag: Tag
) -> None:
    hearing = Hearing(gap=0.02)
    await hearing.on(Wire(simulator))
    simulator.pass_tag(tag)
    assert len(await gathered(hearing.gate, 1)) == 1
    simulator.pass_tag(tag)
    assert await hearing.gate.sightings() == []
    assert simulator.waiting == 1
    simulator.again()
    assert len(await gathered(hearing.gate, 1)) == 1
    assert simulator.waiting == 0
    await hearing.off()


async def test_an_overflow_is_told_once_and_the_gate_works_on(
    hearing: Hearing, simulator: FeigNotifySimulator, tag: Tag
) -> None:
    for one in numbered(simulator.capacity + 1):
        simulator.pass_tag(one)
    simulator._outstanding = None  # the reader tells how it is now
    await hearing.on(Wire(simulator))
    with pytest.raises(GateDataLostError):
        await hearing.gate.sightings()
    assert await hearing.gate.sightings() == []
    simulator.pass_tag(tag)
    assert [one.uid for one in await gathered(hearing.gate, 1)] == [UID]


@pytest.mark.parametrize("cut", range(0, 90, 3))
async def test_a_line_cut_at_any_byte_loses_nothing(cut: int, tag: Tag) -> None:
    simulator, hearing = FeigNotifySimulator(block_seconds=0.0), Hearing()
    simulator.pass_tag(tag)
    await hearing.on(Cut(simulator, after=cut))
    await asyncio.sleep(0)
    simulator.again()
    await hearing.on(Wire(simulator))
    assert {one.uid for one in await gathered(hearing.gate, 1)} == {UID}
    await hearing.off()


@settings(max_examples=30)
@given(seed=st.integers(0, 1000))
async def test_a_noisy_line_loses_nothing_and_makes_nothing_up(seed: int) -> None:
    simulator, hearing = FeigNotifySimulator(block_seconds=0.0), Hearing(gap=0.0005)
    tags = numbered(8)
    await hearing.on(Flipping(simulator, every=900, seed=seed))
    for one in tags:
        simulator.pass_tag(one)
    seen: list[Sighting] = []
    for _ in range(200):
        if not simulator.waiting:
            break
        simulator.again()
        await asyncio.sleep(0.001)
    seen += await hearing.gate.sightings()
    assert {one.uid for one in seen} == {one.uid for one in tags}
    await hearing.off()


@settings(max_examples=50)
@given(noise=st.binary(max_size=60))
async def test_any_bytes_are_survived_or_a_driver_error(noise: bytes) -> None:
    class Babbling:
        def connected(self, send: Callable[[bytes], None]) -> None:
            send(noise)

        def feed(self, _: bytes) -> list[object]:
            return []

    hearing = Hearing()
    await hearing.on(Wire(Babbling()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert hearing._task
    assert not hearing._task.done()
    await hearing.off()


async def test_the_form_nobody_described_is_said_to_be_so(hearing: Hearing) -> None:
    class New:
        def connected(self, send: Callable[[bytes], None]) -> None:
            send(encode(Frame(0, 0x2B, b"\x00\x01\x02\x03")))

        def feed(self, _: bytes) -> list[object]:
            raise AssertionError("what is not understood is not acknowledged")

    await hearing.on(Wire(New()))  # type: ignore[arg-type]
    with pytest.raises(FrameError, match="command 22"):
        await gathered(hearing.gate, 1)


async def test_another_reader_on_the_line_is_not_heard(tag: Tag) -> None:
    simulator, hearing = FeigNotifySimulator(block_seconds=0.0, address=4), Hearing(address=5)
    simulator.pass_tag(tag)
    await hearing.on(Wire(simulator))
    assert await hearing.gate.sightings() == []
    assert simulator.waiting == 1
    await hearing.off()


async def test_people_told_unasked_are_known(
    hearing: Hearing, simulator: FeigNotifySimulator
) -> None:
    with pytest.raises(RefusedError):
        await hearing.gate.people()
    simulator.people = People(12, 9, 1, 0)
    await hearing.on(Wire(simulator))
    simulator.tell_people()
    await asyncio.sleep(0.01)
    assert await hearing.gate.people_count() == PeopleCount(13, 9)


@pytest.fixture
async def free_port() -> int:
    listener = await listen("tcp://127.0.0.1:0")
    listener.close()
    return listener.port


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def dialling(stack: AsyncExitStack, simulator: FeigNotifySimulator, port: int) -> Calling:
    calling = await call(simulator, "127.0.0.1", port, resend_seconds=0.05, redial_seconds=0.02)
    stack.push_async_callback(calling.close)
    return calling


async def test_over_tcp_the_reader_calls_again_after_the_line_was_down(
    stack: AsyncExitStack, simulator: FeigNotifySimulator, free_port: int
) -> None:
    tags = numbered(30)
    calling = await dialling(stack, simulator, free_port)
    for one in tags[:10]:
        simulator.pass_tag(one)
    options = NotifyOptions(f"tcp://127.0.0.1:{free_port}")
    async with GATE_NOTIFY.open(options) as gate:
        seen = await gathered(gate, 10)
        await calling.unplug()
        for one in tags[10:20]:
            simulator.pass_tag(one)
        await calling.plug()
        seen += await gathered(gate, 10)
    for one in tags[20:]:
        simulator.pass_tag(one)
    async with GATE_NOTIFY.open(options) as gate:
        seen += await gathered(gate, 10)
    assert [one.uid for one in seen] == [one.uid for one in tags]


async def test_a_stranger_is_not_listened_to(
    stack: AsyncExitStack, tag: Tag, free_port: int
) -> None:
    simulator = FeigNotifySimulator(block_seconds=0.0)
    simulator.pass_tag(tag)
    await dialling(stack, simulator, free_port)
    options = NotifyOptions(f"tcp://127.0.0.1:{free_port}", peer="192.0.2.7")
    async with GATE_NOTIFY.open(options) as gate:
        assert await gate.sightings() == []
        assert await gate.sightings() == []
    assert simulator.waiting == 1


async def test_a_reader_that_never_calls_is_away(free_port: int) -> None:
    options = NotifyOptions(f"tcp://127.0.0.1:{free_port}", silence_seconds=0.05)
    with pytest.raises(NoReplyError, match="no gate reader called"):
        async with GATE_NOTIFY.open(options):
            pass


async def test_a_reader_that_falls_silent_is_lost(
    stack: AsyncExitStack, tag: Tag, free_port: int
) -> None:
    simulator = FeigNotifySimulator(block_seconds=0.0)
    simulator.pass_tag(tag)
    calling = await dialling(stack, simulator, free_port)
    options = NotifyOptions(f"tcp://127.0.0.1:{free_port}", silence_seconds=0.2)
    async with GATE_NOTIFY.open(options) as gate:
        assert len(await gathered(gate, 1)) == 1
        await calling.unplug()
        with pytest.raises(NoReplyError, match="has not called"):
            await gathered(gate, 1)


async def test_a_reader_that_does_not_answer_at_its_own_address_is_lost(free_port: int) -> None:
    simulator = FeigGateSimulator(block_seconds=0.0)
    simulator.people = People(3, 2, 0, 0)
    served = await serve_tcp(simulator)
    options = NotifyOptions(f"tcp://127.0.0.1:{free_port}", control=served.address)
    object.__setattr__(options, "control_seconds", 0.05)  # quicker than anybody may ask
    try:
        async with GATE_NOTIFY.open(options) as gate:
            assert "CPR40" in await gate.identity()
            assert await gate.people_count() == PeopleCount(3, 2)
            await served.unplug()
            with pytest.raises(PortLostError):
                await gathered(gate, 1)
    finally:
        await served.close()


async def test_a_port_that_is_in_use_is_said_to_be_so() -> None:
    listener = await listen("tcp://127.0.0.1:0")
    try:
        with pytest.raises(PortLostError, match="cannot listen"):
            async with GATE_NOTIFY.open(NotifyOptions(f"tcp://127.0.0.1:{listener.port}")):
                pass
    finally:
        listener.close()


@pytest.mark.parametrize(
    "wrong", [{"silence_seconds": -1.0}, {"control_seconds": 0.0}, {"keep": 0}, {"password": "1"}]
)
def test_an_option_out_of_range_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NotifyOptions("tcp://127.0.0.1:1", **wrong)  # type: ignore[arg-type]
