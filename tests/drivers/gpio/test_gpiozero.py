import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from drivers.errors import OptionError, PortLostError
from drivers.gpio import GPIOZERO, LineOptions
from drivers.gpio.board import open_board
from drivers.gpio.gpiozero import GpiozeroOptions, GpiozeroPins
from drivers.ports import LineChange

mock: Any = pytest.importorskip("gpiozero.pins.mock")
BEAM = LineOptions(line=17, pull="up", active_low=True, debounce_ms=0)
LEVEL = LineOptions(line="GPIO22", debounce_ms=0)
LAMP = LineOptions(line=27, direction="out")
LATCH = LineOptions(line=5, direction="out", active_low=True, max_on_s=0.05)


@pytest.fixture(params=["c04170", "a020d3"], ids=["Pi 5", "Pi 3"])
def factory(request: pytest.FixtureRequest) -> Iterator[Any]:
    made = mock.MockFactory(revision=request.param)
    yield made
    made.close()


async def soon(board: Any) -> LineChange:
    return await asyncio.wait_for(board.next_change(), 2)


async def test_lines_work_through_gpiozero(factory: Any) -> None:
    lines = {"beam_a": BEAM, "bin_full": LEVEL, "lamp": LAMP}
    async with open_board(lines, GpiozeroPins(factory)) as board:
        assert factory.pin(17).pull == "up"
        assert not board.active("beam_a")
        factory.pin(17).drive_low()
        assert await soon(board) == LineChange("beam_a", True)
        factory.pin(17).drive_high()
        assert await soon(board) == LineChange("beam_a", False)
        factory.pin(22).drive_high()
        assert await soon(board) == LineChange("bin_full", True)
        await board.set("lamp", True)
        assert factory.pin(27).state
        lamp = factory.pin(27)
        await board.set("lamp", False)
        assert not lamp.state


async def test_a_solenoid_is_never_on_for_too_long(factory: Any) -> None:
    async with open_board({"shutter": LATCH}, GpiozeroPins(factory)) as board:
        assert factory.pin(5).state
        await board.set("shutter", True)
        assert not factory.pin(5).state
        await asyncio.sleep(0.2)
        assert factory.pin(5).state


async def test_a_line_is_free_again_afterwards(factory: Any) -> None:
    for _ in range(2):
        async with open_board({"beam_a": BEAM}, GpiozeroPins(factory)):
            pass


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ({"beam_a": LineOptions()}, "beam_a.line is missing"),
        ({"beam_a": LineOptions(line=99)}, "beam_a"),
        ({"beam_a": LineOptions(line="GPIO99")}, "beam_a"),
        ({"beam_a": BEAM, "lamp": LineOptions(line=17, direction="out")}, "lamp"),
    ],
)
async def test_a_line_that_cannot_be_is_named(
    factory: Any, lines: dict[str, LineOptions], word: str
) -> None:
    with pytest.raises(OptionError, match=word):
        async with open_board(lines, GpiozeroPins(factory)):
            pass


@pytest.mark.filterwarnings("ignore")
async def test_a_machine_that_is_no_raspberry_pi_is_a_lost_port() -> None:
    with pytest.raises(PortLostError, match="gpiozero"):
        async with GPIOZERO.open(GpiozeroOptions({"beam_a": BEAM})):
            pass
