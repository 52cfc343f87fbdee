import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.errors import DriverError, FrameError, NoReplyError, PortLostError
from drivers.ports import ItemReader
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Cut, Dripping, Flipping, Late, Wire

FIRST, SECOND = (bytes.fromhex(f"E00401500000000{n}") for n in (1, 2))
with_the_rig = settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def two_tags() -> tuple[Tag, Tag]:
    return Tag(FIRST, bytearray(b"\x11" * 112)), Tag(SECOND, bytearray(b"\x22" * 112))


async def work(pad: ItemReader, tag: Tag) -> None:
    """Everything a station does with a tag; what it says must be true."""
    assert FIRST in {seen.uid for seen in await pad.inventory()}
    assert (await pad.info(tag.uid)).block_count == 28
    await pad.write(tag.uid, 2, b"abcdefgh", 4)
    assert await pad.read(tag.uid, 2, 2) == b"abcdefgh"
    await pad.write_afi(tag.uid, 0xC2)
    assert (await pad.info(tag.uid)).afi == 0xC2


class Twice(Wire):
    """Every answer comes twice."""

    def to_host(self, data: bytes) -> list[bytes]:
        return [data, data]


class Swallowing(Wire):
    """One answer is lost."""

    def __init__(self, device: Simulator, lost: int) -> None:
        self._left = lost
        super().__init__(device)

    def to_host(self, data: bytes) -> list[bytes]:
        self._left -= 1
        return [] if self._left == -1 else [data]


async def test_a_dripping_wire_changes_nothing(rig: Any) -> None:
    tag, other = two_tags()
    await work(rig.pad(Dripping(rig.simulator(tag, other))), tag)


async def test_answers_that_come_twice_change_nothing(rig: Any) -> None:
    tag, other = two_tags()
    pad = rig.pad(Twice(rig.simulator(tag, other)))
    for one in (tag, other, tag):
        await work(pad, one)


@pytest.mark.parametrize("seed", range(8))
async def test_on_a_noisy_wire_what_the_reader_says_is_true(rig: Any, seed: int) -> None:
    tag, other = two_tags()
    wire = Flipping(rig.simulator(tag, other), every=150, seed=seed)
    await work(rig.pad(wire, tries=50), tag)


@pytest.mark.parametrize("cut", range(0, 260, 7))
async def test_a_cable_pulled_after_any_byte_is_a_lost_port(rig: Any, cut: int) -> None:
    tag, other = two_tags()
    pad = rig.pad(Cut(rig.simulator(tag, other), after=cut))
    async with asyncio.timeout(5):
        with pytest.raises(PortLostError):
            while True:
                await work(pad, tag)


@with_the_rig
@given(cut=st.integers(0, 160))
async def test_a_cable_pulled_in_a_write_leaves_each_block_old_or_new(rig: Any, cut: int) -> None:
    tag, _ = two_tags()
    pad = rig.pad(Cut(rig.simulator(tag), after_sent=cut))
    with pytest.raises(PortLostError):
        while True:
            await pad.write(tag.uid, 0, b"\x99" * 112, 4)
    for number in range(28):
        assert tag.block(number) in (b"\x11" * 4, b"\x99" * 4)


@pytest.mark.parametrize("late", range(14))
async def test_a_late_answer_is_never_taken_for_the_next_one(rig: Any, late: int) -> None:
    tags = two_tags()
    pad = rig.pad(Late(rig.simulator(*tags), late=lambda number: number == late))
    for _ in range(3):
        for tag in tags:
            assert await pad.read(tag.uid, 0, 4) == bytes(tag.memory[:16])
            assert (await pad.info(tag.uid)).uid == tag.uid
        assert {seen.uid for seen in await pad.inventory()} == {FIRST, SECOND}


@with_the_rig
@given(late=st.sets(st.integers(0, 40)))
async def test_late_answers_cost_time_or_an_error_and_never_the_truth(
    rig: Any, late: set[int]
) -> None:
    tags = two_tags()
    pad = rig.pad(Late(rig.simulator(*tags), late=late.__contains__), tries=2)
    for _ in range(4):
        for tag in tags:
            try:
                assert await pad.read(tag.uid, 0, 4) == bytes(tag.memory[:16])
            except (NoReplyError, FrameError):
                continue


@pytest.mark.parametrize("lost", range(8))
async def test_a_lost_answer_of_an_inventory_loses_no_tag(rig: Any, lost: int) -> None:
    tags = [Tag(bytes.fromhex(f"E00401500000000{n}")) for n in range(5)]
    pad = rig.pad(Swallowing(rig.simulator(*tags), lost))
    assert sorted(seen.uid for seen in await pad.inventory()) == [tag.uid for tag in tags]


async def test_a_cancelled_question_does_not_answer_the_next(rig: Any) -> None:
    first, second = two_tags()
    wire = Wire(rig.simulator(first, second, seconds=0.005), speed=1.0)
    pad = rig.pad(wire, patience=1.0)
    assert len(await pad.inventory()) == 2
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await pad.read(first.uid, 0, 4)
    assert await pad.read(second.uid, 0, 4) == bytes(second.memory[:16])


async def test_two_tasks_take_turns(rig: Any) -> None:
    first, second = two_tags()
    pad = rig.pad(Dripping(rig.simulator(first, second)))
    answers = await asyncio.gather(
        *(pad.read(tag.uid, 0, 8) for _ in range(5) for tag in (first, second)),
        *(pad.inventory() for _ in range(3)),
    )
    assert answers[:10] == [bytes(tag.memory[:32]) for _ in range(5) for tag in (first, second)]
    assert all(len(seen) == 2 for seen in answers[10:])


async def test_a_dead_line_is_a_reader_that_does_not_answer(rig: Any) -> None:
    class Dead(Wire):
        def to_host(self, data: bytes) -> list[bytes]:  # noqa: ARG002
            return []

    with pytest.raises(NoReplyError):
        await rig.pad(Dead(rig.simulator())).inventory()


@with_the_rig
@given(noise=st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6))
async def test_any_bytes_for_an_answer_are_a_driver_error_or_the_truth(
    rig: Any, noise: list[bytes]
) -> None:
    class Babbling(Wire):
        def to_host(self, data: bytes) -> list[bytes]:
            return [noise.pop(), data] if noise else [data]

    first, _ = two_tags()
    pad = rig.pad(Babbling(rig.simulator(first)), tries=2)
    for _ in range(4):
        try:
            assert (await pad.info(FIRST)).block_count == 28
        except DriverError:
            continue
