"""Whole visits: real station, real journal, simulated devices on real wires."""

from drivers.pn532.cards import SmartCard
from drivers.ports import Paper
from drivers.tags import NewTag, encode
from drivers.testing.tag15693 import Tag
from drivers.testing.waiting import until
from edge.circulation.model import ItemView
from edge.wire.messages import Part
from kiosk.testing import NOW, TITLES, book_tag, item_id, kiosk_in_a_box
from kiosk.visiting import back_home, lend, signed_in, states, texts


async def test_card_then_books_lends_a_stack_after_the_count_question(box):
    data = await lend(box, 1, 2, 3)
    assert set(states(data).values()) == {"lent"}
    assert (data["lent"], data["failed"], data["due"]) == (3, 0, "06/12/2026")
    assert {tag.afi for tag in box.tags.values()} == {0xC2}
    assert [f["item"] for f in box.facts("loan")] == [item_id(1), item_id(2), item_id(3)]
    assert len(box.facts("secured")) == 3
    assert all(f["online"] for f in box.facts("loan"))
    assert len({f["session"] for f in box.facts("loan")}) == 1


async def test_books_then_card_asks_for_the_count_at_once(box):
    box.put(1, 2)
    await box.screen("books", lambda d: d["waiting"] == 2)
    box.tap("100001")
    await box.screen("count", lambda d: d["waiting"] == 2)


async def test_three_books_are_borrowed_with_a_card_and_one_touch(box):
    box.put(1, 2, 3)
    box.tap("100001")
    await box.screen("count", lambda d: d["waiting"] == 3)
    box.press("count_yes")  # the only one; how long it takes: bench/kiosk.py
    await box.screen("results", lambda d: d["lent"] == 3)
    box.lift()
    await box.looked(4)
    box.pass_time(30)
    await box.screen("idle")
    assert len(box.facts("loan")) == len(box.facts("secured")) == 3


async def test_a_visit_may_have_several_rounds_and_ends_with_one_receipt(box):
    await lend(box, 1)
    box.lift()
    box.put(2)
    await box.screen("count", lambda d: [i["item"] for i in d["items"]] == [item_id(2)])
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == 2)
    box.press("finish")
    await box.screen("receipt")
    box.press("on_screen")
    data = await box.screen("receipt", lambda d: d["receipt"])
    rows = data["receipt"]["sections"][0]["rows"]
    assert [row["title"] for row in rows] == [TITLES[0][0], TITLES[1][0]]
    assert rows[0]["due"] == "Hạn trả: 06/12/2026"
    await back_home(box)


async def test_a_no_to_the_count_lends_nothing_until_the_stack_changes(box):
    await signed_in(box)
    box.put(1)
    await box.screen("count")
    box.press("count_no")
    data = await box.screen("books", lambda d: d.get("notice"))
    assert "quét mã vạch" in data["notice"]["text"]
    await box.looked(4)
    assert box.kiosk.stage.message["screen"] == "books"
    assert box.facts("loan") == []
    box.put(2)
    await box.screen("count", lambda d: d["waiting"] == 2)


async def test_books_come_back_without_a_card(box):
    await lend(box, 1, 2)
    await back_home(box)
    box.press("return")
    await box.screen("books", lambda d: d["goal"] == "return")
    box.put(1, 2)
    data = await box.screen("results", lambda d: d["returned"] == 2)
    assert set(states(data).values()) == {"returned"}
    assert {box.tags[1].afi, box.tags[2].afi} == {0x07}
    assert [f["item"] for f in box.facts("return")] == [item_id(1), item_id(2)]
    assert box.journal.open_tasks() == []


async def test_lent_books_that_still_lie_there_are_not_returned_by_the_return_button(box):
    await lend(box, 1)
    box.press("return")
    await box.screen("books", lambda d: d["goal"] == "return")
    box.put(9)
    await box.screen("results", lambda d: d["returned"] == 1)
    assert [f["item"] for f in box.facts("return")] == [item_id(9)]
    assert box.tags[1].afi == 0xC2


async def test_a_book_that_was_lifted_and_put_down_again_can_be_returned_in_the_same_visit(box):
    await lend(box, 1)
    box.press("return")
    await box.screen("books", lambda d: d["goal"] == "return")
    box.lift()
    await box.looked(10)
    box.put(1)
    await box.screen("results", lambda d: d["returned"] == 1)


async def test_an_item_for_the_reading_room_is_refused_and_the_others_are_lent(box):
    data = await lend(box, 1, 11)
    assert states(data) == {item_id(1): "lent", item_id(11): "refused"}
    assert "quầy" in texts(data)[item_id(11)]
    assert (data["lent"], data["failed"]) == (1, 1)
    assert box.tags[11].afi == 0x07


