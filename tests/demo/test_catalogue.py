import unicodedata

import pytest

from demo import waiting
from demo.catalogue import BRANCHES, CARD_MIX, TAG_MIX, Library, library, titles


@pytest.fixture(scope="module")
def whole() -> Library:
    return library()


def test_the_same_seed_gives_the_same_library(whole):
    assert library() == whole
    assert library(seed=2) != whole


def test_there_are_two_thousand_titles_with_authors():
    found = titles()
    assert len({title.title for title in found}) >= 2000
    assert all(title.author for title in found)


def test_three_thousand_copies_have_distinct_numbers_and_tags(whole):
    assert len(whole.copies) == 3000
    assert len({copy.item for copy in whole.copies}) == 3000
    assert len({copy.uid for copy in whole.copies}) == 3000
    assert {len(copy.uid) for copy in whole.copies} == {8}


def test_both_branches_have_every_kind_of_tag(whole):
    for branch in BRANCHES:
        here = {copy.tag for copy in whole.copies if copy.branch == branch.site}
        assert here == {tag for tag, _ in TAG_MIX}


def test_five_hundred_readers_have_cards_of_three_kinds(whole):
    assert len(whole.people) == 500
    assert {person.card for person in whole.people} == {card for card, _ in CARD_MIX}
    cards = [card for person in whole.people for card in person.record()["cards"]]
    assert len(set(cards)) == 500


def test_in_each_branch_one_reader_may_fetch_a_hold_and_another_waits_and_owes(whole):
    copies = {copy.item: copy for copy in whole.copies}
    for branch in BRANCHES:
        ready, queued = (row for row in waiting.holds(whole) if row["site"] == branch.site)
        assert ready["item"] == queued["item"]
        assert copies[ready["item"]].branch == branch.site
        assert ready["reader"] != queued["reader"]
        assert queued["reader"] in {row["reader"] for row in waiting.fees(whole)}


def test_some_readers_may_not_borrow(whole):
    assert any(person.blocked for person in whole.people)
    assert any(person.expires < "2026-11" for person in whole.people)


def test_all_vietnamese_is_composed(whole):
    texts = [copy.title + copy.author for copy in whole.copies]
    texts += [person.name for person in whole.people]
    assert all(unicodedata.is_normalized("NFC", text) for text in texts)


def test_a_foreign_book_is_not_in_our_catalogue(whole):
    foreign = [copy for copy in whole.copies if copy.tag == "foreign"]
    assert foreign
    assert not any(copy.known for copy in foreign)


def test_every_site_has_a_librarian_with_a_card():
    staff = [person for person in library().people if person.group == "staff"]
    assert [(person.branch, person.card, person.blocked) for person in staff] == [
        ("tinh", "ntag", False),
        ("xa", "ntag", False),
    ]
