"""Giving back with help: what was not seen is found, what lies there of one's own is renewed."""

from edge.circulation.model import LoanView
from edge.wire.messages import Part
from kiosk.testing import NOW, TITLES, book_tag, item_id
from kiosk.visiting import lend, signed_in, states

DAY_MS = 86_400_000


async def give_back(box, *numbers):
    box.press("return")
    await box.screen("books", lambda d: d["goal"] == "return")
    box.put(*numbers)
    return await box.screen("results", lambda d: d["returned"] == len(numbers))


def mine(box, *numbers, renewals=0):
    """Let reader 100001 have books on loan, here and at the centre."""
    due = int(NOW * 1000) + 2 * DAY_MS
    loans = [
        LoanView(item=item_id(n), reader="R100001", due=due, renewals=renewals) for n in numbers
    ]
    for one in (box.replica, box.centre.replica):
        one.apply(Part(version=one.version + 1, start=one.version, loans=loans))
    box.tags |= {n: book_tag(n, afi=0xC2) for n in numbers}


async def test_who_misses_a_book_among_the_returned_is_told_how_to_find_it(box):
    await give_back(box, 1, 2)
    box.press("count_no")
    data = await box.screen("books", lambda d: d.get("notice"))
    assert data["goal"] == "return"
    assert data["notice"]["key"] == "bor.missing_one"
    box.scan(item_id(3))
    data = await box.screen("results", lambda d: d["returned"] == 3)
    assert states(data)[item_id(3)] == "returned"
    assert [fact["item"] for fact in box.facts("return")] == [item_id(n) for n in (1, 2, 3)]


async def test_a_known_readers_own_loan_is_named_as_what_may_hide(box):
    mine(box, 1, 4)
    await signed_in(box)
    await give_back(box, 1)
    box.press("count_no")
    data = await box.screen("books", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "bor.expect"
    assert TITLES[3][0] in data["notice"]["text"]


async def test_the_rest_of_a_set_is_asked_for_when_a_part_of_it_came_back(box):
    view = box.replica.item(item_id(1))
    parts = Part(
        version=box.replica.version + 1,
        start=box.replica.version,
        items=[type(view)(item=view.item, title=view.title, together=[item_id(2)])],
    )
    box.replica.apply(parts)
    await give_back(box, 1)
    data = await box.screen("results", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "bor.set_lacks"
    assert TITLES[1][0] in data["notice"]["text"]


async def test_a_book_that_shows_up_after_the_question_is_returned_like_the_others(box):
    await give_back(box, 1)
    box.press("count_no")
    await box.screen("books", lambda d: d.get("notice"))
    box.put(2)
    data = await box.screen("results", lambda d: d["returned"] == 2)
    assert set(states(data).values()) == {"returned"}


async def test_a_reader_renews_what_was_laid_down_and_borrows_the_rest(box):
    mine(box, 1)
    data = await lend(box, 1, 2)
    assert states(data) == {item_id(1): "already", item_id(2): "lent"}
    assert data["own"] == 1
    box.press("renew_here")
    data = await box.screen("results", lambda d: d["own"] == 0)
    rows = {row["item"]: row for row in data["items"]}
    assert (rows[item_id(1)]["say"], rows[item_id(1)]["due"]) == ("acc.renewed", "06/12/2026")
    assert data["lent"] == 1
    box.press("finish")
    await box.screen("receipt")
    box.press("on_screen")
    data = await box.screen("receipt", lambda d: d["receipt"])
    assert [part["rows"][0]["title"] for part in data["receipt"]["sections"]] == [
        TITLES[1][0], TITLES[0][0],
    ]  # fmt: skip


async def test_a_loan_that_cannot_be_renewed_says_why_and_asks_no_more(box):
    mine(box, 1, renewals=2)
    await lend(box, 1)
    box.press("renew_here")
    data = await box.screen("results", lambda d: d["items"][0]["say"] == "row.renew_renewals")
    assert (data["own"], box.facts("renewal_wish")) == (0, [])


async def test_without_the_centre_the_wish_is_kept_and_nothing_is_promised(box):
    mine(box, 1)
    box.centre.connected = False
    data = await lend(box, 1)
    before = data["items"][0]["due"]
    box.press("renew_here")
    data = await box.screen("results", lambda d: d["items"][0]["say"] == "res.wish_sent")
    assert data["items"][0]["due"] == before
    assert len(box.facts("renewal_wish")) == 1
