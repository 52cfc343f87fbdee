import pytest

from demo.catalogue import library
from demo.world.errors import WorldError
from demo.world.things import Things

LIBRARY = library(copies=60, people=10)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "things.json"


@pytest.fixture
def things(file):
    return Things(LIBRARY, file)


def first(things, site="tinh"):
    return things.at(f"shelf:{site}")[0]


def test_on_the_first_day_every_book_is_on_its_shelf(things):
    assert len(things.at("shelf:tinh")) + len(things.at("shelf:xa")) == 60


def test_a_stack_keeps_the_order_in_which_it_was_made(things):
    three = things.at("shelf:tinh")[:3]
    for book in reversed(three):
        things.move(book, "pad:tinh")
    assert things.at("pad:tinh") == three[::-1]


def test_what_changed_is_there_again_the_next_time(things, file):
    book = first(things)
    book.tag.afi = 0xC2
    things.move(book, "bag:R0001")
    things.reader("R0001").inside = True
    things.save()
    again = Things(LIBRARY, file)
    assert [one.copy.item for one in again.at("bag:R0001")] == [book.copy.item]
    assert again.book(book.copy.item).tag.afi == 0xC2
    assert again.reader("R0001").inside


def test_only_what_changed_is_kept(things, file):
    things.save()
    untouched = file.stat().st_size
    things.move(first(things), "pad:tinh")
    things.save()
    assert file.stat().st_size < untouched + 1000


def test_a_book_that_does_not_exist_is_named(things):
    with pytest.raises(WorldError, match="TT99"):
        things.book("TT99")
