"""A class at the kiosk: opened by a teacher or staff, used picture by picture, closed by itself."""

import asyncio

import pytest

from edge.wire.facts import card_ref, member_ref
from kiosk.schooling import TEACHER, open_class, teach
from kiosk.testing import KEY, item_id


@pytest.fixture
def group(box):
    return teach(box)


async def closed(box):
    """Return the fact of the end, which is written while the screen is free again."""
    async with asyncio.timeout(10):
        while not (found := box.facts("class_closed")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found[0]


async def lend(box, pupil, *books):
    box.put(*books)
    box.press("pupil", str(pupil))
    await box.screen("count", lambda d: d["waiting"] == len(books))
    box.press("count_yes")
    return await box.screen("results")


async def test_a_teacher_opens_the_class_with_card_and_pin_and_that_is_a_fact(box, group):
    await box.screen("idle", lambda d: "lesson" in d)
    await open_class(box)
    [fact] = box.facts("class_opened")
    assert (fact["name"], fact["reason"], fact["by"]) == ("3A", "pin", card_ref(KEY, TEACHER))
    assert fact["until"] - box.kiosk.engine.services.clock.now_ms() <= 45 * 60_000


async def test_a_child_borrows_by_touching_a_picture_and_the_fact_says_so(box, group, tmp_path):
    await open_class(box)
    data = await lend(box, 0, 1)
    assert data["lent"] == 1
    [loan] = box.facts("loan")
    assert (loan["card"], loan["by"]) == (member_ref(KEY, "K0"), "class")
    opened = box.kiosk.engine.lesson.about
    assert loan["about"] == opened
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"3A" in stored
    assert "Khôi".encode() not in stored  # names lie sealed in the copy


async def test_the_class_comes_back_by_itself_when_the_books_are_taken(box, group):
    await open_class(box)
    await lend(box, 0, 1)
    box.lift()
    await box.screen("results", lambda d: d["seen"] == 0)
    box.pass_time(7)
    data = await box.screen("class", lambda d: len(d["lesson"]["pupils"]) == 12)
    assert data["items"] == []
    await lend(box, 2, 2)
    assert [row["card"] for row in box.facts("loan")] == [member_ref(KEY, k) for k in ("K0", "K2")]


async def test_before_the_class_is_opened_and_after_it_no_child_is_on_the_page(box, group):
    box.press("pupil", "0")
    await box.screen("idle")
    await open_class(box)
    assert "Bình" in str(box.kiosk.stage.message)
    box.scan(TEACHER)
    data = await box.screen("classes", lambda d: d["state"] == "class_menu")
    assert "pupils" not in str(data)
    box.press("close_class")
    await box.screen("idle")
    assert "Bình" not in str(box.kiosk.stage.message)
    fact = await closed(box)
    assert (fact["reason"], fact["by"]) == ("card", card_ref(KEY, TEACHER))


async def test_the_class_ends_with_its_lesson_but_no_child_is_cut_short(box, group):
    await open_class(box)
    box.put(1)
    box.press("pupil", "0")
    await box.screen("count")
    box.kiosk.engine.lesson = type(box.kiosk.engine.lesson)(
        group, until=0, ends=0, latest=0, by="", about=box.kiosk.engine.lesson.about
    )
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == 1)
    box.press("finish")
    await box.screen("idle")
    assert (await closed(box))["reason"] == "time"


async def test_a_teacher_gives_more_time_and_that_is_a_fact_too(box, group):
    await open_class(box)
    box.scan(TEACHER)
    await box.screen("classes")
    box.press("longer")
    await box.screen("class")
    first, second = box.facts("class_opened")
    assert 14 * 60_000 <= second["until"] - first["until"] <= 16 * 60_000


async def test_children_return_without_a_picture(box, group):
    await open_class(box)
    box.put(3)
    await box.screen("class", lambda d: d["waiting"] == 1)
    box.press("return")
    await box.screen("results", lambda d: d["returned"] == 1)
    box.lift()
    await box.screen("results", lambda d: d["seen"] == 0)
    box.pass_time(7)
    await box.screen("class")


