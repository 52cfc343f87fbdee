"""Messages that wait at the centre: no device takes another's turn or room."""

import asyncio

from edge.wire.topics import FACTS
from gateway.inbox import Inbox, Said


def said(device: str, number: int) -> Said:
    return Said("tinh", device, FACTS, b"%d" % number, number)


async def taken(inbox: Inbox, count: int) -> list[tuple[str, int]]:
    found = [await inbox.get() for _ in range(count)]
    return [(one.device, one.heard) for one in found]


async def empty(inbox: Inbox) -> bool:
    waiting = asyncio.ensure_future(inbox.get())
    await asyncio.sleep(0)
    over = not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return over


async def test_a_device_that_floods_keeps_its_newest_words_and_nobody_waits_for_it() -> None:
    inbox = Inbox(room=500, share=3)
    for number in range(1000):
        inbox.put(said("loud", number))
    inbox.put(said("quiet", 1))
    assert await taken(inbox, 4) == [("loud", 997), ("quiet", 1), ("loud", 998), ("loud", 999)]
    assert await empty(inbox)


async def test_a_devices_own_words_keep_their_order() -> None:
    inbox = Inbox()
    for number in range(5):
        inbox.put(said("a", number))
        inbox.put(said("b", number))
    found = await taken(inbox, 10)
    for device in ("a", "b"):
        assert [number for name, number in found if name == device] == [0, 1, 2, 3, 4]


async def test_without_room_the_one_with_most_gives_way() -> None:
    inbox = Inbox(room=4, share=3)
    for number in range(3):
        inbox.put(said("loud", number))
    inbox.put(said("b", 1))
    inbox.put(said("c", 1))
    assert await taken(inbox, 4) == [("loud", 1), ("b", 1), ("c", 1), ("loud", 2)]


async def test_many_devices_are_bounded_too() -> None:
    inbox = Inbox(room=4)
    for number in range(100):
        inbox.put(said(f"d{number}", number))
    assert len(await taken(inbox, 4)) == 4
    assert await empty(inbox)


async def test_who_waits_is_woken() -> None:
    inbox = Inbox()
    waiting = asyncio.ensure_future(inbox.get())
    await asyncio.sleep(0)
    inbox.put(said("a", 7))
    assert (await waiting).heard == 7
