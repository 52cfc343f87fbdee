import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec

import pytest

from drivers.contactless import remote
from drivers.errors import NoReplyError, OptionError, PortLostError
from drivers.libnfc import LIBNFC, LibnfcOptions
from drivers.pn532.cards import AnyCard, make_card
from drivers.pn532.simulator import Pn532Simulator
from drivers.ports import Card, CardReader
from drivers.testing.serve import ServedOnPty, serve_pty

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not find_spec("pynfc"), reason="pynfc is not installed"),
]
NTAG = make_card("ntag213", bytes.fromhex("04a1b2c3d4e580"), "Thẻ R0001")
CLASSIC = make_card("classic1k", bytes.fromhex("deadbeef"), "R0002")
PHONE = make_card("iso14443-4", bytes.fromhex("08112233"))


@asynccontextmanager
async def on_pty(*cards: AnyCard) -> AsyncIterator[tuple[ServedOnPty, Pn532Simulator]]:
    chip = Pn532Simulator(*cards, speed=0)
    served = await serve_pty(chip)
    try:
        yield served, chip
    finally:
        await served.close()


def options(served: ServedOnPty, **more: object) -> LibnfcOptions:
    device = f"pn532_uart:{served.link.resolve()}:115200"
    return LibnfcOptions(device, poll_ms=10, **more)  # type: ignore[arg-type]


async def soon(reader: CardReader) -> Card:
    return await asyncio.wait_for(reader.next_card(), 10)


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (NTAG, Card(NTAG.uid, "ntag", "Thẻ R0001")),
        (CLASSIC, Card(CLASSIC.uid, "mifare-classic", "R0002")),
        (PHONE, Card(PHONE.uid, "iso14443-4", uid_is_random=True)),
    ],
    ids=["ntag", "classic", "phone"],
)
async def test_libnfc_tells_what_our_own_driver_tells(card: AnyCard, expected: Card) -> None:
    async with (
        on_pty(card) as (served, _),
        LIBNFC.open(options(served, mifare_block=4)) as reader,
    ):
        assert await soon(reader) == expected


async def test_a_wrong_key_leaves_the_uid() -> None:
    wrong = {"mifare_block": 4, "mifare_key": "A0A1A2A3A4A5"}
    async with on_pty(CLASSIC) as (served, _), LIBNFC.open(options(served, **wrong)) as reader:
        assert await soon(reader) == Card(CLASSIC.uid, "mifare-classic")


async def test_a_card_comes_once_until_it_was_away() -> None:
    async with on_pty() as (served, chip), LIBNFC.open(options(served)) as reader:
        chip.put(NTAG)
        assert (await soon(reader)).number == "Thẻ R0001"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.next_card(), 0.3)
        chip.take()
        waiting = asyncio.create_task(reader.next_card())
        await asyncio.sleep(0.5)
        chip.put(NTAG)
        assert (await asyncio.wait_for(waiting, 10)).number == "Thẻ R0001"


async def test_a_pulled_cable_is_a_lost_reader_and_a_new_one_opens() -> None:
    async with on_pty(NTAG) as (served, _):
        async with LIBNFC.open(options(served, answer_s=2.0)) as reader:
            assert await soon(reader)
            await served.unplug()
            with pytest.raises((PortLostError, NoReplyError)):
                while True:
                    await soon(reader)
        await served.plug()
        async with LIBNFC.open(options(served)) as reader:
            assert await soon(reader)


async def test_a_call_that_blocks_costs_only_the_child() -> None:
    async with on_pty(NTAG) as (served, chip), LIBNFC.open(options(served, answer_s=0.5)) as reader:
        assert await soon(reader)
        chip.feed = lambda _data: []  # type: ignore[method-assign]
        ticks = 0
        waiting = asyncio.create_task(reader.next_card())
        while not waiting.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert isinstance(waiting.exception(), NoReplyError | PortLostError)
        assert ticks > 5


async def test_a_reader_that_is_not_there_is_a_lost_port() -> None:
    with pytest.raises(PortLostError, match="libnfc cannot open"):
        async with LIBNFC.open(LibnfcOptions("pn532_uart:/dev/shelfwire-none:115200")):
            pass


@pytest.mark.parametrize("wrong", [{"device": ""}, {"answer_s": 0.0}, {"poll_ms": 1}])
async def test_options_that_cannot_be_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(wrong))):
        async with LIBNFC.open(LibnfcOptions(**{"device": "x", **wrong})):  # type: ignore[arg-type]
            pass


async def test_a_child_that_dies_is_a_lost_port() -> None:
    with pytest.raises(PortLostError, match="has ended"):
        async with remote.in_child("this", seconds=1):
            pass
