import pytest

from edge.drop.bins import Bin, Bins
from edge.drop.options import BinOptions


@pytest.fixture
def bin_(tmp_path):
    return Bin(capacity=10, file=tmp_path / "bin.json")


def test_the_count_survives_a_restart(bin_):
    for _ in range(3):
        bin_.add()
    again = Bin(10, bin_.file)
    again.load()
    assert (again.items, again.percent) == (3, 30)
    assert not again.news()


@pytest.mark.parametrize("damage", ["", "[]", '{"items": "x"}', "\x00"])
def test_a_damaged_count_begins_at_nothing(bin_, damage):
    bin_.file.write_text(damage)
    bin_.load()
    assert bin_.items == 0


def test_only_the_sensor_says_full(bin_):
    for _ in range(12):
        bin_.add()
    assert bin_.percent == 99
    bin_.full = True
    assert bin_.percent == 100


def test_the_half_sensor_is_a_floor(bin_):
    bin_.half = True
    assert bin_.percent == 50


def test_news_are_the_steps(bin_):
    bin_.load()
    told = []
    for _ in range(10):
        bin_.add()
        if bin_.news():
            told.append(bin_.percent)
    assert told == [30, 50, 80, 90]
    assert bin_.empty() == 10
    assert not bin_.news()


@pytest.fixture
def bins(tmp_path):
    options = {
        "1": BinOptions(capacity=10, full="full_1", half="half_1"),
        "2": BinOptions(full="full_2", door="door_2"),
        "9": BinOptions(door="door_2"),
    }
    return Bins(options, tmp_path, "drop")


def test_emptied_is_a_door_that_was_open_and_is_shut_on_a_bin_that_is_not_full(bins):
    bins["1"].add()
    assert bins.note("bin_door", True) == []
    assert (bins.door, bins.emptied()) == (True, {})
    bins.note("bin_door", False)
    assert (bins.door, bins.emptied()) == (False, {"1": 1})
    assert bins.emptied() == {}


def test_a_door_shut_on_a_bin_still_full_has_emptied_nothing_until_the_sensor_says_so(bins):
    for line, active in (("full_2", True), ("door_2", True), ("door_2", False)):
        bins.note(line, active)
    assert bins.emptied() == {"9": 0}
    bins.note("full_2", False)
    assert bins.emptied() == {"2": 0}


def test_a_full_bin_gives_way_to_the_next_that_is_wanted_then_to_any(bins):
    assert bins.taking(["2", "1"]) == "2"
    assert bins.note("full_2", True) == ["2"]
    assert bins.taking(["2", "1"]) == "1"
    assert bins.taking(["2"]) == "1"
    assert bins.taking(["no such bin"]) == "1"


def test_the_drop_is_full_when_every_bin_is(bins, tmp_path):
    bins.note("full_1", True)
    bins.note("full_2", True)
    assert not bins.full
    assert bins.taking(["1", "2"]) == "9"
    alone = Bins({"1": BinOptions(full="bin_full")}, tmp_path, "alone")
    alone.note("bin_full", True)
    assert (alone.full, alone.taking(["1"])) == (True, "")


def test_every_bin_keeps_its_own_count(bins, tmp_path):
    bins["2"].add()
    bins["2"].add()
    bins["2"].add(-1)
    again = Bins(bins.options, tmp_path, "drop")
    assert [again[name].items for name in again.names] == [0, 1, 0]
