"""After a wrong count the kiosk names what it expects: the rest of a set, a hold, and which to spread."""

import msgspec

from edge.wire.messages import Holding, Part
from kiosk.testing import TITLES, item_id
from kiosk.visiting import hide_each_other, signed_in


def join(box, *numbers):
    """Make books a set that is lent as one."""
    for one in (box.replica, box.centre.replica):
        items = [
            msgspec.structs.replace(
                one.item(item_id(n)), together=[item_id(m) for m in numbers if m != n]
            )
            for n in numbers
        ]
        assert one.apply(Part(version=one.version + 1, start=one.version, items=items))


async def test_what_is_missing_of_a_set_is_named_before_anybody_counts(box):
    join(box, 1, 2, 3)
    await signed_in(box)
    box.put(1, 2)
    data = await box.screen("count", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "bor.set_lacks"
    assert TITLES[2][0] in data["notice"]["text"]
    box.put(3)
    await box.screen("count", lambda d: d["waiting"] == 3 and not d.get("notice"))


async def test_after_a_wrong_count_the_hold_that_waits_for_this_reader_is_named(box):
    box.hold(5)
    box.centre.holds = [Holding(item=item_id(5), title=TITLES[4][0], ready=True)]
    await signed_in(box)
    box.put(1)
    await box.screen("count")
    box.press("count_no")
    data = await box.screen("books", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "bor.expect"
    assert TITLES[4][0] in data["notice"]["text"]


async def test_two_that_hide_each_other_are_named_with_what_is_missing(box):
    join(box, 1, 2, 3)
    await signed_in(box)
    box.put(1, 2)
    await box.screen("count")
    await hide_each_other(box, 1, 2)
    await box.screen("count", lambda d: d["waiting"] == 2)
    box.press("count_no")
    data = await box.screen("books", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "bor.expect_spread"
    assert all(TITLES[n][0] in data["notice"]["text"] for n in range(3))


async def test_without_a_set_or_a_hold_nothing_is_expected(box):
    box.centre.holds = [Holding(item=item_id(5), title=TITLES[4][0], ready=False)]
    await signed_in(box)
    box.put(1)
    await box.screen("count", lambda d: not d.get("notice"))
    box.press("count_no")
    data = await box.screen("books", lambda d: d.get("notice"))
    assert data["notice"]["key"] == "bor.missing_one"
