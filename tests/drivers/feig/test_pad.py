import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.crc import mcrf4xx
from drivers.errors import FrameError, RefusedError
from drivers.feig.device import Answer
from drivers.feig.fields import Fields
from drivers.feig.link import Link
from drivers.feig.pad import FeigPad
from drivers.feig.simulator import FeigSimulator
from drivers.feig.status import IsoError, Status, TagRefusedError
from drivers.ports import ItemReader, TagInfo
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Wire

UIDS = [bytes.fromhex(f"E0040150000000{n:02X}") for n in range(40)]


async def test_a_pad_is_an_item_reader(pad: FeigPad) -> None:
    reader: ItemReader = pad
    assert [seen.uid for seen in await reader.inventory()] == [UIDS[0]]


@pytest.mark.parametrize("count", [1, 15, 16, 17, 32, 33, 40])
async def test_every_tag_of_a_stack_is_seen_once(pad: FeigPad, field: Field, count: int) -> None:
    field.clear()
    for uid in UIDS[:count]:
        field.put(Tag(uid))
    assert sorted(seen.uid for seen in await pad.inventory()) == UIDS[:count]


async def test_a_tag_of_large_blocks_is_written_two_blocks_at_a_time(
    pad: FeigPad, field: Field, simulator: FeigSimulator
) -> None:
    fujitsu = Tag(bytes.fromhex("E008010000000001"), bytearray(250 * 8), block_size=8)
    field.put(fujitsu)
    data = bytes(n % 251 for n in range(5 * 8))
    before = simulator.requests
    await pad.write(fujitsu.uid, 10, data, 8)
    assert simulator.requests - before == 3
    assert await pad.read(fujitsu.uid, 10, 5) == data


async def test_a_locked_block_refuses_and_is_named(pad: FeigPad, tag: Tag) -> None:
    tag.locked.add(5)
    with pytest.raises(TagRefusedError, match="locked, block 5") as caught:
        await pad.write(tag.uid, 3, bytes(16), 4)
    assert caught.value.block == 5
    assert tag.block(4) == bytes(4)
    assert tag.block(6) == bytes((24, 25, 26, 27))


async def test_a_block_that_does_not_exist_is_refused(pad: FeigPad, tag: Tag) -> None:
    with pytest.raises(TagRefusedError, match="no block"):
        await pad.read(tag.uid, 28, 1)
    with pytest.raises(TagRefusedError, match="no block"):
        await pad.write(tag.uid, 28, bytes(4), 4)


async def test_a_reader_that_does_not_turn_blocks_is_a_setting(field: Field) -> None:
    simulator = FeigSimulator(field, block_seconds=0.0, block_order="plain")
    assert await FeigPad(Link(Wire(simulator)), "plain").read(UIDS[0], 0, 2) == bytes(range(8))
    assert await FeigPad(Link(Wire(simulator))).read(UIDS[0], 0, 1) == bytes((3, 2, 1, 0))


@given(
    block_size=st.sampled_from([1, 4, 8]),
    blocks=st.integers(1, 40),
    data=st.data(),
)
async def test_what_is_written_is_read(block_size: int, blocks: int, data: st.DataObject) -> None:
    tag = Tag(UIDS[0], bytearray(blocks * block_size), block_size)
    pad = FeigPad(Link(Wire(FeigSimulator(Field(tag), block_seconds=0.0))))
    first = data.draw(st.integers(0, blocks - 1))
    count = data.draw(st.integers(1, blocks - first))
    content = data.draw(st.binary(min_size=count * block_size, max_size=count * block_size))
    await pad.write(tag.uid, first, content, block_size)
    assert await pad.read(tag.uid, first, count) == content
    assert tag.memory[first * block_size : (first + count) * block_size] == content


async def test_tags_that_disturb_one_another_are_asked_again(tag: Tag) -> None:
    class Crowded(FeigSimulator):
        collisions = 2

        def _inventory(self, fields: Fields) -> Answer:
            if self.collisions:
                self.collisions -= 1
                return Answer(Status.COLLISION)
            return super()._inventory(fields)

    crowded = Crowded(Field(tag), block_seconds=0.0)
    assert len(await FeigPad(Link(Wire(crowded))).inventory()) == 1
    crowded.collisions = 3
    with pytest.raises(FrameError, match="not heard clearly"):
        await FeigPad(Link(Wire(crowded))).inventory()


async def test_a_chip_without_system_info_is_known_by_its_uid() -> None:
    class Plain(FeigSimulator):
        def _system_info(self, tag: Tag, fields: Fields) -> Answer:  # noqa: ARG002
            return Answer(Status.ISO15693_ERROR, bytes((IsoError.NOT_SUPPORTED,)))

    old = Tag(bytes.fromhex("E007C00000000001"), bytearray(32))
    pad = FeigPad(Link(Wire(Plain(Field(old, Tag(UIDS[0])), block_seconds=0.0))))
    assert await pad.info(old.uid) == TagInfo(old.uid, None, None, 4, 8)
    with pytest.raises(TagRefusedError, match="not supported"):
        await pad.info(UIDS[0])


async def test_an_rf_warning_is_refused_with_what_to_look_for(tag: Tag) -> None:
    class Disturbed(FeigSimulator):
        def _inventory(self, fields: Fields) -> Answer:  # noqa: ARG002
            return Answer(Status.RF_WARNING)

    with pytest.raises(RefusedError) as caught:
        await FeigPad(Link(Wire(Disturbed(Field(tag), block_seconds=0.0)))).inventory()
    assert "metal" in caught.value.hint


async def test_a_reader_that_warns_of_its_antenna_still_tells_its_tags(
    simulator: FeigSimulator, tag: Tag
) -> None:
    class Warned(Wire):
        """Every good answer to a tag command carries the status 84."""

        def to_host(self, data: bytes) -> list[bytes]:
            if data[4] != 0xB0 or data[5] or len(data) < 10:
                return [data]
            body = data[:5] + b"\x84" + data[6:-2]
            return [body + mcrf4xx(body).to_bytes(2, "little")]

    pad = FeigPad(Link(Warned(simulator), patience=0.02))
    assert [seen.uid for seen in await pad.inventory()] == [tag.uid]
    assert await pad.read(tag.uid, 0, 2) == bytes(range(8))
