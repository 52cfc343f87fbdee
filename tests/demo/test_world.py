import asyncio

import pytest

from demo.catalogue import library
from demo.world.errors import WorldError
from demo.world.scene import Scene
from demo.world.world import World
from drivers.feig import GATE, PAD
from drivers.gpio import SOCKET
from drivers.pn532 import CARD
from drivers.tags import AFI_OUT, decode
from drivers.testing.waiting import until


def url(world, site, device):
    ports = world.places.ports
    if f"{device}-{site}" in ports:
        return f"tcp://127.0.0.1:{ports[f'{device}-{site}']}"
    return f"serial://{world.places.wire(site, device)}"


def reader_with(world, card, site="tinh"):
    return next(
        number
        for number, one in world.things.readers.items()
        if one.person.card == card and one.site == site
    )


async def come_in(world, card="ntag"):
    number = reader_with(world, card)
    await world.walk(number, "in")
    return number


def first(world, tag="iso28560-2", site="tinh"):
    return next(b for b in world.things.at(f"shelf:{site}") if b.copy.tag == tag)


async def test_a_book_on_the_pad_is_seen_through_the_real_wire(world):
    book = first(world)
    world.move(book.copy.item, "pad:tinh")
    async with PAD.open(PAD.options(url=url(world, "tinh", "pad"))) as pad:
        [seen] = await pad.inventory()
        data = await pad.read(seen.uid, 0, 28)
        assert decode(data, dsfid=seen.dsfid).item_id == book.copy.item
        await pad.write_afi(seen.uid, AFI_OUT)
        world.move(book.copy.item, "shelf:tinh")
        assert await pad.inventory() == []
    assert book.tag.afi == AFI_OUT


async def test_a_card_is_read_while_it_is_held_there(world):
    number = await come_in(world)
    async with CARD.open(CARD.options(url=url(world, "tinh", "card"))) as reader:
        world.pace = 0.5
        tap = asyncio.create_task(world.tap(number))
        card = await reader.next_card()
        await tap
    assert card.number == world.things.reader(number).person.number


async def test_walking_breaks_both_beams_and_the_gate_hears_the_bag(world):
    number = await come_in(world)
    book = first(world)
    world.move(book.copy.item, f"bag:{number}")
    gate_options = GATE.options(url=url(world, "tinh", "gate"))
    board_options = SOCKET.options(url=url(world, "tinh", "gate-board"))
    async with GATE.open(gate_options) as gate, SOCKET.open(board_options) as board:
        await world.walk(number, "out")
        lines = [await board.next_change() for _ in range(4)]
        found = await gate.sightings()
    assert [change.line for change in lines] == ["beam_b", "beam_a", "beam_b", "beam_a"]
    assert {sighting.uid for sighting in found} == {book.tag.uid}


async def test_what_lies_in_the_chute_falls_when_the_shutter_opens(world):
    book = first(world)
    world.move(book.copy.item, "chute:tinh")
    board_options = SOCKET.options(url=url(world, "tinh", "drop-board"))
    async with SOCKET.open(board_options) as board:
        assert board.active("flap")
        await board.set("shutter", True)
        assert await until(lambda: book.place == "bin:tinh")
        changes = [await board.next_change() for _ in range(2)]
        assert [(one.line, one.active) for one in changes] == [
            ("shutter_open", True), ("flap", False),
        ]  # fmt: skip


@pytest.mark.parametrize(("diverter", "place"), [("divert_2", "bin-2"), ("divert_3", "bin-3")])
async def test_a_book_falls_into_the_bin_that_the_diverter_points_at(world, diverter, place):
    books = world.things.at("shelf:tinh")[:4]
    simulator = world.sites["tinh"].drop_board
    simulator.outputs[diverter] = True
    for book in books:
        world.move(book.copy.item, "chute:tinh")
        simulator.outputs["shutter"] = True
        world._fall("tinh")
    assert world.things.at(f"{place}:tinh") == books
    assert simulator.inputs[f"full_{place[-1]}"]


