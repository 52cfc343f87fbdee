import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.errors import OptionError, PortLostError, RefusedError
from drivers.gpio import MEMORY
from drivers.gpio.board import MAX_CHANGES, LineBoard, open_board
from drivers.gpio.memory import MemoryOptions, MemoryPins
from drivers.gpio.options import INPUTS, OUTPUTS, LineOptions, Lines, every_role
from drivers.ports import LineChange


@asynccontextmanager
async def board_with(
    pins: MemoryPins | None = None, **lines: LineOptions
) -> AsyncIterator[tuple[LineBoard, MemoryPins]]:
    pins = pins or MemoryPins()
    async with open_board(lines, pins) as board:
        yield board, pins


BEAM = LineOptions(debounce_ms=0)
LAMP = LineOptions(direction="out")


async def soon(board: LineBoard) -> LineChange:
    return await asyncio.wait_for(board.next_change(), 2)


async def until_off(board: LineBoard, line: str) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while board.active(line):
        assert loop.time() - began < 2
        await asyncio.sleep(0.002)
    return loop.time() - began


async def test_changes_come_in_order_and_are_known() -> None:
    async with board_with(beam_a=BEAM, beam_b=BEAM) as (board, pins):
        assert not board.active("beam_a")
        pins.move("beam_a", True)
        pins.move("beam_b", True)
        pins.move("beam_a", False)
        assert [await soon(board) for _ in range(3)] == [
            LineChange("beam_a", True),
            LineChange("beam_b", True),
            LineChange("beam_a", False),
        ]
        assert board.active("beam_b")


async def test_active_low_is_put_right_for_inputs_and_outputs() -> None:
    low_in = LineOptions(debounce_ms=0, active_low=True)
    low_out = LineOptions(direction="out", active_low=True)
    async with board_with(flap=low_in, lamp=low_out) as (board, pins):
        assert not board.active("flap")
        assert pins.levels["lamp"]
        pins.move("flap", False)
        assert await soon(board) == LineChange("flap", True)
        await board.set("lamp", True)
        assert not pins.levels["lamp"]
    assert pins.levels["lamp"]


async def test_an_input_that_bounces_counts_once() -> None:
    async with board_with(beam_a=LineOptions(debounce_ms=20)) as (board, pins):
        for level in (True, False, True, False, True):
            pins.move("beam_a", level)
        assert await soon(board) == LineChange("beam_a", True)
        pins.move("beam_a", False)
        pins.move("beam_a", True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(board.next_change(), 0.06)


async def test_an_output_goes_off_by_itself() -> None:
    async with board_with(lamp=LAMP) as (board, pins):
        await board.set("lamp", True, 0.05)
        assert board.active("lamp")
        assert pins.levels["lamp"]
        assert await until_off(board, "lamp") < 2
        assert not pins.levels["lamp"]


async def test_a_later_word_moves_the_end() -> None:
    async with board_with(lamp=LAMP) as (board, _):
        await board.set("lamp", True, 10)
        await board.set("lamp", True, 0.03)
        assert await until_off(board, "lamp") < 1
        await board.set("lamp", True, 0.03)
        await board.set("lamp", True)
        await asyncio.sleep(0.06)
        assert board.active("lamp")


async def test_no_output_stays_on_longer_than_it_may_however_often_it_is_asked() -> None:
    shutter = LineOptions(direction="out", max_on_s=0.08)
    async with board_with(shutter=shutter) as (board, _):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await board.set("shutter", True)
        for _ in range(4):
            await asyncio.sleep(0.01)
            await board.set("shutter", True, 5)
        await until_off(board, "shutter")
        assert loop.time() - began < 2


async def test_an_output_that_must_rest_is_refused_until_it_has() -> None:
    shutter = LineOptions(direction="out", max_on_s=1, rest_s=0.05)
    async with board_with(shutter=shutter) as (board, _):
        await board.set("shutter", True)
        await board.set("shutter", False)
        with pytest.raises(RefusedError, match="cooling down"):
            await board.set("shutter", True)
        await asyncio.sleep(0.06)
        await board.set("shutter", True)


async def test_every_output_is_off_when_the_board_is_closed() -> None:
    async with board_with(lamp=LAMP, buzzer=LAMP) as (board, pins):
        await board.set("lamp", True)
        await board.set("buzzer", True, 10)
    assert pins.levels == {"lamp": False, "buzzer": False}


async def test_a_lost_board_says_so_to_whoever_waits_and_whoever_asks() -> None:
    async with board_with(beam_a=BEAM, lamp=LAMP) as (board, pins):
        waiting = asyncio.create_task(board.next_change())
        await asyncio.sleep(0)
        pins.fail(PortLostError("the chip is gone"))
        with pytest.raises(PortLostError, match="gone"):
            await waiting
        with pytest.raises(PortLostError, match="gone"):
            await board.set("lamp", True)


async def test_an_output_that_cannot_be_switched_off_is_a_lost_board() -> None:
    class Breaking(MemoryPins):
        broken = False

        async def drive(self, role: str, level: bool) -> None:
            if self.broken:
                raise PortLostError("the chip is gone")
            await super().drive(role, level)

    pins = Breaking()
    async with board_with(pins, lamp=LAMP) as (board, _):
        await board.set("lamp", True, 0.02)
        pins.broken = True
        with pytest.raises(PortLostError, match="gone"):
            await soon(board)


async def test_lines_that_are_not_there_are_named() -> None:
    async with board_with(beam_a=BEAM, lamp=LAMP) as (board, _):
        with pytest.raises(OptionError, match="no line buzzer on this board; it has beam_a, lamp"):
            await board.set("buzzer", True)
        with pytest.raises(OptionError, match="no line flap"):
            board.active("flap")
        with pytest.raises(OptionError, match="beam_a is an input"):
            await board.set("beam_a", True)


async def test_a_station_that_never_asks_costs_no_memory_and_the_state_is_right() -> None:
    async with board_with(beam_a=BEAM) as (board, pins):
        for _ in range(MAX_CHANGES):
            pins.move("beam_a", True)
            pins.move("beam_a", False)
        pins.move("beam_a", True)
        assert len(board._changes) == MAX_CHANGES
        assert board.active("beam_a")


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ({}, "lines"),
        ({"lamp": LineOptions(direction="out", max_on_s=-1)}, r"lines\.lamp\.max_on_s"),
        ({"lamp": LineOptions(direction="out", rest_s=-1)}, r"lines\.lamp\.rest_s"),
        ({"beam_a": LineOptions(debounce_ms=-1)}, r"lines\.beam_a\.debounce_ms"),
        ({"beam_a": LineOptions(debounce_ms=5000)}, r"lines\.beam_a\.debounce_ms"),
    ],
)
async def test_lines_that_cannot_be_are_named(lines: Lines, word: str) -> None:
    with pytest.raises(OptionError, match=word):
        async with open_board(lines, MemoryPins()):
            pass


async def test_the_memory_board_has_every_role() -> None:
    assert set(every_role()) == {*INPUTS, *OUTPUTS}
    async with MEMORY.open(MemoryOptions()) as board:
        await board.set("lamp", True, 1)
        assert board.active("lamp")
        assert not board.active("beam_a")
