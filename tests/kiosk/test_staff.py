"""Staff at the kiosk: a corner, a card, and everything that is done is a fact."""

import asyncio

import pytest

from drivers.errors import DriverError
from edge.station import NotPossibleError
from edge.wire.facts import Trouble
from kiosk.testing import kiosk_in_a_box


async def opened(box):
    box.press("staff")
    await box.screen("identify", lambda d: d["state"] == "staff_card")
    box.scan("900001")
    return await box.screen("staff")


async def acted(box, name):
    box.press("staff_does", name)
    data = await box.screen("staff", lambda d: d.get("notice"))
    return data["notice"]["key"]


def done(box):
    return [fact["name"] for fact in box.facts("staff_acted")]


async def test_only_a_staff_card_opens_the_corner(box):
    box.press("staff")
    await box.screen("identify", lambda d: d["state"] == "staff_card")
    box.tap("100001")
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "staff.not_staff"
    assert box.facts("staff_acted") == []
    box.press("staff_does", "close")
    box.press("finish")
    await box.screen("idle")
    assert not box.kiosk.closed


async def test_staff_see_the_queue_the_copy_and_every_device(box):
    data = await opened(box)
    names = [line["name"] for line in data["staff"]["lines"]]
    assert names == [
        "Máy",
        "Trung tâm",
        "Bản sao dữ liệu",
        "Đầu đọc thẻ",
        "Khay đọc sách",
        "Máy in",
        "Đầu đọc mã vạch",
    ]
    assert {line["tone"] for line in data["staff"]["lines"]} == {"good"}
    box.centre.connected = False
    box.pass_time(50)
    waits = lambda line: line["tone"] == "look" and "chờ gửi" in line["text"]  # noqa: E731
    data = await box.screen("staff", lambda d: waits(d["staff"]["lines"][1]))
    assert "Giang" not in str(data)


async def test_the_kiosk_is_taken_out_of_service_and_back_at_the_machine(box):
    await opened(box)
    assert await acted(box, "close") == "staff.done_close"
    box.press("finish")
    await box.screen("trouble")
    data = await opened(box)
    assert data["staff"]["closed"]
    assert await acted(box, "open") == "staff.done_open"
    box.press("finish")
    await box.screen("idle")
    assert done(box) == ["opened", "close", "opened", "open"]
    assert {fact["by"] for fact in box.facts("staff_acted")} != {""}


async def test_a_receipt_is_printed_again_only_while_its_visit_lasts(box):
    box.tap("100001")
    await box.screen("books", lambda d: d["known"])
    box.put(1)
    await box.screen("count")
    box.press("count_yes")
    await box.screen("results")
    box.press("finish")
    await box.screen("receipt")
    data = await opened(box)
    assert data["staff"]["receipt"]
    assert await acted(box, "reprint") == "staff.done_print"
    assert len(box.printer.pages) == 1
    box.lift()
    box.press("finish")
    await box.screen("idle")
    data = await opened(box)
    assert not data["staff"]["receipt"]
    assert await acted(box, "reprint") == "staff.no_receipt"
    assert len(box.printer.pages) == 1


async def test_the_devices_are_tested_and_one_that_is_away_is_named(box):
    await opened(box)
    assert await acted(box, "test") == "staff.done_test"
    await box.wires["scanner"].unplug()
    await box.screen("staff", lambda d: d["staff"]["lines"][-1]["tone"] == "look")
    box.press("staff_does", "test")
    await box.screen("staff", lambda d: d["notice"]["key"] == "staff.some_away")


async def test_an_older_image_of_the_card_is_seen_until_staff_say_that_it_is_sorted_out(box):
    await box.journal.append(Trouble(part="journal", reason="old_image"))
    assert box.kiosk.health()["troubles"] == ["journal:old_image"]
    data = await opened(box)
    [line] = [line for line in data["staff"]["lines"] if line["name"] == "Thẻ nhớ"]
    assert (line["tone"], line["text"]) == ("look", "bản sao cũ, hoặc hai máy chung một thẻ nhớ")
    assert await acted(box, "resolve") == "staff.done_resolve"
    await box.screen("staff", lambda d: "Thẻ nhớ" not in str(d["staff"]["lines"]))
    assert [fact["reason"] for fact in box.facts("well")] == ["old_image"]


