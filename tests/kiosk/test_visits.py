"""Whole visits: real station, real journal, simulated devices on real wires."""

from kiosk.testing import item_id


def states(data):
    return {row["item"]: row["state"] for row in data["items"]}


async def test_card_then_books_lends_a_stack_after_the_count_question(box):
    box.tap("100001")
    data = await box.screen("books", lambda d: d["known"])
    assert data["name"] == "An"
    box.put(1, 2, 3)
    data = await box.screen("count", lambda d: d["waiting"] == 3)
    box.press("count_yes")
    data = await box.screen("results")
    assert set(states(data).values()) == {"lent"}
    assert (data["lent"], data["failed"]) == (3, 0)
    assert data["due"] == "06/12/2026"
    assert {tag.afi for tag in box.tags.values()} == {0xC2}
    assert [f["item"] for f in box.facts("loan")] == [item_id(1), item_id(2), item_id(3)]
    assert len(box.facts("secured")) == 3
    assert all(f["online"] for f in box.facts("loan"))


async def test_books_then_card_asks_for_the_count_at_once(box):
    box.put(1, 2)
    await box.screen("books", lambda d: d["waiting"] == 2)
    box.tap("100001")
    await box.screen("count", lambda d: d["waiting"] == 2)
