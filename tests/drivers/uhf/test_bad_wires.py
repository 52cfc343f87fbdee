"""Drip, flip, cut, late, cancelled: what a UHF reader says is true, or it is an error."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import DriverError, FrameError, NoReplyError, PortLostError, TagLostError
from drivers.ports import Bank, UhfReader
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.wires import Cut, Dripping, Flipping, Late, Wire

QUICK = 0.01
EPCS = [bytes.fromhex(f"E200301666130121155074{n:02X}") for n in range(4)]


def tags() -> tuple[Gen2Tag, Gen2Tag, Gen2Tag]:
    first, second, third = (
        Gen2Tag(bytes((n,)) * 12, EPCS[n], user=bytearray((0x11 * (n + 1),)) * 64) for n in range(3)
    )
    return first, second, third


async def work(reader: UhfReader, tag: Gen2Tag) -> None:
    assert {seen.epc for seen in await reader.inventory()} == set(EPCS[:3])
    await reader.write(tag.epc, Bank.USER, 2, b"abcdefgh")
    assert await reader.read(tag.epc, Bank.USER, 2, 4) == b"abcdefgh"
    assert await reader.read(tag.epc, Bank.TID, 0, 6) == tag.tid


async def test_a_dripping_wire_changes_nothing(dialect: str, make: Any) -> None:
    field = AirField(*tags())
    await work(make[1](dialect, Dripping(make[0](dialect, field))), field.tags[0])


class Twice(Wire):
    """Every answer comes twice."""

    def to_host(self, data: bytes) -> list[bytes]:
        return [data, data]


async def test_answers_that_come_twice_change_nothing(dialect: str, make: Any) -> None:
    field = AirField(*tags())
    reader = make[1](dialect, Twice(make[0](dialect, field)), patience=QUICK)
    for tag in field.tags:
        await work(reader, tag)


@pytest.mark.parametrize("cut", range(0, 110, 3))
async def test_a_cable_pulled_in_a_write_leaves_each_word_old_or_new(
    dialect: str, make: Any, cut: int
) -> None:
    field = AirField(*tags())
    tag = field.tags[0]
    reader = make[1](dialect, Cut(make[0](dialect, field), after_sent=cut), patience=QUICK)
    with pytest.raises(PortLostError):
        while True:
            await reader.write(tag.epc, Bank.USER, 0, b"\x99" * 64)
    for at in range(0, 64, 2):
        assert bytes(tag.user[at : at + 2]) in (b"\x11\x11", b"\x99\x99")


@pytest.mark.parametrize("seed", range(12))
async def test_on_a_noisy_wire_what_the_reader_says_is_true(
    dialect: str, make: Any, seed: int
) -> None:
    field = AirField(*tags())
    wire = Flipping(make[0](dialect, field), every=200, seed=seed)
    await work(make[1](dialect, wire, tries=60, patience=QUICK), field.tags[0])


@pytest.mark.parametrize("cut", range(0, 240, 7))
async def test_a_cable_pulled_after_any_byte_is_a_lost_port(
    dialect: str, make: Any, cut: int
) -> None:
    field = AirField(*tags())
    reader = make[1](dialect, Cut(make[0](dialect, field), after=cut), patience=QUICK)
    async with asyncio.timeout(5):
        with pytest.raises(PortLostError):
            while True:
                await work(reader, field.tags[0])


@pytest.mark.parametrize("late", range(10))
async def test_a_late_answer_is_never_taken_for_the_next_one(
    dialect: str, make: Any, late: int
) -> None:
    field = AirField(*tags())
    wire = Late(make[0](dialect, field), late=lambda number: number == late)
    reader = make[1](dialect, wire, patience=QUICK)
    for _ in range(3):
        for tag in field.tags:
            assert await reader.read(tag.epc, Bank.USER, 0, 4) == bytes(tag.user[:8])
            assert await reader.read(tag.epc, Bank.TID, 0, 6) == tag.tid
        assert {seen.epc for seen in await reader.inventory()} == set(EPCS[:3])


@pytest.mark.parametrize("dialect", ["18", "288", "a0"])
@settings(max_examples=25)
@given(late=st.sets(st.integers(0, 40)))
async def test_late_answers_cost_time_or_an_error_and_never_the_truth(
    make: Any, dialect: str, late: set[int]
) -> None:
    field = AirField(*tags())
    wire = Late(make[0](dialect, field), late=late.__contains__)
    reader = make[1](dialect, wire, tries=2, patience=QUICK)
    for _ in range(3):
        for tag in field.tags:
            try:
                assert await reader.read(tag.epc, Bank.USER, 0, 4) == bytes(tag.user[:8])
            except (NoReplyError, FrameError):
                continue


@pytest.mark.parametrize("dialect", ["18", "288", "a0"])
@settings(max_examples=25)
@given(noise=st.lists(st.binary(max_size=40), min_size=1, max_size=6))
async def test_any_bytes_for_an_answer_are_a_driver_error_or_the_truth(
    make: Any, dialect: str, noise: list[bytes]
) -> None:
    class Babbling(Wire):
        def to_host(self, data: bytes) -> list[bytes]:
            return [noise.pop(), data] if noise else [data]

    field = AirField(*tags())
    reader = make[1](dialect, Babbling(make[0](dialect, field)), tries=2, patience=QUICK)
    for _ in range(4):
        try:
            assert await reader.read(EPCS[0], Bank.TID, 0, 6) == bytes(12)
        except DriverError:
            continue


@pytest.mark.parametrize("words", range(6))
async def test_a_tag_torn_away_leaves_each_word_old_or_new(
    dialect: str, make: Any, words: int
) -> None:
    field = AirField(*tags())
    tag = field.tags[0]
    reader = make[1](dialect, Wire(make[0](dialect, field)))
    field.tear_after(tag.tid, words)
    with pytest.raises(TagLostError):
        await reader.write(tag.epc, Bank.USER, 0, b"\x99" * 64)
    for at in range(0, 64, 2):
        assert bytes(tag.user[at : at + 2]) in (b"\x11\x11", b"\x99\x99")


async def test_a_cancelled_question_does_not_answer_the_next(dialect: str, make: Any) -> None:
    field = AirField(*tags())
    device = make[0](dialect, field)
    device.round_seconds = 0.02
    wire = Wire(device, speed=1.0)
    reader = make[1](dialect, wire, patience=1.0)
    assert len(await reader.inventory()) == 3
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005):
            await reader.read(EPCS[0], Bank.USER, 0, 4)
    assert await reader.read(EPCS[1], Bank.USER, 0, 4) == b"\x22" * 8
    await wire.close()


async def test_two_tasks_take_turns(dialect: str, make: Any) -> None:
    field = AirField(*tags())
    reader = make[1](dialect, Dripping(make[0](dialect, field)))
    answers = await asyncio.gather(
        *(reader.read(tag.epc, Bank.USER, 0, 4) for _ in range(4) for tag in field.tags),
        *(reader.inventory() for _ in range(3)),
    )
    assert answers[:12] == [bytes(tag.user[:8]) for _ in range(4) for tag in field.tags]
    assert all(len(seen) == 3 for seen in answers[12:])