async def test_a_book_the_reader_has_already_is_named_and_not_lent_twice(box):
    await lend(box, 1)
    await back_home(box)
    data = await lend(box, 1)
    assert states(data) == {item_id(1): "already"}
    assert len(box.facts("loan")) == 1


async def test_a_book_lifted_too_early_keeps_its_loan_and_is_finished_when_put_back(box):
    await signed_in(box)
    box.put(1)
    await box.screen("count")
    box.pad.field.tear_after(box.tags[1].uid, 0)
    box.press("count_yes")
    data = await box.screen("results")
    assert states(data) == {item_id(1): "put_back"}
    assert "Truyện Kiều" in texts(data)[item_id(1)]
    assert box.tags[1].afi == 0x07
    assert len(box.facts("tag_still_armed")) == 1
    box.put(1)
    await box.screen("results", lambda d: states(d) == {item_id(1): "lent"})
    assert box.tags[1].afi == 0xC2
    assert [task.afi for task in box.journal.open_tasks()] == [0x07], "for when the loan is over"


async def test_a_book_taken_away_during_its_return_is_asked_for_again(box):
    box.press("return")
    await box.screen("books", lambda d: d["goal"] == "return")
    box.tags[9] = book_tag(9, afi=0xC2)
    box.pad.field.tear_after(box.tags[9].uid, 0)
    box.put(9)
    data = await box.screen("results")
    assert states(data) == {item_id(9): "put_back"}
    assert box.facts("return") == []
    box.put(9)
    await box.screen("results", lambda d: d["returned"] == 1)
    assert len(box.facts("return")) == 1


async def test_a_blocked_card_is_refused_kindly_and_may_still_return(box):
    box.put(9)
    await box.screen("books")
    box.tap("100002")
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert data["notice"]["tone"] == "stop"
    assert "Bạn vẫn trả sách được" in data["notice"]["text"]
    box.press("return")
    await box.screen("results", lambda d: d["returned"] == 1)


async def test_an_expired_card_is_told_its_date(box):
    box.tap("100003")
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert "13/10/2026" in data["notice"]["text"]


async def test_an_unknown_card_and_a_card_that_says_nothing_lasting_are_told_so(box):
    box.tap("999999")
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert data["notice"]["text"] == "Không tìm thấy thẻ này. Vui lòng gặp thủ thư."
    box.press("finish")
    await box.screen("idle")
    box.cards.put(SmartCard(bytes.fromhex("08112233")))
    await box.screen("idle", lambda d: d.get("notice"))


async def test_a_book_code_is_no_card(box):
    box.press("borrow")
    await box.screen("identify")
    box.scan(item_id(3))
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert "mã của sách" in data["notice"]["text"]
    box.tap(item_id(4))
    await box.screen("identify", lambda d: d.get("notice"))
    await until(lambda: box.facts("tag_trouble"))
    assert box.facts("tag_trouble")[0]["reason"] == "book_as_card"


async def test_a_second_readers_card_changes_nothing(box):
    await signed_in(box)
    box.tap("100004")
    data = await box.screen("books", lambda d: d.get("notice"))
    assert "người khác" in data["notice"]["text"]
    assert data["name"] == "An"


async def test_a_scanned_card_number_signs_in(box):
    box.scan("100001")
    await box.screen("books", lambda d: d["known"])


async def test_a_book_whose_tag_is_blank_is_lent_by_its_barcode_in_the_same_step(box):
    await signed_in(box)
    tag = Tag(bytes.fromhex("E004010000000BAD"), bytearray(112), afi=0x07)
    box.pad.field.put(tag)
    data = await box.screen("books", lambda d: d["items"])
    assert data["items"][0]["state"] == "trouble"
    assert "quét mã vạch" in data["items"][0]["text"]
    box.scan(item_id(4))
    await box.screen("count", lambda d: d["waiting"] == 1)
    box.press("count_yes")
    data = await box.screen("results")
    assert states(data) == {item_id(4): "lent"}
    assert tag.afi == 0xC2
    assert box.facts("loan")[0]["evidence"]["by"] == "barcode"
    assert [f["reason"] for f in box.facts("tag_trouble")] == ["blank"]


async def test_things_that_are_not_ours_are_named_and_told_to_staff(box):
    box.pad.field.put(book_tag(7, owner="VN-HNLIB"))
    data = await box.screen("books", lambda d: d["items"])
    assert data["items"][0]["text"] == "Không phải sách của thư viện. Xin lấy ra."
    await until(lambda: box.facts("tag_trouble"))
    assert box.facts("tag_trouble")[0]["reason"] == "foreign"


