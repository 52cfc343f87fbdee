"""What every UHF reader must do, whatever its dialect."""

from collections.abc import Callable
from typing import Any

import pytest

from drivers.errors import NoReplyError, RefusedError, TagLostError
from drivers.ports import Bank, UhfReader
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.wires import Wire


async def test_a_tag_is_seen_every_time(uhf: UhfReader, tag: Gen2Tag) -> None:
    for _ in range(3):
        [seen] = await uhf.inventory()
        assert seen.epc == tag.epc
        assert seen.pc in (None, tag.pc)


async def test_an_empty_field_shows_nothing(uhf: UhfReader, field: AirField) -> None:
    field.clear()
    assert await uhf.inventory() == []


@pytest.mark.parametrize("count", [2, 3, 4, 5, 30])
async def test_every_tag_is_seen_once(
    uhf: UhfReader, field: AirField, make_book: Callable[..., Gen2Tag], count: int
) -> None:
    tags = [make_book(number) for number in range(count)]
    for tag in tags:
        field.put(tag)
    seen = [tag.epc for tag in await uhf.inventory()]
    assert sorted(seen) == sorted(tag.epc for tag in field.tags)


async def test_every_bank_is_read(uhf: UhfReader, tag: Gen2Tag) -> None:
    tag.user[:4] = b"\x06\x01\x02\x03"
    assert await uhf.read(tag.epc, Bank.EPC, 0, 2) == tag.bank(Bank.EPC)[:4]
    assert await uhf.read(tag.epc, Bank.TID, 0, 6) == tag.tid
    assert await uhf.read(tag.epc, Bank.USER, 0, 2) == b"\x06\x01\x02\x03"


async def test_a_large_bank_is_read_and_written_in_pieces(uhf: UhfReader, field: AirField) -> None:
    large = Gen2Tag(bytes(12), bytes.fromhex("AA" * 12), user=bytearray(256))
    field.put(large)
    data = bytes(n % 251 for n in range(256))
    await uhf.write(large.epc, Bank.USER, 0, data)
    assert large.user == data
    assert await uhf.read(large.epc, Bank.USER, 0, 128) == data


async def test_only_the_named_tag_is_written(
    uhf: UhfReader, field: AirField, tag: Gen2Tag, make_book: Callable[..., Gen2Tag]
) -> None:
    other = make_book(2)
    field.put(other)
    await uhf.write(tag.epc, Bank.USER, 1, b"\x12\x34")
    assert tag.user[:4] == b"\0\0\x12\x34"
    assert not any(other.user)


async def test_a_tag_that_is_not_there_is_lost(uhf: UhfReader) -> None:
    with pytest.raises(TagLostError):
        await uhf.read(bytes(12), Bank.TID, 0, 2)
    with pytest.raises(TagLostError):
        await uhf.write(bytes(12), Bank.USER, 0, b"\0\1")


async def test_a_tag_that_leaves_in_a_write_is_lost_with_a_part_written(
    uhf: UhfReader, field: AirField, tag: Gen2Tag
) -> None:
    field.tear_after(tag.tid, 3)
    with pytest.raises(TagLostError):
        await uhf.write(tag.epc, Bank.USER, 0, b"\x99" * 16)
    assert tag.user[:16] == b"\x99" * 6 + bytes(10)


async def test_a_missing_password_is_said_to_be_so(uhf: UhfReader, tag: Gen2Tag) -> None:
    tag.password = b"\1\2\3\4"
    with pytest.raises(RefusedError, match="password"):
        await uhf.write(tag.epc, Bank.USER, 0, b"\0\1")


async def test_words_that_do_not_exist_are_refused_or_lost(uhf: UhfReader, tag: Gen2Tag) -> None:
    with pytest.raises((RefusedError, TagLostError)):
        await uhf.read(tag.epc, Bank.TID, 4, 20)


async def test_half_a_word_is_a_mistake_of_ours(uhf: UhfReader, tag: Gen2Tag) -> None:
    with pytest.raises(ValueError, match="whole words"):
        await uhf.write(tag.epc, Bank.USER, 0, b"\0\1\2")


async def test_another_address_is_silent_and_named_so(
    dialect: str, field: AirField, make: Any
) -> None:
    device = make[0](dialect, field)
    device.address = 7
    quiet = make[1](dialect, Wire(device), patience=0.01)
    assert len(await quiet.inventory()) == 1
    quiet._line._address = 8
    quiet._line.doubt()
    with pytest.raises(NoReplyError, match="reader version"):
        await quiet.inventory()
