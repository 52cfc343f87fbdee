"""Our LLRP driver against the emulator of llrpkit, which somebody else wrote."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from drivers.errors import OptionError, PortLostError, RefusedError, TagLostError
from drivers.llrp import GATE, PAD, LlrpOptions, LlrpReader
from drivers.llrp.opening import open_reader
from drivers.ports import Bank, GateReader, ItemReader, UhfReader
from drivers.tags import AFI_IN, AFI_OUT, encode_mb01_alliance

emulator = pytest.importorskip("llrpkit.emulator")
core = pytest.importorskip("llrpkit.emulator.core")

BANK = encode_mb01_alliance("32103179")
BOOK, COAT = BANK[4:], bytes.fromhex("3034257bf7194e4000001a85")


@pytest.fixture
async def reader_device() -> AsyncIterator[object]:
    tags = [
        core.EmulatedTag(BOOK, antennas=(1,), rssi_dbm=-50.0),
        core.EmulatedTag(COAT, antennas=(2,), rssi_dbm=-60.0),
    ]
    async with emulator.LLRPEmulator(tags=tags, reads_per_sec=400.0) as device:
        yield device


def options(device: object, **more: object) -> LlrpOptions:
    url = f"tcp://127.0.0.1:{device.port}"  # type: ignore[attr-defined]
    return LlrpOptions(url=url, scan_ms=80, security="epc-bit", tags="cn-alliance", **more)  # type: ignore[arg-type]


@pytest.fixture
async def uhf(reader_device: object) -> AsyncIterator[LlrpReader]:
    async with open_reader(options(reader_device)) as reader:
        yield reader


async def test_every_tag_is_seen_with_antenna_and_strength(uhf: UhfReader) -> None:
    seen = {tag.epc: tag for tag in await uhf.inventory()}
    assert set(seen) == {BOOK, COAT}
    assert (seen[BOOK].antenna, seen[COAT].antenna) == (1, 2)
    assert -60 < (seen[BOOK].rssi or 0) < -40


async def test_banks_are_read_and_written(uhf: UhfReader) -> None:
    assert (await uhf.read(BOOK, Bank.TID, 0, 2)).hex() == "e2801105"
    await uhf.write(BOOK, Bank.USER, 1, b"\x12\x34\x56\x78")
    assert await uhf.read(BOOK, Bank.USER, 0, 4) == bytes.fromhex("0000123456780000")


async def test_a_tag_that_is_not_there_is_lost(uhf: LlrpReader) -> None:
    uhf._access_seconds = 0.3
    with pytest.raises(TagLostError):
        await uhf.read(bytes(12), Bank.TID, 0, 2)


async def test_words_that_do_not_exist_are_refused(uhf: UhfReader) -> None:
    with pytest.raises(RefusedError, match="Error"):
        await uhf.write(BOOK, Bank.USER, 60, bytes(8))


async def test_a_gate_sees_the_book_and_not_the_coat(reader_device: object) -> None:
    gate: GateReader
    async with GATE.open(options(reader_device)) as gate:
        [seen] = await gate.sightings()
        assert (seen.afi, seen.antenna, seen.bank) == (AFI_IN, 1, "mb01-alliance")


async def test_a_pad_lends_and_takes_back(reader_device: object) -> None:
    pad: ItemReader
    async with PAD.open(options(reader_device)) as pad:
        [seen] = await pad.inventory()
        for afi in (AFI_OUT, AFI_IN):
            await pad.write_afi(seen.uid, afi)
            assert (await pad.info(seen.uid)).afi == afi


async def test_two_tasks_take_turns(uhf: UhfReader) -> None:
    seen, tid = await asyncio.gather(uhf.inventory(), uhf.read(BOOK, Bank.TID, 0, 2))
    assert len(seen) == 2
    assert tid.hex() == "e2801105"


async def test_a_reader_that_goes_away_is_a_lost_port(reader_device: object) -> None:
    async with open_reader(options(reader_device)) as reader:
        await reader_device.stop()  # type: ignore[attr-defined]
        with pytest.raises(PortLostError):
            await reader.inventory()


async def test_nobody_there_is_a_lost_port() -> None:
    with pytest.raises(PortLostError):
        async with open_reader(LlrpOptions(url="tcp://127.0.0.1:9")):
            pass


async def test_without_the_package_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llrpkit.reader", None)
    with pytest.raises(OptionError, match=r"pip install 'shelfwire\[llrp\]'"):
        async with open_reader(LlrpOptions(url="tcp://127.0.0.1:5084")):
            pass


async def test_a_serial_line_is_no_place_for_llrp() -> None:
    with pytest.raises(OptionError, match="5084"):
        async with open_reader(LlrpOptions(url="serial:///dev/ttyUSB0")):
            pass
