import dataclasses
import json
from pathlib import Path

import pytest

from drivers.feig import PAD, FeigSimulator
from drivers.feig.commands import READ_BLOCKS
from drivers.feig.device import Answer
from drivers.feig.status import Status
from drivers.tags import NewTag, encode
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from edge.circulation.model import ItemView
from edge.device import DeviceAwayError
from edge.items import FORGET_AFTER, GIVE_UP_AFTER, PadWatch, by_barcode
from edge.wire.messages import Part

VECTORS = Path(__file__).parents[2] / "drivers" / "tags" / "vectors.json"
DSFID = {"iso28560-2": 0x06, "iso28560-3": 0x3E, "3m-rfid501": 0}


def uid(number):
    return bytes.fromhex("E00401") + number.to_bytes(5, "big")


def book(number, item=None, *, model="iso28560-3", afi=0x07, **content):
    content = {"owner": "VN-TINH"} | content
    new = NewTag(item_id=item or f"B{number}", **content)
    memory = bytearray(112)
    data = encode(new, model, 112, 4)
    memory[: len(data)] = data
    return Tag(uid(number), memory, dsfid=DSFID[model], afi=afi)


@pytest.fixture
def field():
    return Field()


@pytest.fixture
def catalogue(replica):
    items = [
        ItemView(item="B1", title="Số đỏ", author="Vũ Trọng Phụng"),
        ItemView(item="B2", title="Tắt đèn", uid=uid(2).hex().upper()),
    ]
    policy = {"owners": ["VN-TINH"]}
    assert replica.apply(Part(version=1, items=items, policy=policy))
    return replica


@pytest.fixture
def simulator(field):
    return FeigSimulator(field, block_seconds=0)


@pytest.fixture
async def pad(simulator, catalogue, journal, on_wire):
    async with on_wire("pad", PAD, simulator, journal) as (device, served):
        yield device, served


@pytest.fixture
def watch(pad, catalogue):
    return PadWatch(pad[0], catalogue)


@pytest.mark.parametrize("model", ["iso28560-2", "iso28560-3", "3m-rfid501"])
async def test_a_book_is_known_by_its_tag_in_every_format(field, watch, model):
    owner = "" if model == "3m-rfid501" else "VN-TINH"
    field.put(book(1, model=model, owner=owner))
    [item] = await watch.look()
    assert (item.item, item.title, item.author, item.trouble) == (
        "B1", "Số đỏ", "Vũ Trọng Phụng", "",
    )  # fmt: skip
    assert (item.afi, item.format, item.key) == (0x07, model, uid(1).hex().upper())
    assert item.tags == ((uid(1), 0x07),)


async def test_items_come_in_order_of_arrival_and_their_looks_are_counted(field, watch):
    field.put(book(9))
    await watch.look()
    field.put(book(3))
    field.put(book(5))
    assert {one.item for one in await watch.look()} == {"B9", "B3", "B5"}
    items = await watch.look()
    assert (items[0].item, [one.reads for one in items]) == ("B9", [3, 2, 2])


async def test_a_tag_is_read_once_while_it_stays(field, watch):
    tag = book(1)
    field.put(tag)
    await watch.look()
    tag.memory[:] = bytes(112)
    assert [one.item for one in await watch.look()] == ["B1"]
    watch.forget()
    assert [one.trouble for one in await watch.look()] == ["blank"]


async def test_a_tag_that_flickers_is_remembered_and_one_that_leaves_is_not(field, watch):
    tag = book(1)
    for away, known in ((FORGET_AFTER, True), (FORGET_AFTER + 1, False)):
        field.put(tag)
        await watch.look()
        field.take(tag.uid)
        for _ in range(away):
            assert await watch.look() == []
        field.put(tag)
        [item] = await watch.look()
        assert (item.reads > 1) == known


async def test_looks_that_missed_a_tag_which_lay_there_are_counted(field, watch):
    steady, shaky = book(1), book(2)
    field.put(steady)
    for _ in range(5):
        field.put(shaky)
        await watch.look()
        field.take(shaky.uid)
        await watch.look()
    field.put(shaky)
    items = {item.uid: item for item in await watch.look()}
    assert (items[steady.uid].missed, items[shaky.uid].missed) == (0, 5)
    assert watch.reads_percent == round(100 * 17 / 22, 1)


