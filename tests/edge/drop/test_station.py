import contextlib
import dataclasses

import pytest

from drivers.testing.waiting import until
from edge.drop.chute import State
from edge.drop.options import DropOptions
from edge.drop.testing import IN, OUT, book, standing
from edge.wire.facts import BinChanged, DropRefused, Return, TagTrouble, Trouble, Well
from edge.wire.messages import Part


async def test_a_book_is_armed_recorded_and_only_then_let_in(wires, services, hatch, board, facts):
    tag = book()
    async with standing(services) as drop:
        await until(lambda: board.outputs.get("light"))
        hatch.insert(tag)
        await until(lambda: board.outputs.get("shutter"))
        [returned] = facts(Return)
        assert (returned.item, returned.place, returned.bin) == ("B1", "drop", "A")
        assert (tag.afi, returned.evidence.afi_after) == (IN, IN)
        await hatch.fall()
        await until(lambda: drop.numbers()["ready"])
        assert drop.numbers()["bin_items"] == 1


async def test_books_come_one_after_the_other(wires, services, hatch, facts):
    async with standing(services) as drop:
        for number in (1, 2, 3):
            hatch.insert(book(number))
            await hatch.fall()
        await until(lambda: len(facts(BinChanged)) == 3)
        assert drop.numbers()["bin_percent"] == 75
    assert [fact.item for fact in facts(Return)] == ["B1", "B2", "B3"]
    assert [fact.percent for fact in facts(BinChanged)] == [25, 50, 75]


@pytest.mark.parametrize(
    ("reason", "tags"),
    [
        ("no_tag", []),
        ("several", [book(1), book(2)]),
        ("card", [book(usage=0x80)]),
        ("foreign", [book(owner="DK-718500")]),
        ("blank", [dataclasses.replace(book(), memory=bytearray(112))]),
    ],
)
async def test_what_is_not_one_good_item_is_given_back(
    wires, services, hatch, board, replica, facts, reason, tags
):
    replica.apply(Part(version=1, policy={"owners": ["VN-TINH"]}))
    async with standing(services) as drop:
        hatch.insert(*tags)
        await until(lambda: facts(DropRefused))
        await until(lambda: not board.outputs.get("light"))
        assert not board.outputs.get("shutter")
        hatch.empty()
        await until(lambda: drop.numbers()["ready"])
    assert [fact.reason for fact in facts(DropRefused)] == [reason]
    assert facts(Return) == []
    named = [] if reason in ("no_tag", "several") else [reason]
    assert [fact.reason for fact in facts(TagTrouble)] == named


async def test_the_parts_of_one_set_are_one_item(wires, services, hatch, facts):
    tags = [book(1, "SET", part=1, parts=2), book(2, "SET", part=2, parts=2)]
    async with standing(services):
        hatch.insert(*tags)
        await hatch.fall()
    assert [fact.item for fact in facts(Return)] == ["SET"]
    assert [tag.afi for tag in tags] == [IN, IN]


async def test_a_book_pulled_out_again_is_not_returned(wires, services, hatch, field, facts):
    tag = book()
    field.tear_after(tag.uid, 0)
    async with standing(services) as drop:
        hatch.insert(tag)
        await until(lambda: facts(DropRefused))
        hatch.empty()
        await until(lambda: drop._chute.state is State.READY)
    assert [fact.reason for fact in facts(DropRefused)] == ["removed"]
    assert (facts(Return), tag.afi) == ([], OUT)


async def test_a_tag_that_cannot_be_armed_is_let_in_and_staff_know(
    wires, services, hatch, journal, facts
):
    tag = book()
    tag.afi_locked = True
    async with standing(services):
        hatch.insert(tag)
        await hatch.fall()
    assert len(facts(Return)) == 1
    assert [fact.reason for fact in facts(TagTrouble)] == ["not_armed"]
    assert len(journal.open_tasks()) == 1


async def test_a_book_that_does_not_fall_is_a_jam_until_it_is_gone(wires, services, hatch, facts):
    async with standing(services, shutter_seconds=0.1):
        hatch.insert(book())
        await until(lambda: facts(Trouble))
        hatch.empty()
        await until(lambda: facts(Well))
    assert [(fact.part, fact.reason) for fact in facts(Trouble)] == [("drop", "jam")]


async def test_a_full_bin_takes_nothing_until_it_is_emptied(wires, services, hatch, board, facts):
    async with standing(services) as drop:
        hatch.insert(book())
        await hatch.fall()
        board.set_input("bin_full", True)
        await until(lambda: drop.numbers()["bin_percent"] == 100)
        hatch.insert(book(2))
        await until(lambda: facts(DropRefused))
        hatch.empty()
        board.set_input("bin_door", True)
        board.set_input("bin_full", False)
        board.set_input("bin_door", False)
        await until(lambda: facts(BinChanged)[-1].emptied)
        await until(lambda: board.outputs.get("light"))
        assert drop.numbers()["bin_items"] == 0
    assert [fact.reason for fact in facts(DropRefused)] == ["full"]
    assert facts(BinChanged)[-1].items == 1


