"""A book drop on its wires."""

import dataclasses
import functools

import pytest

from drivers.feig import PAD, FeigSimulator
from drivers.gpio import SOCKET
from drivers.gpio.options import LineOptions, every_role
from drivers.gpio.simulator import BoardSimulator
from drivers.testing.field import Field
from edge.clock import Clock
from edge.drop.testing import Hatch

INPUTS = ("full_2", "full_9", "door_2", "fell")
OUTPUTS = ("divert_2", "divert_3", "divert_9")
MORE = {name: LineOptions(debounce_ms=0) for name in INPUTS} | {
    name: LineOptions(direction="out") for name in OUTPUTS
}
WIDE_BOARD = dataclasses.replace(
    SOCKET, options=functools.partial(SOCKET.options, lines={**every_role(), **MORE})
)


@pytest.fixture
def clock():
    return Clock(disciplined=lambda: True)


@pytest.fixture
def board():
    return BoardSimulator()


@pytest.fixture
def field():
    return Field()


@pytest.fixture
def hatch(board, field):
    return Hatch(board, field)


@pytest.fixture
async def wires(field, board, services, journal, on_wire):
    simulator = FeigSimulator(field, block_seconds=0)
    async with (
        on_wire("antenna", PAD, simulator, journal) as (antenna, antenna_wire),
        on_wire("lines", WIDE_BOARD, board, journal) as (lines, board_wire),
    ):
        services.devices.update(antenna=antenna, lines=lines)
        yield {"antenna": antenna_wire, "lines": board_wire}
