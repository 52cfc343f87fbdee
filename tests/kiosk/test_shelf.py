from hypothesis import given
from hypothesis import strategies as st

from edge.items import PadItem
from kiosk.shelf import LIFTED, MISSES, Deed, Done, RowState, Shelf


def thing(number, trouble="", missing=0):
    uid = bytes.fromhex("E00401") + number.to_bytes(5, "big")
    item = None if trouble else f"B{number}"
    return PadItem(
        uid, item, f"Sách {number}", trouble=trouble, tags=((uid, 7),), missing=missing, parts=2
    )


def lent(shelf, number):
    key = f"B{number}"
    shelf.put(key, RowState.LENT, "bor.ok_item")
    shelf.note(Done(Deed.LENT, key, key), key)


def looks(shelf, count, *things):
    return [shelf.look(things) for _ in range(count)][-1]


def test_a_tag_that_flickers_stays_on_the_shelf():
    shelf = Shelf()
    assert shelf.look([thing(1)]).came
    for _ in range(5):
        assert not looks(shelf, MISSES - 1).any
        assert not shelf.look([thing(1)]).any
    assert looks(shelf, MISSES).cleared


def test_a_book_that_comes_again_is_not_new():
    shelf = Shelf()
    assert shelf.look([thing(1)]).new
    looks(shelf, MISSES)
    change = shelf.look([thing(1)])
    assert change.came
    assert not change.new


def test_what_was_lent_stays_lent_however_often_it_is_lifted():
    shelf = Shelf(goal=Deed.LENT)
    shelf.look([thing(1)])
    lent(shelf, 1)
    looks(shelf, LIFTED + 3)
    assert not shelf.look([thing(1)]).came
    assert shelf.waiting() == []


def test_a_lent_book_waits_again_only_when_it_was_lifted_for_another_purpose():
    shelf = Shelf(goal=Deed.LENT)
    shelf.look([thing(1)])
    lent(shelf, 1)
    shelf.goal = Deed.RETURNED
    looks(shelf, LIFTED - 1)
    assert not shelf.look([thing(1)]).came
    looks(shelf, LIFTED)
    assert shelf.look([thing(1)]).came
    assert [row.key for row in shelf.waiting(returning=True)] == ["B1"]


def test_what_is_left_behind_waits_for_nobody_until_it_is_lifted():
    shelf = Shelf()
    shelf.look([thing(1)])
    shelf = shelf.forget()
    assert not shelf.look([thing(1)]).any
    assert shelf.waiting() == []
    looks(shelf, MISSES)
    assert shelf.look([thing(1)]).came
    assert len(shelf.waiting()) == 1


def test_what_was_put_down_just_now_belongs_to_the_next_reader():
    shelf = Shelf()
    shelf.look([thing(1)])
    shelf.look([thing(1), thing(2)])
    shelf = shelf.forget(shelf.latest)
    assert [row.key for row in shelf.waiting()] == ["B2"]


def test_a_barcode_takes_the_only_tag_that_could_not_be_read():
    shelf = Shelf()
    shelf.look([thing(1, "blank")])
    book = PadItem(b"", "B9", "Sách 9", by="barcode")
    assert shelf.add(book)
    shelf.look([thing(1, "blank")])
    assert [(row.key, row.pad.tags) for row in shelf.rows.values()] == [("B9", thing(1).tags)]


def test_a_barcode_takes_no_tag_when_it_could_be_either():
    shelf = Shelf()
    shelf.look([thing(1, "blank"), thing(2, "unreadable")])
    assert shelf.add(PadItem(b"", "B9", "Sách 9", by="barcode"))
    assert len(shelf.rows) == 3
    assert not shelf.add(PadItem(b"", "B9", "Sách 9", by="barcode"))


def test_a_set_waits_for_its_parts_but_may_come_back_without_them():
    shelf = Shelf()
    shelf.look([thing(1, missing=1)])
    assert shelf.waiting() == []
    assert len(shelf.waiting(returning=True)) == 1
    shelf.look([thing(1)])
    assert len(shelf.waiting()) == 1


things = st.builds(
    thing,
    st.integers(1, 5),
    st.sampled_from(["", "", "", "blank", "unreadable", "foreign", "card", "torn", "template"]),
    st.integers(0, 1),
)
moves = st.lists(
    st.one_of(
        st.lists(things, max_size=5),
        st.sampled_from(["forget", "lend", "return goal", "lend goal", "code"]),
    ),
    max_size=30,
)


@given(moves)
def test_no_order_of_hands_breaks_the_shelf(happenings):
    shelf, lines = Shelf(), 0
    for move in happenings:
        if isinstance(move, list):
            shelf.look(move)
        elif move == "forget":
            shelf, lines = shelf.forget(), 0
        elif move == "code":
            shelf.add(PadItem(b"", "B9", by="barcode"))
        elif move == "lend":
            for row in shelf.waiting():
                shelf.put(row.key, RowState.LENT, "bor.ok_item")
                shelf.note(Done(Deed.LENT, row.key, row.key), row.key)
                lines += 1
        else:
            shelf.goal = Deed.RETURNED if move == "return goal" else Deed.LENT
        assert len(shelf.done) == lines
        for row in shelf.waiting(returning=True):
            assert row.pad.item
            assert not row.pad.trouble
            assert row.deed is None
            assert not row.left
