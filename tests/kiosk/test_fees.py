"""What is owed stops borrowing where the policy says so, with and without the centre."""

from edge.wire.messages import Part
from kiosk.testing import item_id
from kiosk.visiting import states


def owes(box, amount, card="100001"):
    """Have a reader owe something, here and at the centre."""
    for one in (box.replica, box.centre.replica):
        view = one.reader(box.kiosk.engine.services.desk.card_ref(card))
        fresh = type(view)(card=view.card, reader=view.reader, group=view.group, fees=amount)
        assert one.apply(Part(version=one.version + 1, start=one.version, readers=[fresh]))


async def test_who_owes_too_much_is_told_how_much_and_what_can_be_done(box):
    box.policy(fee_limit=20_000)
    owes(box, 25_000)
    box.press("borrow")
    await box.screen("identify")
    box.scan("100001")
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "id.fees"
    assert "25.000 đ" in data["notice"]["text"]
    assert "Bạn vẫn trả sách được" in data["notice"]["text"]
    box.press("return")
    await box.screen("books", lambda d: d["goal"] == "return")
    box.put(9)
    await box.screen("results", lambda d: d["returned"] == 1)


async def test_without_the_centre_late_books_count_by_the_day(box):
    box.policy(fee_limit=2_000, fee_per_day=1_000)
    box.centre.connected = False
    box.press("borrow")
    await box.screen("identify")
    box.scan("100004")  # one book is two days late: 2.000
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert "2.000 đ" in data["notice"]["text"]


async def test_without_the_centre_a_late_book_that_came_back_is_still_owed_for(box):
    box.policy(fee_limit=2_000, fee_per_day=1_000)
    box.centre.connected = False
    box.press("return")
    await box.screen("books")
    box.put(12)
    await box.screen("results", lambda d: d["returned"] == 1)
    assert box.replica.loan(item_id(12)) is None
    box.lift()
    box.press("finish")
    box.press("no_receipt")
    await box.screen("bye")
    box.press("finish")
    await box.screen("idle")
    box.press("borrow")
    await box.screen("identify")
    box.scan("100004")
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "id.fees"


async def test_below_the_limit_and_without_one_lending_goes_on(box):
    owes(box, 19_000)
    box.policy(fee_limit=20_000)
    box.centre.connected = False
    box.put(1)
    await box.screen("books")
    box.scan("100001")
    await box.screen("count")
    box.press("count_yes")
    data = await box.screen("results")
    assert states(data) == {item_id(1): "lent"}