async def test_limits_are_each_childs_own(box, group):
    await open_class(box)
    data = await lend(box, 0, 1, 2, 3)
    assert [row["state"] for row in data["items"]] == ["lent", "lent", "refused"]
    box.lift()
    await box.looked(4)
    box.press("finish")
    await box.screen("class")
    data = await lend(box, 2, 3)
    assert data["lent"] == 1


async def test_a_child_who_may_not_borrow_is_told_so_without_a_reason(box, group):
    await open_class(box)
    box.press("pupil", "1")
    data = await box.screen("class", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "class.pupil_refused"


async def test_a_picture_opens_no_account(box, group):
    await open_class(box)
    box.press("pupil", "0")
    data = await box.screen("books", lambda d: d["tapped"])
    assert data["name"] == "An"
    for press in ("account", "renew", "renew_all", "account"):
        box.press(press)
    box.press("finish")
    await box.screen("class")
    assert box.facts("renewal_wish") == []


async def test_staff_open_a_class_without_a_network_and_lending_goes_on(box, group):
    box.centre.connected = False
    box.press("class")
    await box.screen("identify")
    box.scan(TEACHER)
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "class.offline"
    box.scan("900001")
    await box.screen("classes")
    box.press("open_class", "3A")
    await box.screen("class")
    data = await lend(box, 0, 1)
    assert (data["lent"], data["sure"]) == (1, False)
    assert box.facts("class_opened")[0]["reason"] == "staff"


async def test_the_policy_may_let_a_teachers_card_do(box, group):
    box.policy(class_pin="never")
    box.centre.connected = False
    box.press("class")
    await box.screen("identify")
    box.scan(TEACHER)
    await box.screen("classes")
    box.press("open_class", "3A")
    await box.screen("class")
    assert box.facts("class_opened")[0]["reason"] == "card"


@pytest.mark.parametrize("card", ["100004", "100002", "999999", item_id(1)])
async def test_a_card_that_is_no_teachers_opens_nothing(box, group, card):
    box.press("class")
    await box.screen("identify")
    box.scan(card)
    await box.screen("identify", lambda d: d.get("notice"))
    box.press("open_class", "3A")
    box.press("back")
    await box.screen("idle")
    assert box.facts("class_opened") == []


async def test_other_readers_are_told_whom_the_kiosk_serves(box, group):
    await open_class(box)
    box.scan("100004")
    data = await box.screen("class", lambda d: d.get("notice"))
    assert "Lớp 3A" in data["notice"]["text"]


async def test_a_wrong_number_of_a_picture_is_nobody(box, group):
    await open_class(box)
    for wrong in ("12", "-1", "x", "", "٣", "1e1", "99999999"):
        box.press("pupil", wrong)
    box.press("pupil", "3")
    assert (await box.screen("books"))["name"] == "Dung"


async def test_a_kiosk_without_a_class_shows_no_door_to_one(box):
    assert "lesson" not in await box.screen("idle")
    box.press("class")
    await box.screen("identify")
    box.scan("900001")
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "class.not_teacher"


async def test_a_child_keeps_a_book_longer_by_laying_it_down(box, group):
    await open_class(box)
    await lend(box, 0, 1)
    box.lift()
    await box.screen("results", lambda d: d["seen"] == 0)
    box.press("finish")
    await box.screen("class")
    data = await lend(box, 0, 1)
    assert ([row["state"] for row in data["items"]], data["own"]) == (["already"], 1)
    box.press("renew_here")
    data = await box.screen("results", lambda d: d["own"] == 0)
    assert data["items"][0]["say"] == "acc.renewed"
    [wish] = box.facts("renewal_wish")
    assert (wish["item"], wish["card"]) == (item_id(1), member_ref(KEY, "K0"))