async def test_a_chute_that_sticks_keeps_what_lies_in_it(world):
    book = first(world)
    world.jam("tinh", True)
    world.move(book.copy.item, "chute:tinh")
    world.sites["tinh"].drop_board.outputs["shutter"] = True
    world._fall("tinh")
    assert book.place == "chute:tinh"
    world.jam("tinh", False)
    world._fall("tinh")
    assert book.place == "bin:tinh"


async def test_an_emptied_bin_goes_back_to_the_shelf(world):
    for book in world.things.at("shelf:xa")[:12]:
        world.things.move(book, "bin:xa")
    world._bin_level("xa")
    board = world.sites["xa"].drop_board
    assert board.inputs["bin_full"]
    await world.open_bin("xa")
    assert not board.inputs["bin_full"]
    assert world.things.at("bin:xa") == []


async def test_a_pulled_cable_is_gone_and_comes_back(world):
    await world.cable("tinh", "pad", False)
    assert not world.places.wire("tinh", "pad").exists()
    await world.cable("tinh", "pad", True)
    assert world.places.wire("tinh", "pad").exists()


async def test_the_wire_is_told_in_words(world):
    said = []
    world.listen(lambda event: said.append(event["wire"]) if "wire" in event else None)
    world.scan("tinh", text="TT123")
    assert [(one["key"], one["values"]) for one in said] == [("scanner.read", {"text": "TT123"})]


@pytest.mark.parametrize(
    ("card", "act", "why"),
    [("barcode", "tap", "card_has_no_chip"), ("mifare", "scan", "card_has_no_code")],
)
async def test_a_card_can_do_only_what_its_kind_can(world, card, act, why):
    number = await come_in(world, card)
    with pytest.raises(WorldError, match=why):
        if act == "tap":
            await world.tap(number)
        else:
            world.scan("tinh", reader=number)


async def test_nobody_taps_a_card_from_the_street(world):
    with pytest.raises(WorldError, match="still_outside"):
        await world.tap(reader_with(world, "ntag"))


async def test_a_book_does_not_fly_to_the_other_library(world):
    with pytest.raises(WorldError, match="too_far"):
        world.move(first(world).copy.item, "pad:xa")


async def test_a_book_from_the_shelf_reaches_only_who_is_inside(world):
    number = reader_with(world, "ntag")
    with pytest.raises(WorldError, match="still_outside"):
        world.move(first(world).copy.item, f"bag:{number}")


async def test_nobody_reaches_into_a_closed_bin(world):
    book = first(world)
    world.things.move(book, "bin:tinh")
    with pytest.raises(WorldError, match="bin_is_closed"):
        world.move(book.copy.item, "shelf:tinh")


async def test_a_world_continues_where_it_was_left(places):
    world = World(library(), places, pace=0.02)
    async with world.open(power=False):
        book = first(world)
        world.move(book.copy.item, "pad:tinh")
    again = World(library(), places, pace=0.02)
    async with again.open(power=False):
        assert [tag.uid for tag in again.sites["tinh"].pad.tags] == [book.tag.uid]


async def test_the_scene_shows_a_shelf_with_every_difficult_kind(world):
    scene = Scene(world).now()
    for site in scene["sites"].values():
        kinds = {scene["books"][item]["tag"] for item in site["places"]["shelf"]}
        assert {"blank", "broken", "foreign", "3m-rfid501", "iso28560-3-short"} <= kinds
    assert {one["card"] for one in scene["people"]} == {"barcode", "ntag", "mifare"}
    assert {one["note"] for one in scene["people"]} > {""}


async def test_a_book_that_was_looked_for_stands_in_front(world):
    scene = Scene(world)
    wanted = world.things.at("shelf:tinh")[-1].copy
    assert wanted.item in [one["item"] for one in scene.find("tinh", wanted.item.lower())["books"]]
    scene.fetch_book(wanted.item)
    assert scene.now()["sites"]["tinh"]["places"]["shelf"][0] == wanted.item
