import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
from gpiod import EdgeEvent, LineSettings, line

from drivers.errors import OptionError, PortLostError
from drivers.gpio import GPIOD, LineOptions
from drivers.gpio.board import open_board
from drivers.gpio.gpiod import GpiodOptions, GpiodPins
from drivers.ports import LineChange

NAMES = {"GPIO17": 17, "GPIO27": 27}
BEAM = LineOptions(line="GPIO17", pull="up", active_low=True, debounce_ms=0)
LAMP = LineOptions(line=27, direction="out")


@dataclass
class Edge:
    line_offset: int
    event_type: EdgeEvent.Type
    Type = EdgeEvent.Type


class FakeRequest:
    """Requested lines of a chip; a pipe stands in for the kernel's event queue."""

    def __init__(self, config: dict[int, LineSettings]) -> None:
        self.config = config
        self.levels = {
            offset: settings.output_value
            if settings.direction is line.Direction.OUTPUT
            else line.Value.ACTIVE
            for offset, settings in config.items()
        }
        self.edges: list[Edge] = []
        self.fd, self._kernel = os.pipe()
        self.broken = False

    def get_value(self, offset: int) -> line.Value:
        return self.levels[offset]

    def set_value(self, offset: int, value: line.Value) -> None:
        self.levels[offset] = value

    def read_edge_events(self) -> list[Edge]:
        os.read(self.fd, 100)
        if self.broken:
            raise OSError(19, "No such device")
        edges, self.edges = self.edges, []
        return edges

    def move(self, offset: int, rising: bool) -> None:
        kind = Edge.Type.RISING_EDGE if rising else Edge.Type.FALLING_EDGE
        self.edges.append(Edge(offset, kind))
        os.write(self._kernel, b"!")

    def release(self) -> None:
        os.close(self.fd)
        os.close(self._kernel)


class FakeGpiod:
    """The interface of gpiod over chips that exist only as names in a folder."""

    line = line
    LineSettings = LineSettings

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.requests: list[FakeRequest] = []
        self.asked: list[str] = []
        self.busy = False

    def Chip(self, path: str) -> Any:  # noqa: N802
        label = self.labels[Path(path).name]
        if label == "forbidden":
            raise PermissionError(13, "Permission denied")
        return FakeChip(label)

    def request_lines(self, path: str, consumer: str, config: dict[int, LineSettings]) -> Any:
        assert consumer == "shelfwire"
        if self.busy:
            raise OSError(16, "Device or resource busy")
        self.asked.append(Path(path).name)
        self.requests.append(FakeRequest(config))
        return self.requests[-1]


class FakeChip:
    def __init__(self, label: str) -> None:
        self.label = label

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get_info(self) -> SimpleNamespace:
        return SimpleNamespace(label=self.label)

    def line_offset_from_id(self, name: int | str) -> int:
        if isinstance(name, int):
            return name
        if name not in NAMES:
            raise OSError(2, "no such line")
        return NAMES[name]


@pytest.fixture
async def gpiod(tmp_path: Path) -> AsyncIterator[FakeGpiod]:
    labels = {"gpiochip0": "forbidden", "gpiochip4": "brcmvirt-gpio", "gpiochip11": "pinctrl-rp1"}
    for name in labels:
        (tmp_path / name).touch()
    yield FakeGpiod(labels)


async def test_lines_of_the_pin_header_are_found_whatever_its_number(
    gpiod: FakeGpiod, tmp_path: Path
) -> None:
    pins = GpiodPins(gpiod=gpiod, devices=tmp_path)
    async with open_board({"beam_a": BEAM, "lamp": LAMP}, pins) as board:
        (request,) = gpiod.requests
        assert gpiod.asked == ["gpiochip11"]
        assert request.config[17].bias is line.Bias.PULL_UP
        assert request.config[17].edge_detection is line.Edge.BOTH
        assert not board.active("beam_a")
        request.move(17, rising=False)
        assert await asyncio.wait_for(board.next_change(), 2) == LineChange("beam_a", True)
        await board.set("lamp", True)
        assert request.levels[27] is line.Value.ACTIVE
    assert request.levels[27] is line.Value.INACTIVE


async def test_a_chip_can_be_named_by_label(gpiod: FakeGpiod, tmp_path: Path) -> None:
    pins = GpiodPins("brcmvirt-gpio", gpiod, tmp_path)
    async with open_board({"lamp": LAMP}, pins):
        assert gpiod.asked == ["gpiochip4"]


async def test_a_chip_that_is_not_there_is_a_lost_port_that_says_what_is(
    gpiod: FakeGpiod, tmp_path: Path
) -> None:
    with pytest.raises(PortLostError, match="no GPIO chip x; there is brcmvirt-gpio, pinctrl-rp1"):
        async with open_board({"lamp": LAMP}, GpiodPins("x", gpiod, tmp_path)):
            pass


async def test_lines_in_use_are_a_lost_port(gpiod: FakeGpiod, tmp_path: Path) -> None:
    gpiod.busy = True
    with pytest.raises(PortLostError, match="busy"):
        async with open_board({"lamp": LAMP}, GpiodPins(gpiod=gpiod, devices=tmp_path)):
            pass


async def test_a_chip_that_goes_away_is_a_lost_port(gpiod: FakeGpiod, tmp_path: Path) -> None:
    async with open_board({"beam_a": BEAM}, GpiodPins(gpiod=gpiod, devices=tmp_path)) as board:
        gpiod.requests[0].broken = True
        gpiod.requests[0].move(17, rising=True)
        with pytest.raises(PortLostError, match="No such device"):
            await asyncio.wait_for(board.next_change(), 2)


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ({"beam_a": LineOptions(line="GPIO99")}, r"lines\.beam_a: .* no line 'GPIO99'"),
        ({"beam_a": LineOptions()}, "no line 'beam_a'"),
        ({"beam_a": BEAM, "flap": LineOptions(line=17)}, "same line"),
    ],
)
async def test_a_line_that_cannot_be_is_named(
    gpiod: FakeGpiod, tmp_path: Path, lines: dict[str, LineOptions], word: str
) -> None:
    with pytest.raises(OptionError, match=word):
        async with open_board(lines, GpiodPins(gpiod=gpiod, devices=tmp_path)):
            pass


async def test_without_a_chip_the_real_library_says_so() -> None:
    with pytest.raises(PortLostError, match="no GPIO chip nothing-like-this"):
        async with GPIOD.open(GpiodOptions({"lamp": LAMP}, "nothing-like-this")):
            pass
