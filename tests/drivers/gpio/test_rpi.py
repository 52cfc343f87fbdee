import asyncio
import threading
from collections.abc import Callable

import pytest

from drivers.errors import OptionError, PortLostError
from drivers.gpio import RPI, LineOptions
from drivers.gpio.board import open_board
from drivers.gpio.rpi import RpiOptions, RpiPins
from drivers.ports import LineChange

BEAM = LineOptions(line=17, pull="up", active_low=True, debounce_ms=0)
LAMP = LineOptions(line=27, direction="out")


class FakeGpio:
    """The interface of RPi.GPIO, over a dictionary; it calls back in another thread."""

    BCM, IN, OUT, LOW, HIGH, BOTH = 11, 1, 0, 0, 1, 33
    PUD_OFF, PUD_DOWN, PUD_UP = 20, 21, 22

    def __init__(self) -> None:
        self.levels: dict[int, int] = {}
        self.pulls: dict[int, int] = {}
        self.callbacks: dict[int, Callable[[int], None]] = {}
        self.mode: int | None = None
        self.cleaned: list[int] = []

    def setwarnings(self, _flag: bool) -> None:
        pass

    def setmode(self, mode: int) -> None:
        self.mode = mode

    def setup(self, number: int, way: int, pull_up_down: int = 20, initial: int = 0) -> None:
        if number > 27:
            raise ValueError("The channel sent is invalid on a Raspberry Pi")
        self.levels[number] = initial if way == self.OUT else int(pull_up_down == self.PUD_UP)
        self.pulls[number] = pull_up_down

    def add_event_detect(self, number: int, _edge: int, callback: Callable[[int], None]) -> None:
        self.callbacks[number] = callback

    def input(self, number: int) -> int:
        return self.levels[number]

    def output(self, number: int, level: int) -> None:
        if self.mode is None:
            raise RuntimeError("Please set pin numbering mode")
        self.levels[number] = level

    def cleanup(self, numbers: list[int]) -> None:
        self.cleaned = numbers

    def move(self, number: int, level: int) -> None:
        self.levels[number] = level
        thread = threading.Thread(target=self.callbacks[number], args=(number,))
        thread.start()
        thread.join()


async def test_lines_work_through_the_interface_of_rpi_gpio() -> None:
    gpio = FakeGpio()
    async with open_board({"beam_a": BEAM, "lamp": LAMP}, RpiPins(gpio)) as board:
        assert gpio.mode == gpio.BCM
        assert gpio.pulls[17] == gpio.PUD_UP
        assert not board.active("beam_a")
        gpio.move(17, 0)
        assert await asyncio.wait_for(board.next_change(), 2) == LineChange("beam_a", True)
        await board.set("lamp", True)
        assert gpio.levels[27] == 1
    assert gpio.levels[27] == 0
    assert gpio.cleaned == [17, 27]


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ({"beam_a": LineOptions(line="GPIO17")}, "BCM number"),
        ({"beam_a": LineOptions()}, "BCM number"),
        ({"beam_a": LineOptions(line=99)}, "invalid on a Raspberry Pi"),
        ({"beam_a": BEAM, "lamp": LineOptions(line=17, direction="out")}, "same line"),
    ],
)
async def test_a_line_that_cannot_be_is_named(lines: dict[str, LineOptions], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        async with open_board(lines, RpiPins(FakeGpio())):
            pass


async def test_a_machine_that_is_no_raspberry_pi_is_a_lost_port() -> None:
    with pytest.raises(PortLostError, match="does not work on this machine"):
        async with RPI.open(RpiOptions({"beam_a": BEAM})):
            pass


async def test_an_error_of_the_module_is_a_lost_port() -> None:
    gpio = FakeGpio()
    async with open_board({"lamp": LAMP}, RpiPins(gpio)) as board:
        gpio.mode = None
        with pytest.raises(PortLostError, match="numbering mode"):
            await board.set("lamp", True)
        gpio.mode = gpio.BCM
