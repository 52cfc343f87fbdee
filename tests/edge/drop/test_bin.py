import pytest

from edge.drop.bin import Bin


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