async def test_a_call_is_answered_and_the_agent_starts_again(box):
    box.press("help")
    await box.screen("idle", lambda d: d["staff_called"])
    restarts = []
    box.kiosk.restart = lambda: restarts.append(1)
    await opened(box)
    assert await acted(box, "resolve") == "staff.done_resolve"
    box.press("staff_does", "restart")
    await box.screen("staff", lambda d: d["notice"]["key"] == "staff.done_restart")
    assert restarts == [1]
    assert done(box) == ["opened", "resolve", "restart"]


async def test_the_corner_closes_by_itself(box):
    await opened(box)
    box.pass_time(61)
    await box.screen("idle")


@pytest.mark.parametrize("word", ["", "nonsense", "__class__"])
async def test_a_word_that_is_no_act_does_nothing(box, word):
    await opened(box)
    box.press("staff_does", word)
    await asyncio.sleep(0.3)
    assert done(box) == ["opened"]


async def test_in_the_middle_of_a_visit_the_corner_stays_closed(box):
    box.tap("100001")
    await box.screen("books", lambda d: d["known"])
    box.press("staff")
    await asyncio.sleep(0.3)
    assert box.kiosk.stage.message["screen"] == "books"


async def test_a_library_may_name_another_group(tmp_path):
    async with kiosk_in_a_box(tmp_path, staff_group="adult") as box:
        await box.screen("idle")
        box.press("staff")
        await box.screen("identify", lambda d: d["state"] == "staff_card")
        box.tap("100001")
        await box.screen("staff")


async def test_a_box_of_rotating_stock_is_received_by_its_label(box):
    box.scan("BOX-0012")
    await opened(box)
    box.scan("BOX-0012")
    data = await box.screen("staff", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "staff.done_box"
    assert "BOX-0012" in str(data["notice"])
    assert [fact["name"] for fact in box.facts("box_received")] == ["BOX-0012"]
    assert done(box) == ["opened", "box"]


async def test_what_staff_do_at_the_machine_is_done_from_afar_too(box):
    await box.kiosk.command("test", {})
    assert len(box.printer.pages) == 1
    box.press("help")
    await box.screen("idle", lambda d: d["staff_called"])
    await box.journal.append(Trouble(part="journal", reason="old_image"))
    await box.kiosk.command("resolve", {})
    await box.screen("idle", lambda d: not d["staff_called"])
    assert [fact["reason"] for fact in box.facts("well")] == ["old_image"]
    with pytest.raises(NotPossibleError, match="no receipt to print again"):
        await box.kiosk.command("reprint", {})


async def test_a_device_that_is_away_is_named_to_who_tests_from_afar(box):
    await box.wires["scanner"].unplug()
    async with asyncio.timeout(20):
        while box.kiosk.health()["parts"]["scanner"]:  # noqa: ASYNC110  the driver finds out
            await asyncio.sleep(0.02)
    with pytest.raises(DriverError, match="No answer from: scanner"):
        await box.kiosk.command("test", {})


async def test_from_afar_nobody_is_disturbed_and_a_receipt_is_printed_again_while_its_visit_lasts(
    box,
):
    box.put(1)
    await box.screen("books")
    with pytest.raises(NotPossibleError, match="Somebody is at the kiosk"):
        await box.kiosk.command("test", {})
    box.tap("100001")
    await box.screen("count")
    box.press("count_yes")
    await box.screen("results")
    box.press("finish")
    await box.screen("receipt")
    await box.kiosk.command("reprint", {})
    assert len(box.printer.pages) == 1
    assert box.kiosk.stage.message["screen"] == "receipt"


async def test_whoever_takes_it_out_of_service_from_afar_sees_that_at_once(box):
    await box.kiosk.command("out_of_service", {})
    assert (await box.kiosk.command("screen", {}))["screen"] == "trouble"
    await box.kiosk.command("in_service", {})
    await box.screen("idle")
