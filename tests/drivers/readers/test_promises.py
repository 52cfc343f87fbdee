from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.errors import RefusedError, TagLostError
from drivers.ports import DsfidWriter, ItemReader, Transport
from drivers.rl866 import Rl866Pad
from drivers.testing.field import Field
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Wire

UIDS = [bytes.fromhex(f"E0040150000000{n:02X}") for n in range(40)]


@pytest.fixture
def tag() -> Tag:
    return Tag(UIDS[0], bytearray(range(112)), dsfid=6, afi=0x07)


@pytest.fixture
def field(tag: Tag) -> Field:
    return Field(tag)


@pytest.fixture
def pad(rig: Any, field: Field, wire: Callable[[Simulator], Transport]) -> ItemReader:
    made: ItemReader = rig.pad(wire(rig.simulator(field)))
    return made


async def test_an_empty_pad_sees_nothing(pad: ItemReader, field: Field) -> None:
    field.clear()
    assert await pad.inventory() == []


async def test_a_tag_that_lies_still_is_seen_every_time(pad: ItemReader) -> None:
    for _ in range(3):
        [seen] = await pad.inventory()
        assert seen.uid == UIDS[0]
        assert seen.dsfid in (6, None)


@pytest.mark.parametrize("count", [2, 3, 17, 40])
async def test_every_tag_of_a_stack_is_seen_once(pad: ItemReader, field: Field, count: int) -> None:
    field.clear()
    for uid in UIDS[:count]:
        field.put(Tag(uid))
    assert sorted(seen.uid for seen in await pad.inventory()) == UIDS[:count]


async def test_a_tag_says_what_it_is(pad: ItemReader) -> None:
    info = await pad.info(UIDS[0])
    assert (info.uid, info.dsfid, info.afi) == (UIDS[0], 6, 0x07)
    assert (info.block_size, info.block_count) == (4, 28)


async def test_blocks_come_in_memory_order(pad: ItemReader) -> None:
    assert await pad.read(UIDS[0], 0, 28) == bytes(range(112))
    assert await pad.read(UIDS[0], 3, 1) == bytes((12, 13, 14, 15))


async def test_a_large_tag_is_read_and_written_in_pieces(pad: ItemReader, field: Field) -> None:
    large = Tag(UIDS[1], bytearray(79 * 4))
    field.put(large)
    data = bytes(n % 251 for n in range(79 * 4))
    await pad.write(large.uid, 0, data, 4)
    assert large.memory == data
    assert await pad.read(large.uid, 0, 79) == data


async def test_the_afi_of_exactly_the_named_tag_is_written(
    pad: ItemReader, field: Field, tag: Tag
) -> None:
    other = Tag(UIDS[1], afi=0x07)
    field.put(other)
    await pad.write_afi(tag.uid, 0xC2)
    assert (tag.afi, other.afi) == (0xC2, 0x07)
    assert (await pad.info(tag.uid)).afi == 0xC2
    assert (await pad.info(other.uid)).afi == 0x07


async def test_a_tag_that_is_not_there_is_lost_and_the_port_stays_open(
    pad: ItemReader, field: Field, tag: Tag
) -> None:
    field.take(tag.uid)
    for attempt in (
        pad.info(tag.uid),
        pad.read(tag.uid, 0, 1),
        pad.write(tag.uid, 0, bytes(4), 4),
        pad.write_afi(tag.uid, 0xC2),
    ):
        with pytest.raises(TagLostError):
            await attempt
    field.put(tag)
    assert (await pad.info(tag.uid)).uid == tag.uid


@pytest.mark.parametrize("done", range(0, 28, 3))
async def test_a_tag_torn_away_in_a_write_is_lost_with_the_first_blocks_written(
    rig: Any, done: int
) -> None:
    tag = Tag(UIDS[0])
    field = Field(tag)
    pad = rig.pad(Wire(rig.simulator(field)))
    field.tear_after(tag.uid, done)
    with pytest.raises(TagLostError):
        await pad.write(tag.uid, 0, b"\xff" * 112, 4)
    assert tag.memory == b"\xff" * 4 * done + bytes(112 - 4 * done)
    assert await pad.inventory() == []


async def test_a_tag_torn_away_before_its_afi_was_written_keeps_its_afi(
    pad: ItemReader, field: Field, tag: Tag
) -> None:
    field.tear_after(tag.uid, 0)
    with pytest.raises(TagLostError):
        await pad.write_afi(tag.uid, 0xC2)
    assert tag.afi == 0x07


async def test_a_locked_block_refuses_and_what_came_before_it_is_written(
    pad: ItemReader, tag: Tag
) -> None:
    tag.locked.add(5)
    with pytest.raises(RefusedError, match="locked"):
        await pad.write(UIDS[0], 3, bytes(16), 4)
    assert tag.block(4) == bytes(4)
    assert tag.block(6) == bytes((24, 25, 26, 27))


async def test_a_block_that_does_not_exist_is_refused(pad: ItemReader) -> None:
    with pytest.raises(RefusedError):
        await pad.read(UIDS[0], 28, 1)
    with pytest.raises(RefusedError):
        await pad.write(UIDS[0], 28, bytes(4), 4)


async def test_a_locked_afi_is_refused(pad: ItemReader, tag: Tag) -> None:
    tag.afi_locked = True
    with pytest.raises(RefusedError):
        await pad.write_afi(tag.uid, 0xC2)
    assert (await pad.info(tag.uid)).afi == 0x07


async def test_half_a_block_is_refused_before_anything_is_sent(pad: ItemReader, tag: Tag) -> None:
    with pytest.raises(ValueError, match="whole blocks"):
        await pad.write(UIDS[0], 0, bytes(5), 4)
    assert tag.memory == bytes(range(112))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blocks=st.integers(1, 40), data=st.data())
async def test_what_is_written_is_read(rig: Any, blocks: int, data: st.DataObject) -> None:
    tag = Tag(UIDS[0], bytearray(blocks * 4))
    pad = rig.pad(Wire(rig.simulator(tag)))
    first = data.draw(st.integers(0, blocks - 1))
    count = data.draw(st.integers(1, blocks - first))
    content = data.draw(st.binary(min_size=count * 4, max_size=count * 4))
    await pad.write(tag.uid, first, content, 4)
    assert await pad.read(tag.uid, first, count) == content
    assert tag.memory[first * 4 : (first + count) * 4] == content


async def test_a_pad_that_writes_the_dsfid_writes_that_of_one_tag(
    pad: ItemReader, field: Field, tag: Tag
) -> None:
    if not isinstance(pad, DsfidWriter):
        assert isinstance(pad, Rl866Pad)  # no public source tells how
        return
    await pad.write_dsfid(tag.uid, 0x3E)
    assert (await pad.info(tag.uid)).dsfid == 0x3E
    assert [one.dsfid for one in field.tags if one.uid != tag.uid].count(0x3E) == 0
    field.tear_after(tag.uid, 0)
    with pytest.raises(TagLostError):
        await pad.write_dsfid(tag.uid, 0x06)
    assert tag.dsfid == 0x3E
