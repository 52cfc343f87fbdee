import pytest

from drivers.printer import PRINTER
from drivers.printer.simulator import PrinterSimulator
from drivers.testing.waiting import until
from edge.circulation.model import ItemView
from edge.circulation.sorting import read_rules
from edge.drop.options import BinOptions, DropOptions
from edge.drop.sorter import Sorter, returning
from edge.drop.testing import IN, book, standing
from edge.station import NotPossibleError
from edge.wire.facts import BinChanged, DropRefused, Return, TagTrouble, TakenAside, Trouble
from edge.wire.messages import Answer, Part

RULES = ["exception -> 9", "hold -> 2", "other branch -> 3", "default -> 1"]
BINS = {
    "1": BinOptions(full="bin_full", half="bin_half"),
    "2": BinOptions(diverter="divert_2", full="full_2"),
    "3": BinOptions(diverter="divert_3"),
    "9": BinOptions(diverter="divert_9", full="full_9"),
}
SORTED = {"bins": BINS, "sort": RULES}


@pytest.fixture
def stock(replica):
    items = [
        ItemView(item="B1", title="Số đỏ", branch="tinh"),
        ItemView(item="B2", title="Chí Phèo", branch="tinh", held=True),
        ItemView(item="B3", title="Tắt đèn", branch="xa"),
        ItemView(item="B4", title="Lão Hạc", branch="tinh", flags=["lost"]),
    ]
    replica.apply(Part(version=1, items=items, policy={"owners": ["VN-TINH"]}))


@pytest.mark.parametrize(
    ("number", "bin_name", "diverter"),
    [(1, "1", None), (2, "2", "divert_2"), (3, "3", "divert_3"), (4, "9", "divert_9"),
     (5, "9", "divert_9")],
)  # fmt: skip
async def test_each_item_is_recorded_into_the_bin_of_its_rule_and_diverted_there(
    wires, services, stock, hatch, board, facts, number, bin_name, diverter
):
    async with standing(services, **SORTED) as drop:
        hatch.insert(book(number))
        await until(lambda: board.outputs.get("shutter"))
        assert [one for one in ("divert_2", "divert_3", "divert_9") if board.outputs.get(one)] == (
            [diverter] if diverter else []
        )
        await hatch.fall()
        await until(lambda: facts(Return))
        assert drop.numbers()["bin_items"] == 1
    assert [fact.bin for fact in facts(Return)] == [bin_name]


async def test_the_bin_that_the_centre_names_in_time_wins(
    wires, services, stock, hatch, line, facts
):
    async def answer(question, _seconds):
        return Answer(id=question.id, bins=dict.fromkeys(question.items, "3"))

    line.connected, line.ask = True, answer
    async with standing(services, **SORTED):
        hatch.insert(book(1))
        await hatch.fall()
    assert [fact.bin for fact in facts(Return)] == ["3"]


async def test_the_centre_is_asked_when_the_tag_is_armed_and_a_book_pulled_out_then_is_not_returned(
    wires, services, stock, hatch, line, facts, field
):
    tag, asked = book(1), []

    async def answer(question, _seconds):
        asked.append((question.armed, tag.afi))
        hatch.empty()
        return Answer(id=question.id, bins=dict.fromkeys(question.items, "3"))

    line.connected, line.ask = True, answer
    async with standing(services, **SORTED) as drop:
        hatch.insert(tag)
        await until(lambda: drop.numbers()["ready"] and asked)
        line.connected = False
        hatch.insert(book(2))
        await hatch.fall()
        await until(lambda: facts(Return))
    assert asked == [(True, IN)]
    assert [fact.item for fact in facts(Return)] == ["B2"]


async def test_a_bin_that_the_drop_does_not_have_is_not_taken_from_the_centre(services, stock):
    sorter = Sorter(services.desk, read_rules(RULES), list(BINS), "tinh")
    view = services.replica.item("B2")
    thing = returning("B2", view, services.replica.policy)
    assert sorter.decide(thing, view, "77").bin == "2"
    assert sorter.decide(thing, view, "3").bin == "3"


async def test_what_belongs_into_a_full_bin_goes_where_everything_else_goes(
    wires, services, stock, hatch, board, facts
):
    async with standing(services, **SORTED) as drop:
        board.set_input("full_2", True)
        await until(lambda: facts(BinChanged))
        hatch.insert(book(2))
        await hatch.fall()
        assert drop.numbers()["bin_percent.2"] == 100
    assert [fact.bin for fact in facts(Return)] == ["1"]


async def test_only_the_bins_behind_an_opened_door_were_emptied(
    wires, services, stock, hatch, board, facts
):
    bins = BINS | {"2": BinOptions(door="door_2")}
    async with standing(services, bins=bins, sort=RULES) as drop:
        for number in (1, 2):
            hatch.insert(book(number))
            await hatch.fall()
        board.set_input("door_2", True)
        board.set_input("door_2", False)
        await until(lambda: [fact for fact in facts(BinChanged) if fact.emptied])
        await until(lambda: drop.numbers()["bin_items"] == 1)
    emptied = [fact for fact in facts(BinChanged) if fact.emptied]
    assert [(fact.bin, fact.items) for fact in emptied] == [("2", 1)]