async def test_without_the_centre_loans_go_on_up_to_the_limit(box):
    box.centre.connected = False
    data = await lend(box, 1, 2, 3, 4)
    assert sorted(states(data).values()) == ["lent", "lent", "lent", "refused"]
    assert "tối đa 3 cuốn" in texts(data)[item_id(4)]
    assert "dự kiến" in texts(data)[item_id(1)]
    assert not data["sure"]
    assert not any(f.get("online") for f in box.facts("loan"))
    assert box.kiosk.stage.message["online"] is False
    box.press("finish")
    await box.screen("receipt")
    box.press("on_screen")
    data = await box.screen("receipt", lambda d: d["receipt"])
    assert "Xin giữ biên nhận" in data["receipt"]["foot"][0]


async def test_a_silent_centre_does_not_stop_a_visit(box):
    box.centre.silent = True
    data = await lend(box, 1)
    assert states(data) == {item_id(1): "lent"}


async def test_the_account_shows_loans_and_renews_them(box):
    box.press("account")
    await box.screen("identify")
    box.tap("100004")
    data = await box.screen("account", lambda d: len(d["items"]) == 2)
    assert [row["state"] for row in data["items"]] == ["late", ""]
    assert data["items"][0]["text"] == "Quá hạn 2 ngày"
    box.press("renew", item_id(9))
    await box.screen("renew", lambda d: d["state"] == "renewal")
    box.press("renew_all")
    data = await box.screen(
        "renew", lambda d: [r["state"] for r in d["items"]] == ["renewed", "renewed"]
    )
    assert "06/12/2026" in data["items"][0]["text"]
    assert [f["item"] for f in box.facts("renewal_wish")] == [item_id(9), item_id(12)]


async def test_a_renewal_without_the_centre_is_a_wish_and_never_promised(box):
    box.centre.connected = False
    box.press("renew")
    await box.screen("identify")
    box.tap("100004")
    data = await box.screen("renew", lambda d: len(d["items"]) == 2)
    assert "chưa đủ" in data["notice"]["text"]
    box.press("renew_all")
    data = await box.screen("renew", lambda d: d["items"][0]["state"] == "wished")
    assert "sẽ trả lời sau" in data["items"][0]["text"]
    assert len(box.facts("renewal_wish")) == 2


async def test_the_receipt_is_printed(box):
    await lend(box, 1)
    box.press("finish")
    await box.screen("receipt", lambda d: d["printer"] == "ok")
    box.press("print")
    await box.screen("bye", lambda d: d["printed"])
    assert len(box.printer.pages) == 1


async def test_a_printer_without_paper_is_told_to_reader_and_staff_and_well_again(box):
    await lend(box, 1)
    box.printer.paper = Paper.OUT
    box.press("finish")
    await box.screen("receipt", lambda d: d["printer"] == "out")
    box.press("print")
    data = await box.screen("receipt", lambda d: d.get("notice"))
    assert data["notice"]["text"].startswith("Máy in hết giấy")
    assert [f["reason"] for f in box.facts("trouble")] == ["paper_out"]
    box.printer.paper = Paper.OK
    box.press("print")
    await box.screen("bye")
    assert [f["reason"] for f in box.facts("well")] == ["paper_out"]


async def test_an_unplugged_printer_leaves_the_screen(box):
    await lend(box, 1)
    await box.wires["printer"].unplug()
    box.press("finish")
    await box.screen("receipt")
    box.press("print")
    data = await box.screen("receipt", lambda d: d.get("notice"))
    assert data["printer"] == "away"


async def test_an_unplugged_pad_puts_the_kiosk_out_of_service_and_back(box):
    await box.wires["pad"].unplug()
    await box.screen("trouble")
    await box.wires["pad"].plug()
    await box.screen("idle")


async def test_a_pad_that_goes_in_the_middle_keeps_what_was_done(box):
    await lend(box, 1)
    await box.wires["pad"].unplug()
    data = await box.screen("receipt", lambda d: d.get("notice"))
    assert "vẫn được giữ" in data["notice"]["text"]
    box.press("no_receipt")
    await box.screen("bye")
    box.pass_time(6)
    await box.screen("trouble")


