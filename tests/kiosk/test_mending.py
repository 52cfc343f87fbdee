"""Wrong security bits that a kiosk meets by the way are put right, without a word on the screen."""

from drivers.testing.waiting import until
from edge.circulation.model import LoanView
from edge.wire.messages import Part
from kiosk.testing import NOW, book_tag, item_id, kiosk_in_a_box
from kiosk.visiting import back_home, lend, signed_in, states

IN, OUT = 0x07, 0xC2


def silent(box, *numbers):
    """Put books on the pad that are silent although nobody lent them."""
    for number in numbers:
        box.tags[number] = book_tag(number, afi=OUT)
    box.put(*numbers)
    return [box.tags[number] for number in numbers]


async def test_a_silent_book_on_an_idle_pad_is_armed(box):
    tags = silent(box, 1, 2)
    await until(lambda: {tag.afi for tag in tags} == {IN})
    await until(lambda: len(box.facts("repaired")) == 2)
    assert {fact["item"] for fact in box.facts("repaired")} == {item_id(1), item_id(2)}
    assert box.journal.open_tasks() == []
    assert box.kiosk.numbers()["kiosk_bits_mended"] == 2
    data = await box.screen("books")
    assert data.get("notice") is None
    assert set(states(data).values()) == {"ready"}


async def test_it_is_armed_while_a_reader_looks_at_the_account(box):
    await signed_in(box)
    box.press("account")
    await box.screen("account")
    [tag] = silent(box, 3)
    await until(lambda: tag.afi == IN)


async def test_a_book_on_loan_stays_silent_wherever_it_is_laid(box):
    await lend(box, 1)
    await back_home(box)
    box.put(1)
    await box.screen("books")
    box.pass_time(3)
    await box.looked(6)
    assert box.tags[1].afi == OUT
    assert box.facts("repaired") == []


async def test_a_loan_that_only_the_centre_knows_of_keeps_the_readers_book_silent(box):
    loan = LoanView(item=item_id(5), reader="R100001", due=int(NOW * 1000) + 10**9)
    central = box.centre.replica
    central.apply(Part(version=2, start=1, loans=[loan]))
    await signed_in(box)
    [tag] = silent(box, 5)
    await box.screen("count")
    box.pass_time(3)
    await box.looked(6)
    assert tag.afi == OUT


async def test_a_book_that_is_armed_by_the_way_can_be_borrowed_at_once(box):
    await signed_in(box)
    [tag] = silent(box, 1)
    await box.screen("count")
    await until(lambda: tag.afi == IN)
    box.press("count_yes")
    data = await box.screen("results")
    assert (states(data), tag.afi) == ({item_id(1): "lent"}, OUT)


async def test_a_foreign_librarys_silent_tag_is_nobodys_business(box):
    tag = book_tag(1, afi=OUT, owner="VN-KHAC")
    box.pad.field.put(tag)
    await box.screen("books")
    box.pass_time(3)
    await box.looked(6)
    assert (tag.afi, box.facts("repaired")) == (OUT, [])


async def test_a_locked_tag_is_tried_once_and_staff_get_a_line(box):
    box.tags[1] = book_tag(1, afi=OUT)
    box.tags[1].afi_locked = True
    box.put(1)
    await until(lambda: box.facts("tag_trouble"))
    box.pass_time(10)
    await box.looked(8)
    [trouble] = box.facts("tag_trouble")
    assert (trouble["reason"], trouble["item"], trouble["station"]) == (
        "not_armed", item_id(1), "kiosk",
    )  # fmt: skip
    assert len(box.journal.open_tasks()) == 1


async def test_nothing_is_armed_without_the_line_or_with_an_old_copy(box):
    box.centre.connected = False
    [tag] = silent(box, 1)
    await box.screen("books")
    box.pass_time(3)
    await box.looked(6)
    assert tag.afi == OUT
    box.centre.connected = True
    await until(lambda: tag.afi == IN)


async def test_a_library_may_switch_it_off(tmp_path):
    async with kiosk_in_a_box(tmp_path, arm_silent=False) as box:
        await box.screen("idle")
        [tag] = silent(box, 1)
        await box.screen("books")
        box.pass_time(3)
        await box.looked(6)
        assert (tag.afi, box.journal.open_tasks()) == (OUT, [])


async def test_a_lent_book_that_still_alarms_is_made_silent_at_its_next_meeting(box):
    await signed_in(box)
    box.put(1)
    await box.screen("count")
    box.pad.field.tear_after(box.tags[1].uid, 0)
    box.press("count_yes")
    await box.screen("results", lambda d: d["items"][0]["state"] == "put_back")
    await back_home(box)
    assert box.tags[1].afi == IN
    box.put(1)  # on another day, on the idle pad
    await until(lambda: box.tags[1].afi == OUT)
    await until(lambda: box.facts("secured"))
