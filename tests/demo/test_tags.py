import pytest

from demo.catalogue import OWNER, library
from demo.tags import tag_of
from drivers.tags import AFI_IN, decode

COPIES = library().copies


def sample(kind: str):
    return [copy for copy in COPIES if copy.tag == kind][:20]


@pytest.mark.parametrize(
    ("kind", "format_name"),
    [
        ("iso28560-2", "iso28560-2"),
        ("iso28560-3", "iso28560-3"),
        ("iso28560-3-short", "iso28560-3"),
        ("3m-rfid501", "3m-rfid501"),
    ],
)
def test_a_good_tag_says_the_number_of_its_book(kind, format_name):
    for copy in sample(kind):
        tag = tag_of(copy)
        content = decode(bytes(tag.memory), dsfid=tag.dsfid, afi=tag.afi)
        assert content.format == format_name
        assert content.item_id == copy.item
        assert tag.afi == AFI_IN


def test_a_tag_of_our_own_names_us_as_owner():
    tag = tag_of(sample("iso28560-2")[0])
    assert decode(bytes(tag.memory), dsfid=tag.dsfid).owner == OWNER


def test_a_foreign_tag_names_another_owner():
    for copy in sample("foreign"):
        tag = tag_of(copy)
        assert decode(bytes(tag.memory), dsfid=tag.dsfid).owner not in (None, OWNER)


def test_a_blank_tag_is_blank():
    tag = tag_of(sample("blank")[0])
    assert decode(bytes(tag.memory), dsfid=tag.dsfid).format == "blank"


def test_a_broken_tag_never_passes_for_its_book():
    for copy in sample("broken"):
        tag = tag_of(copy)
        assert decode(bytes(tag.memory), dsfid=tag.dsfid).item_id != copy.item


def test_a_short_tag_fits_the_smallest_chip():
    assert {len(tag_of(copy).memory) for copy in sample("iso28560-3-short")} == {32}
