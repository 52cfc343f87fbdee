import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import DriverError, FrameError, NoReplyError, PortLostError
from drivers.feig import commands
from drivers.feig.commands import ADDRESSED
from drivers.feig.link import Link
from drivers.feig.pad import FeigPad
from drivers.feig.simulator import FeigSimulator
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Cut, Dripping, Flipping, Late, Wire

FIRST, SECOND = (bytes.fromhex(f"E00401500000000{n}") for n in (1, 2))
_QUICK = 0.01


def two_tags() -> tuple[Tag, Tag]:
    return Tag(FIRST, bytearray(b"\x11" * 112)), Tag(SECOND, bytearray(b"\x22" * 112))


def simulator(*tags: Tag) -> FeigSimulator:
    return FeigSimulator(Field(*tags), block_seconds=0.0, page=1)


def pad_on(wire: Wire, tries: int = 3) -> FeigPad:
    return FeigPad(Link(wire, patience=_QUICK, tries=tries))


async def work(pad: FeigPad, tag: Tag) -> None:
    """Everything a station does with a tag; what it says must be true."""
    assert FIRST in {seen.uid for seen in await pad.inventory()}
    assert (await pad.info(tag.uid)).block_count == 28
    await pad.write(tag.uid, 2, b"abcdefgh", 4)
    assert await pad.read(tag.uid, 2, 2) == b"abcdefgh"
    await pad.write_afi(tag.uid, 0xC2)
    assert (await pad.info(tag.uid)).afi == 0xC2


async def test_a_dripping_wire_changes_nothing() -> None:
    tag, other = two_tags()
    await work(pad_on(Dripping(simulator(tag, other))), tag)


@pytest.mark.parametrize("seed", range(20))
async def test_on_a_noisy_wire_what_the_reader_says_is_true(seed: int) -> None:
    tag, other = two_tags()
    wire = Flipping(simulator(tag, other), every=150, seed=seed)
    await work(pad_on(wire, tries=50), tag)


@pytest.mark.parametrize("cut", range(0, 260, 3))
async def test_a_cable_pulled_after_any_byte_is_a_lost_port(cut: int) -> None:
    tag, other = two_tags()
    pad = pad_on(Cut(simulator(tag, other), after=cut))
    async with asyncio.timeout(5):
        with pytest.raises(PortLostError):
            while True:
                await work(pad, tag)


@given(cut=st.integers(0, 120))
async def test_a_cable_pulled_in_a_write_leaves_each_block_old_or_new(cut: int) -> None:
    tag, _ = two_tags()
    pad = pad_on(Cut(simulator(tag), after_sent=cut))
    with pytest.raises(PortLostError):
        while True:
            await pad.write(tag.uid, 0, b"\x99" * 112, 4)
    for number in range(28):
        assert tag.block(number) in (b"\x11" * 4, b"\x99" * 4)


@pytest.mark.parametrize("late", range(12))
async def test_a_late_answer_is_never_taken_for_the_next_one(late: int) -> None:
    tags = two_tags()
    pad = pad_on(Late(simulator(*tags), late=lambda number: number == late))
    for _ in range(3):
        for tag in tags:
            assert await pad.read(tag.uid, 0, 4) == bytes(tag.memory[:16])
            assert (await pad.info(tag.uid)).uid == tag.uid
        assert {seen.uid for seen in await pad.inventory()} == {FIRST, SECOND}


@settings(max_examples=40)
@given(late=st.sets(st.integers(0, 40)))
async def test_late_answers_cost_time_or_an_error_and_never_the_truth(late: set[int]) -> None:
    tags = two_tags()
    pad = pad_on(Late(simulator(*tags), late=late.__contains__), tries=2)
    for _ in range(4):
        for tag in tags:
            try:
                assert await pad.read(tag.uid, 0, 4) == bytes(tag.memory[:16])
            except (NoReplyError, FrameError):
                continue


@pytest.mark.parametrize("lost", range(8))
async def test_a_lost_page_of_an_inventory_loses_no_tag(lost: int) -> None:
    class Swallowing(Late):
        def to_host(self, data: bytes) -> list[bytes]:  # type: ignore[override]
            number, self._count = self._count, self._count + 1
            return [] if number == lost else [data]

    tags = [Tag(bytes.fromhex(f"E00401500000000{n}")) for n in range(5)]
    pad = pad_on(Swallowing(simulator(*tags), late=lambda _: False))
    assert sorted(seen.uid for seen in await pad.inventory()) == [tag.uid for tag in tags]


async def test_a_cancelled_question_does_not_answer_the_next() -> None:
    first, second = two_tags()
    wire = Wire(FeigSimulator(Field(first, second), block_seconds=0.005), speed=1.0)
    pad = FeigPad(Link(wire))
    assert len(await pad.inventory()) == 2
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await pad.read(first.uid, 0, 4)
    assert await pad.read(second.uid, 0, 4) == bytes(second.memory[:16])
    await wire.close()


async def test_two_tasks_take_turns() -> None:
    first, second = two_tags()
    pad = pad_on(Dripping(simulator(first, second)))
    answers = await asyncio.gather(
        *(pad.read(tag.uid, 0, 8) for _ in range(5) for tag in (first, second)),
        *(pad.inventory() for _ in range(3)),
    )
    assert answers[:10] == [bytes(tag.memory[:32]) for _ in range(5) for tag in (first, second)]
    assert all(len(seen) == 2 for seen in answers[10:])


async def test_a_silent_reader_is_named_with_the_command() -> None:
    first, _ = two_tags()
    device = simulator(first)
    device.address = 7
    link = Link(Wire(device), address=8, patience=_QUICK)
    with pytest.raises(NoReplyError, match="software version"):
        await link.ask(commands.SYSTEM_INFO, ADDRESSED + FIRST)


async def test_a_neighbour_on_the_bus_is_not_listened_to() -> None:
    class Crowded(Wire):
        def to_host(self, data: bytes) -> list[bytes]:
            return [bytes.fromhex("0d00650003030044530d303309"), data]

    first, _ = two_tags()
    device = simulator(first)
    device.address = 7
    pad = FeigPad(Link(Crowded(device), address=7, patience=_QUICK))
    assert [seen.uid for seen in await pad.inventory()] == [FIRST]


@settings(max_examples=50)
@given(noise=st.lists(st.binary(max_size=40), min_size=1, max_size=6))
async def test_any_bytes_for_an_answer_are_a_driver_error_or_the_truth(noise: list[bytes]) -> None:
    class Babbling(Wire):
        def to_host(self, data: bytes) -> list[bytes]:
            return [noise.pop(), data] if noise else [data]

    first, _ = two_tags()
    pad = pad_on(Babbling(simulator(first)), tries=2)
    for _ in range(4):
        try:
            assert (await pad.info(FIRST)).block_count == 28
        except DriverError:
            continue
