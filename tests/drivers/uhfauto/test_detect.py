"""Whatever answers is what is there; nothing that is not there is claimed."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from drivers.a0 import A0Simulator
from drivers.errors import NoReplyError, PortLostError
from drivers.feig import FeigSimulator
from drivers.tags import AFI_IN, NewTag, encode_mb01
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.serve import ServedOnPty, ServedOnTcp, serve_pty, serve_tcp
from drivers.testing.simulator import Simulator
from drivers.uhf18 import Model, Uhf18Simulator
from drivers.uhfauto import GATE, ORDER, PAD, AutoOptions, Guess, found, guesses, search

BANK = encode_mb01(NewTag("893000000001", "VN-HNLIB"))
Serve = Callable[[Simulator], Any]


@pytest.fixture
def field() -> AirField:
    return AirField(Gen2Tag(bytes(12), BANK[4:], int.from_bytes(BANK[2:4], "big")))


@pytest.fixture(params=[serve_pty, serve_tcp])
async def serve(request: pytest.FixtureRequest) -> AsyncIterator[Serve]:
    open_ones: list[ServedOnPty | ServedOnTcp] = []

    async def start(device: Simulator) -> str:
        served = await request.param(device)
        open_ones.append(served)
        return str(served.address)

    yield start
    for served in open_ones:
        await served.close()


@pytest.mark.parametrize(
    ("make", "family"),
    [
        (lambda field: Uhf18Simulator(field, round_seconds=0), "uhf18"),
        (lambda field: Uhf18Simulator(field, model=Model.R288, round_seconds=0), "uhf18"),
        (lambda field: A0Simulator(field, round_seconds=0), "a0"),
    ],
    ids=["18", "288", "a0"],
)
async def test_the_family_is_found(serve: Serve, field: AirField, make: Any, family: str) -> None:
    options = AutoOptions(url=await serve(make(field)), patience=0.5)
    async with found(options) as (guess, reader):
        assert guess == Guess(family, None)  # type: ignore[arg-type]
        assert len(await reader.inventory()) == 1
    async with GATE.open(options) as gate:
        assert [seen.afi for seen in await gate.sightings()] == [AFI_IN]
    async with PAD.open(options) as pad:
        assert len(await pad.inventory()) == 1


async def test_another_reader_is_not_taken_for_one_of_these(serve: Serve) -> None:
    options = AutoOptions(url=await serve(FeigSimulator()), patience=0.2)
    with pytest.raises(NoReplyError, match="tried uhf18, a0"):
        async with found(options):
            pass


async def test_a_port_that_is_not_there_is_lost_at_once() -> None:
    with pytest.raises(PortLostError):
        async with found(AutoOptions(url="serial:///dev/ttyNOTHERE")):
            pass


def test_on_a_serial_line_speeds_are_tried_in_order() -> None:
    assert guesses("serial:///dev/ttyUSB0") == list(ORDER)
    assert [str(guess) for guess in ORDER] == [
        "uhf18 at 57600 baud",
        "uhf18 at 115200 baud",
        "a0 at 115200 baud",
    ]
    said = guesses("serial:///dev/ttyUSB0?baud=9600")
    assert said == [Guess("uhf18", 9600), Guess("a0", 9600)]
    assert guesses("tcp://192.0.2.7:6000") == [Guess("uhf18", None), Guess("a0", None)]


async def test_a_search_tells_driver_and_address(serve: Serve, field: AirField) -> None:
    url = await serve(A0Simulator(field, round_seconds=0))
    assert await search(url) == ("a0", url)


async def test_a_search_that_finds_nothing_says_so(serve: Serve) -> None:
    assert await search(await serve(FeigSimulator())) is None