async def test_the_count_of_the_bin_survives_a_restart(wires, services, hatch, facts):
    for number in (1, 2):
        async with standing(services) as drop:
            hatch.insert(book(number))
            await hatch.fall()
    assert drop.numbers()["bin_items"] == 2


async def test_a_reader_that_goes_away_leaves_the_book_in_the_chute_and_takes_it_after(
    wires, services, hatch, board, facts
):
    async with standing(services) as drop:
        await wires["antenna"].unplug()
        hatch.insert(book())
        await until(lambda: drop._chute.state is State.AWAY)
        assert not board.outputs.get("shutter")
        await wires["antenna"].plug()
        await until(lambda: facts(Return))
        await hatch.fall()
    assert len(facts(Return)) == 1


async def test_what_lay_in_the_chute_at_a_power_cut_is_taken_at_the_next_start(
    wires, services, hatch, board, facts
):
    hatch.insert(book())
    async with standing(services):
        await hatch.fall()
    assert len(facts(Return)) == 1


class PowerCutError(Exception):
    """The plug was pulled."""


class Fused:
    """A part of the machine that works until so many steps were done, before or after one."""

    def __init__(self, inner, verb, burn):
        self._inner, self._verb, self._burn = inner, verb, burn

    def __getattr__(self, name):
        value = getattr(self._inner, name)
        if name != self._verb:
            return value

        async def around(*args, **kwargs):
            self._burn()
            result = await value(*args, **kwargs)
            self._burn()
            return result

        return around


def fused(services, at):
    """The same machine, whose power goes at a step of its journal, its reader or its board."""
    steps = iter(range(10_000))

    def burn():
        if next(steps) >= at:
            raise PowerCutError

    devices = {name: Fused(device, "call", burn) for name, device in services.devices.items()}
    journal = Fused(services.journal, "append", burn)
    return dataclasses.replace(services, journal=journal, devices=devices)


@pytest.mark.parametrize("step", range(3, 27, 2))
async def test_a_power_cut_at_any_step_lets_nothing_in_that_is_not_recorded(
    wires, services, hatch, board, journal, facts, step
):
    tag = book()
    with contextlib.suppress(ExceptionGroup, TimeoutError):
        async with standing(fused(services, step)) as drop:
            hatch.insert(tag)
            await until(lambda: drop.numbers()["ready"] and board.outputs.get("shutter"), 1.0)
    if board.outputs.get("shutter"):
        assert facts(Return), "let in, and not recorded"
    if tag.afi == OUT:
        assert not facts(Return) or journal.task(tag.uid.hex().upper()), "returned and silent"
    await until(lambda: not board.outputs.get("shutter"))
    async with standing(services) as drop:
        await hatch.fall()
        await until(lambda: drop.numbers()["ready"])
    assert {fact.item for fact in facts(Return)} == {"B1"}
    assert tag.afi == IN
    assert journal.open_tasks() == []


async def test_a_board_that_comes_back_tells_how_things_are(wires, services, hatch, board, facts):
    async with standing(services):
        await wires["lines"].unplug()
        await until(lambda: not services.devices["lines"].up)
        hatch.field.put(book())
        board.inputs["flap"] = True
        await wires["lines"].plug()
        await hatch.fall()
    assert len(facts(Return)) == 1


def test_numbers_that_make_no_drop_are_refused():
    with pytest.raises(ValueError, match="capacity"):
        DropOptions(reader="a", board="b", capacity=0)


def test_every_option_of_a_drop_has_help():
    assert all(row.metadata["help"] for row in dataclasses.fields(DropOptions))


async def test_a_shutter_that_does_not_close_stops_the_drop_until_it_does(
    wires, services, hatch, board, facts
):
    async with standing(services, shut_seconds=0.1) as drop:
        board.set_input("shutter_open", True)
        await until(lambda: facts(Trouble))
        hatch.insert(book())
        await until(lambda: facts(DropRefused))
        assert facts(DropRefused)[0].reason == "shutter_stuck"
        assert drop.numbers()["ready"] == 0
        hatch.empty()
        board.set_input("shutter_open", False)
        await until(lambda: drop.numbers()["ready"])
        hatch.insert(book())
        await until(lambda: facts(Return))
        board.set_input("shutter_open", True)
        await hatch.fall()
        board.set_input("shutter_open", False)
    assert facts(Trouble, Well) == [
        Trouble(part="drop", reason="shutter_stuck", why=facts(Trouble)[0].why),
        Well(part="drop", reason="shutter_stuck"),
    ]


async def test_an_opened_case_is_told_if_there_is_a_sensor_for_it(wires, services, board, facts):
    async with standing(services, tamper="tamper"):
        board.set_input("tamper", True)
        await until(lambda: facts(Trouble))
        board.set_input("tamper", False)
        await until(lambda: facts(Well))
    assert (facts(Trouble)[0].part, facts(Trouble)[0].reason) == ("drop", "tamper")
