import asyncio
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import NoReplyError, OptionError, PortLostError
from drivers.pcsc import PCSC, PcscOptions
from drivers.ports import Card, CardReader

FAKE = Path(__file__).parent / "fake"
NTAG = ("ntag213", "04a1b2c3d4e580", "R0001")
FAST = PcscOptions(poll_ms=10)
Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    field = tmp_path / "field.json"
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("SHELFWIRE_TEST_FIELD", str(field))

    def put(**world: Any) -> None:
        new = field.with_suffix(".new")
        new.write_text(json.dumps({"readers": ["ACS ACR1252 SAM", "ACS ACR1252 PICC"], **world}))
        new.replace(field)

    put()
    return put


async def soon(reader: CardReader) -> Card:
    return await asyncio.wait_for(reader.next_card(), 10)


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (NTAG, Card(bytes.fromhex(NTAG[1]), "ntag", "R0001")),
        (
            ("classic1k", "deadbeef", "R0002"),
            Card(bytes.fromhex("deadbeef"), "mifare-classic", "R0002"),
        ),
        (
            ("iso14443-4", "08112233", ""),
            Card(bytes.fromhex("08112233"), "iso14443-4", uid_is_random=True),
        ),
    ],
    ids=["ntag", "classic", "phone"],
)
async def test_each_kind_of_card_is_told(put: Put, card: Any, expected: Card) -> None:
    put(card=card)
    async with PCSC.open(PcscOptions(poll_ms=10, mifare_block=4)) as reader:
        assert await soon(reader) == expected


async def test_a_wrong_key_leaves_the_uid(put: Put) -> None:
    put(card=("classic1k", "deadbeef", "R0002"))
    options = PcscOptions(poll_ms=10, mifare_block=4, mifare_key="A0A1A2A3A4A5")
    async with PCSC.open(options) as reader:
        assert await soon(reader) == Card(bytes.fromhex("deadbeef"), "mifare-classic")


async def test_a_card_comes_once_until_it_was_away(put: Put) -> None:
    async with PCSC.open(FAST) as reader:
        put(card=NTAG)
        assert (await soon(reader)).number == "R0001"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.next_card(), 0.2)
        put()
        waiting = asyncio.create_task(reader.next_card())
        await asyncio.sleep(0.2)
        put(card=NTAG)
        assert (await asyncio.wait_for(waiting, 5)).number == "R0001"


async def test_a_reader_that_is_pulled_out_is_a_lost_port(put: Put) -> None:
    async with PCSC.open(FAST) as reader:
        put(readers=[])
        with pytest.raises(PortLostError, match="no card reader"):
            await soon(reader)


async def test_a_reader_is_chosen_by_a_part_of_its_name(put: Put) -> None:
    with pytest.raises(PortLostError, match="there is ACS ACR1252 SAM, ACS ACR1252 PICC"):
        async with PCSC.open(PcscOptions(reader="identiv")):
            pass
    put(card=NTAG)
    async with PCSC.open(PcscOptions(reader="acr1252 picc", poll_ms=10)) as reader:
        assert await soon(reader)


async def test_pcscd_that_does_not_run_is_a_lost_port(put: Put) -> None:
    put(dead=True)
    with pytest.raises(PortLostError, match="is pcscd running"):
        async with PCSC.open(FAST):
            pass


async def test_a_call_that_blocks_is_given_up(put: Put) -> None:
    async with PCSC.open(PcscOptions(poll_ms=10, answer_s=0.3)) as reader:
        put(block=30)
        with pytest.raises(NoReplyError, match="did not answer targets"):
            await soon(reader)


@pytest.mark.skipif(bool(find_spec("smartcard")), reason="pyscard is installed")
async def test_without_pyscard_the_driver_says_what_it_needs() -> None:
    with pytest.raises(OptionError, match="needs pyscard"):
        async with PCSC.open(FAST):
            pass


@pytest.mark.parametrize("wrong", [{"answer_s": -1.0}, {"mifare_block": 7}])
async def test_options_that_cannot_be_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(wrong))):
        async with PCSC.open(PcscOptions(**wrong)):
            pass
