"""Holds at the kiosk: fetched by their reader, refused to others, set aside when they come back."""

import msgspec

from edge.wire.batch import to_builtins
from edge.wire.messages import Holding, Part
from kiosk.testing import DAY_MS, NOW, item_id
from kiosk.visiting import texts


async def signed_in(box, number="100001"):
    box.tap(number)
    return await box.screen("books", lambda d: d["known"] and not d["checking"])


async def lend(box, *numbers, lent):
    box.put(*numbers)
    await box.screen("count", lambda d: d["waiting"] == len(numbers))
    box.press("count_yes")
    return await box.screen("results", lambda d: d["lent"] == lent)


def reserved(box):
    box.hold(3)
    box.centre.holds = [
        Holding(item=item_id(3), title="Số đỏ", ready=True, until=int(NOW * 1000) + 3 * DAY_MS),
        Holding(item="", title="Bỉ vỏ", ready=False, ahead=2, place="Thư viện xã"),
    ]


async def test_a_reader_hears_of_holds_that_can_be_fetched_and_borrows_one(box):
    reserved(box)
    data = await signed_in(box)
    assert data["holds_ready"] == 1
    data = await lend(box, 3, lent=1)
    assert texts(data)[item_id(3)].startswith("Đã mượn cuốn bạn đặt trước")
    assert [fact["item"] for fact in box.facts("loan")] == [item_id(3)]


async def test_a_book_that_is_kept_for_another_is_refused_with_the_reason_and_the_rest_is_lent(box):
    box.hold(3, "100004")
    await signed_in(box)
    data = await lend(box, 1, 3, lent=1)
    assert "bạn đọc khác đặt trước" in texts(data)[item_id(3)]
    assert [fact["item"] for fact in box.facts("loan")] == [item_id(1)]
    assert box.tags[3].afi == 0x07


async def test_without_the_centre_a_hold_is_still_its_readers_alone(box):
    box.hold(3)
    box.hold(4, "100004")
    box.centre.connected = False
    await signed_in(box)
    data = await lend(box, 3, 4, lent=1)
    assert [fact["item"] for fact in box.facts("loan")] == [item_id(3)]
    assert "dự kiến" in texts(data)[item_id(3)]


async def test_the_account_shows_holds_and_fees_with_what_they_mean(box):
    reserved(box)
    box.centre.fees = 23_000
    box.press("account")
    box.tap("100004")
    data = await box.screen("account", lambda d: d["items"])
    ready, waiting = data["holds"]
    assert (ready["state"], waiting["state"]) == ("hold_ready", "hold_waits")
    assert ready["text"] == "Sẵn sàng để nhận, giữ đến 25/11/2026"
    assert waiting["text"] == "Đang chờ – còn 2 người trước bạn · Thư viện xã"
    assert data["fees"] == "23.000 đ"


async def test_a_loan_that_somebody_waits_for_is_not_renewed(box):
    box.hold(9, "100001")
    box.press("renew")
    box.tap("100004")
    await box.screen("renew", lambda d: d["items"])
    box.press("renew_all")
    data = await box.screen("renew", lambda d: any(not row["open"] for row in d["items"]))
    assert "có người đang chờ" in texts(data)[item_id(9)]


async def test_a_return_that_somebody_waits_for_goes_where_the_policy_says(box):
    box.hold(9, "100001")
    policy = msgspec.structs.replace(box.replica.policy, held_returns="staff")
    part = Part(version=3, start=2, policy=to_builtins(policy), made=int(NOW * 1000))
    assert box.replica.apply(part)
    box.press("return")
    await box.screen("books")
    box.put(9)
    data = await box.screen("results", lambda d: d["returned"] == 1)
    assert "đưa cuốn này cho thủ thư" in texts(data)[item_id(9)]
