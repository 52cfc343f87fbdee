"""Stacks as people bring them: everything mixed, changed in the middle, read badly."""

import random

import pytest

from drivers.testing.tag15693 import Tag
from kiosk.session import PRESSES
from kiosk.testing import book_tag, item_id
from kiosk.visiting import hide_each_other, states

BLANK = bytes.fromhex("E004010000000BAD")


async def test_a_mixed_stack_is_sorted_out_book_by_book(box):
    """Own loan, new loans, reading room, kept for another, foreign, blank: each has its answer."""
    box.hold(3, "100001")
    box.tags[9] = book_tag(9, afi=0xC2)  # lent to this reader, and silent
    box.tap("100004")
    await box.screen("books", lambda d: d["known"])
    box.put(1, 2, 3, 9, 11)
    box.pad.field.put(book_tag(77, owner="VN-HNLIB"))
    box.pad.field.put(Tag(BLANK, bytearray(112), afi=0x07))
    await box.screen("count", lambda d: d["waiting"] == 5)
    box.press("count_yes")
    data = await box.screen("results", lambda d: d["lent"] == 2)
    assert {item_id(n): states(data)[item_id(n)] for n in (1, 2, 3, 9, 11)} == {
        item_id(1): "lent", item_id(2): "lent", item_id(3): "refused",
        item_id(9): "already", item_id(11): "refused",
    }  # fmt: skip
    assert [row["state"] for row in data["items"]].count("trouble") == 2
    assert {fact["item"] for fact in box.facts("loan")} == {item_id(1), item_id(2)}
    assert {box.tags[n].afi for n in (1, 2)} == {0xC2}
    assert {box.tags[n].afi for n in (3, 11)} == {0x07}
    assert {fact["reason"] for fact in box.facts("tag_trouble")} == {"foreign", "blank"}


async def test_a_second_stack_and_what_joins_or_leaves_in_the_middle_are_asked_about_anew(box):
    box.tap("100001")
    await box.screen("books", lambda d: d["known"])
    box.put(1, 2, 3)
    await box.screen("count", lambda d: d["waiting"] == 3)
    box.lift(3)
    await box.screen("count", lambda d: d["waiting"] == 2)
    box.put(4)
    await box.screen("books", lambda d: d["waiting"] == 3)
    await box.screen("count", lambda d: d["waiting"] == 3)
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == 3)
    box.lift()
    box.put(5, 6)
    await box.screen("count", lambda d: d["waiting"] == 2)
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == 5)
    assert {fact["item"] for fact in box.facts("loan")} == {item_id(n) for n in (1, 2, 4, 5, 6)}


async def test_books_that_hide_each_other_are_named_when_the_count_is_wrong(box):
    box.tap("100001")
    await box.screen("books", lambda d: d["known"])
    box.put(1, 2)
    await box.screen("count", lambda d: d["waiting"] == 2)
    await hide_each_other(box, 1, 2)
    await box.screen("count", lambda d: d["waiting"] == 2)
    box.press("count_no")
    data = await box.screen("books", lambda d: d.get("notice"))
    assert "“Truyện Kiều”" in data["notice"]["text"]
    assert "“Dế Mèn phiêu lưu ký”" in data["notice"]["text"]
    box.scan(item_id(4))  # the one that was never seen is rescued in the same step
    await box.screen("count", lambda d: d["waiting"] == 3)


PRESSED = sorted(set(PRESSES) - {"staff", "staff_does"})


@pytest.mark.parametrize("seed", range(2))
async def test_any_hands_on_a_real_kiosk_lose_nothing_lend_nothing_unasked_and_end_at_home(
    box, seed
):
    """A walk through the states with real drivers: whatever is done, the promises hold."""
    chance = random.Random(seed)
    box.policy(pin_for="all" if seed == 1 else "nothing", typed_card="always")
    for _ in range(25):
        match chance.choice(
            ["put", "lift", "tap", "press", "press", "scan", "line", "time", "look"]
        ):
            case "put":
                box.put(*chance.sample(range(1, 12), chance.randint(1, 3)))
            case "lift":
                box.lift()
            case "tap":
                box.tap(chance.choice(["100001", "100002", "100004", "999999"]))
            case "press":
                box.press(chance.choice(PRESSED), chance.choice(["", "1", item_id(9)]))
            case "scan":
                box.scan(chance.choice([item_id(5), "100001", "SW1:" + "A" * 200, "|||"]))
            case "line":
                box.centre.connected = not box.centre.connected
            case "time":
                box.pass_time(chance.choice([1, 5, 30]))
        await box.looked(1)
        message = box.kiosk.stage.message
        if message["screen"] in ("idle", "bye", "trouble", "proof"):
            assert "name" not in message["data"]
            assert not box.kiosk.engine.visit.known or message["screen"] == "bye"
    box.lift()
    for _ in range(12):
        box.pass_time(170)
        await box.looked(1)
        if box.kiosk.stage.message["screen"] == "idle":
            break
    await box.screen("idle")
    assert box.kiosk.engine.visit.typed == ""
    loans = box.facts("loan")
    assert seed != 1 or loans == []  # nobody has a PIN here
    for fact in loans:
        number = int(fact["item"][2:])
        assert number != 11
    for number, tag in box.tags.items():
        acts = [f["k"] for f in box.facts("loan", "return") if f["item"] == item_id(number)]
        if tag.afi == 0xC2:  # silent only if the last thing that happened to it is a loan
            assert acts
            assert acts[-1] == "loan"