@pytest.mark.parametrize(
    ("trouble", "changed"),
    [
        ("", {}),
        ("blank", {"memory": bytes(112)}),
        ("torn", {"memory": bytes.fromhex("11010142ffff") + bytes(106)}),
        ("unreadable", {"memory": b"\xa5" * 112, "dsfid": 0}),
    ],
)
async def test_a_tag_in_trouble_says_which(field, watch, trouble, changed):
    field.put(dataclasses.replace(book(1), **changed))
    [item] = await watch.look()
    assert item.trouble == trouble
    assert (item.item is None) == bool(trouble)


async def test_a_torn_tag_that_the_catalogue_knows_by_its_uid_is_the_item(field, watch):
    tag = book(2)
    tag.memory[8:10] = b"\xff\xff"
    field.put(tag)
    [item] = await watch.look()
    assert (item.item, item.title, item.trouble) == ("B2", "Tắt đèn", "")
    assert item.warnings


async def test_another_librarys_book_is_foreign(field, watch):
    field.put(book(1, owner="DK-718500"))
    [item] = await watch.look()
    assert (item.trouble, item.item, item.owner) == ("foreign", None, "DK-718500")


async def test_a_readers_card_is_no_book(field, watch):
    field.put(book(7, usage=0x80))
    assert [one.trouble for one in await watch.look()] == ["card"]


async def test_a_template_tag_has_no_number(field, watch):
    vectors = json.loads(VECTORS.read_text())["vectors"]
    [template] = [v for v in vectors if "template tag" in v.get("note", "")]
    memory = bytes.fromhex(template["memory_hex"])
    field.put(Tag(uid(1), memory.ljust(112, b"\0"), dsfid=0x3E, afi=7))
    assert [one.trouble for one in await watch.look()] == ["template"]


async def test_the_parts_of_a_set_are_one_item_and_missing_parts_are_counted(field, watch):
    field.put(book(10, "B1", part=1, parts=3))
    field.put(book(11, "B1", part=2, parts=3))
    [item] = await watch.look()
    assert {tag for tag, _ in item.tags} == {uid(10), uid(11)}
    assert item.missing == 1
    field.put(book(12, "B1", part=3, parts=3))
    [item] = await watch.look()
    assert (len(item.tags), item.missing) == (3, 0)


async def test_a_changed_security_byte_is_remembered(field, watch):
    field.put(book(1))
    await watch.look()
    watch.note_afi(uid(1), 0xC2)
    [item] = await watch.look()
    assert (item.afi, item.tags) == (0xC2, ((uid(1), 0xC2),))


async def test_a_tag_that_cannot_be_read_is_shown_after_some_looks(field, watch, simulator):
    field.put(book(1))
    simulator.on(READ_BLOCKS, lambda _: Answer(Status.NO_TAG))
    for _ in range(GIVE_UP_AFTER - 1):
        assert await watch.look() == []
    assert [one.trouble for one in await watch.look()] == ["unreadable"]


async def test_a_tag_of_eight_byte_blocks_is_read(field, watch):
    tag = book(1)
    field.put(Tag(bytes.fromhex("E008010000000001"), tag.memory, block_size=8, dsfid=0x3E, afi=7))
    assert [one.item for one in await watch.look()] == ["B1"]


async def test_a_reader_that_is_away_is_not_an_empty_pad(field, watch, pad):
    field.put(book(1))
    await watch.look()
    await pad[1].unplug()
    with pytest.raises(DeviceAwayError, match="pad"):
        await watch.look()


def test_a_scanned_number_gives_the_item_and_its_known_tag(catalogue):
    assert by_barcode(catalogue, "no such") is None
    first, second = by_barcode(catalogue, " B1 "), by_barcode(catalogue, "B2")
    assert (first.item, first.title, first.tags, first.key) == ("B1", "Số đỏ", (), "")
    assert second.tags == ((uid(2), None),)
    assert second.evidence().by == "barcode"