async def test_a_disk_with_little_room_refuses_loans_and_still_takes_returns(tmp_path):
    async with kiosk_in_a_box(tmp_path, low_mb=1 << 30) as box:
        await box.screen("idle")
        data = await lend(box, 1, 2)
        assert set(states(data).values()) == {"refused"}
        assert "chưa lưu được" in texts(data)[item_id(1)]
        assert box.facts("loan") == []
        box.press("return")
        await box.screen("books", lambda d: d["goal"] == "return")
        box.put(9)
        await box.screen("results", lambda d: item_id(9) in states(d))
        assert item_id(9) in [f["item"] for f in box.facts("return")]


async def test_calling_staff_is_a_fact_once_a_visit(box):
    box.press("help")
    box.press("help")
    data = await box.screen("idle", lambda d: d["staff_called"])
    assert data["staff_called"]
    await until(lambda: box.facts("staff_called"))
    assert box.facts("staff_called") == [{"k": "staff_called", "station": "kiosk"}]


async def test_a_reader_who_walks_away_is_warned_and_then_forgotten(box):
    await signed_in(box)
    box.put(1)
    await box.screen("count")
    box.pass_time(145)
    await until(lambda: box.kiosk.stage.message["warn"])
    assert 10 <= box.kiosk.stage.message["seconds_left"] <= 15
    box.press("more_time")
    await until(lambda: not box.kiosk.stage.message["warn"])
    box.pass_time(170)
    data = await box.screen("idle")
    assert "An" not in str(data)


async def test_what_was_left_on_the_pad_is_not_taken_for_the_next_readers(box):
    box.put(1)
    await box.screen("books")
    box.press("finish")
    await box.screen("idle", lambda d: d["left"] == 1)
    data = await signed_in(box, "100004")
    assert data["items"][0]["state"] == "left"
    await box.looked(4)
    assert box.kiosk.stage.message["screen"] == "books"
    box.lift()
    await box.screen("books", lambda d: not d["items"])
    box.put(1)
    await box.screen("count", lambda d: d["waiting"] == 1)


async def test_the_language_is_the_visits_and_ends_with_it(box):
    box.press("language")
    await box.screen("idle")
    await signed_in(box)
    assert box.kiosk.stage.message["lang"] == "en"
    box.press("finish")
    await box.screen("bye")
    box.pass_time(6)
    await box.screen("idle")
    assert box.kiosk.stage.message["lang"] == "vi"


async def test_a_set_without_all_its_parts_waits_for_them(box):
    def part(number):
        new = NewTag(item_id=item_id(8), owner="VN-TINH", part=number, parts=2)
        data = encode(new, "iso28560-3", 112, 4)
        uid = bytes.fromhex("E0040100000008") + bytes([number])
        return Tag(uid, bytearray(data.ljust(112, b"\0")), dsfid=0x3E, afi=0x07)

    first, second = part(1), part(2)
    await signed_in(box)
    box.pad.field.put(first)
    data = await box.screen("books", lambda d: d["items"])
    assert data["items"][0]["text"].startswith("Bộ này gồm 2 phần, máy mới thấy 1 phần")
    assert data["waiting"] == 0
    box.pad.field.put(second)
    await box.screen("count", lambda d: d["waiting"] == 1)
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == 1)
    assert (first.afi, second.afi) == (0xC2, 0xC2)
    assert len(box.facts("loan")) == 1


async def test_a_held_book_and_another_branchs_book_are_sent_to_their_slots(box):
    held = ItemView(item=item_id(9), title="Những ngày thơ ấu", held=True)
    other = ItemView(item=item_id(12), title="Gió đầu mùa", branch="xa")
    for replica in (box.replica, box.centre.replica):
        part = Part(version=2, start=1, items=[held, other], made=int(NOW * 1000))
        assert replica.apply(part)
    box.press("return")
    await box.screen("books")
    box.put(9, 12)
    data = await box.screen("results", lambda d: d["returned"] == 2)
    assert "Sách đặt trước" in texts(data)[item_id(9)]
    assert "Luân chuyển" in texts(data)[item_id(12)]


async def test_no_screen_ever_shows_a_card_number(box):
    seen = []
    original = box.kiosk.stage.show
    box.kiosk.stage.show = lambda message: (seen.append(str(message)), original(message))
    await lend(box, 1)
    await back_home(box)
    assert not any("100001" in message for message in seen)


async def test_the_numbers_for_the_health_message_count_visits_and_loans(box):
    await lend(box, 1, 2)
    await back_home(box)
    numbers = box.kiosk.numbers()
    assert 0 < numbers.pop("kiosk_pad_reads_percent") <= 100
    assert numbers == {
        "kiosk_visits": 1, "kiosk_lent": 2, "kiosk_returned": 0, "kiosk_cards_refused": 0,
        "kiosk_bits_mended": 0,
    }  # fmt: skip