@pytest.mark.parametrize(
    ("reason", "tags", "returned"),
    [
        ("no_tag", [], []),
        ("several", [book(1), book(2)], ["B1", "B2"]),
        ("foreign", [book(owner="DK-718500")], []),
    ],
)
async def test_what_may_be_put_aside_is_taken_in_and_staff_know(
    wires, services, stock, hatch, board, facts, reason, tags, returned
):
    async with standing(services, aside=["no_tag", "several", "foreign"], **SORTED):
        hatch.insert(*tags)
        await until(lambda: board.outputs.get("shutter"))
        assert board.outputs.get("divert_9")
        await hatch.fall()
        await until(lambda: facts(TakenAside))
    assert [(fact.bin, fact.reason) for fact in facts(TakenAside)] == [("9", reason)]
    assert sorted(fact.item for fact in facts(Return)) == returned
    assert {fact.bin for fact in facts(Return)} <= {"9"}
    assert [tag.afi for tag in tags if returned] == [IN for _ in returned]


async def test_what_may_be_put_aside_is_given_back_when_its_bin_is_full(
    wires, services, stock, hatch, board, facts
):
    async with standing(services, aside=["no_tag"], **SORTED):
        board.set_input("full_9", True)
        await until(lambda: facts(BinChanged))
        hatch.insert()
        await until(lambda: facts(DropRefused))
    assert facts(TakenAside) == []


async def test_a_jam_names_the_book_and_has_a_person_look_for_it(
    wires, services, stock, hatch, facts
):
    async with standing(services, shutter_seconds=0.1, **SORTED):
        hatch.insert(book(1))
        await until(lambda: facts(Trouble))
        assert "B1" in facts(Trouble)[0].why
        hatch.empty()
        await until(lambda: facts(TakenAside))
    [doubt] = facts(TakenAside)
    assert (doubt.reason, doubt.item, doubt.bin) == ("jammed", "B1", "1")


async def test_a_book_taken_out_again_after_its_return_is_noticed_by_the_sensor_behind_the_shutter(
    wires, services, stock, hatch, board, facts
):
    async with standing(services, fell="fell", **SORTED) as drop:
        hatch.insert(book(1))
        await until(lambda: board.outputs.get("shutter"))
        board.set_input("fell", True)
        await hatch.fall()
        board.set_input("fell", False)
        hatch.insert(book(2))
        await hatch.fall()
        await until(lambda: facts(TakenAside))
        assert drop.numbers()["bin_items"] == 1
    assert [(fact.item, fact.reason) for fact in facts(TakenAside)] == [("B2", "taken_out")]
    assert facts(TagTrouble) == []


async def test_slips_and_a_receipt_are_printed(wires, services, stock, hatch, journal, on_wire):
    printer = PrinterSimulator()
    async with on_wire("printer", PRINTER, printer, journal) as (device, _):
        services.devices["printer"] = device
        more = {"printer": "printer", "receipt": True, "receipt_seconds": 0.2}
        async with standing(services, **SORTED, **more):
            for number in (2, 3):
                hatch.insert(book(number))
                await hatch.fall()
            await until(lambda: len(printer.pages) == 3)


def test_a_table_that_cannot_work_is_refused_with_the_mend():
    for wrong, said in (
        ({"sort": ["default -> 7"]}, "there is no bin '7'"),
        ({"sort": ["hold -> 1"]}, "the last rule must be"),
        ({"aside": ["card"], "sort": RULES, "bins": BINS}, "'card' is not one of no_tag"),
        ({"aside": ["no_tag"]}, "exception -> BIN"),
    ):
        with pytest.raises(ValueError, match=".") as caught:
            DropOptions(reader="a", board="b", **wrong)
        assert said in str(caught.value)


async def test_staff_close_the_drop_and_open_a_bin_from_afar(wires, services, hatch, board, facts):
    bins = BINS | {"2": BinOptions(lock="divert_2")}
    async with standing(services, bins=bins, sort=RULES) as drop:
        await drop.command("out_of_service", {})
        await until(lambda: not drop.numbers()["ready"])
        hatch.insert(book(1))
        await until(lambda: facts(DropRefused))
        assert (await drop.command("open_bin", {"bin": "2"}))["bin"] == "2"
        assert board.outputs.get("divert_2")
        hatch.empty()
        await drop.command("in_service", {})
        await until(lambda: drop.numbers()["ready"])
        for name, args in (("open_bin", {}), ("open_bin", {"bin": "1"}), ("dance", {})):
            with pytest.raises(NotPossibleError):
                await drop.command(name, args)
    assert facts(DropRefused)[0].reason == "closed"


async def test_no_door_is_unlocked_while_an_item_falls(wires, services, stock, hatch, board):
    bins = {"1": BinOptions(full="bin_full", lock="lock")}
    async with standing(services, bins=bins) as drop:
        hatch.insert(book(1))
        await until(lambda: board.outputs.get("shutter"))
        with pytest.raises(NotPossibleError, match="falling"):
            await drop.command("open_bin", {})
        await hatch.fall()
        await until(lambda: not board.outputs.get("shutter"))
        assert not board.outputs.get("lock")
