"""The steps of a visit that tests of the kiosk have alike: a card, books, yes, and home again."""

from typing import Any

from kiosk.testing import Box

Data = dict[str, Any]


def states(data: Data) -> dict[str, str]:
    """Return what became of each item of a screen; one without a number goes by its title."""
    return {row["item"] or row["title"]: row["state"] for row in data["items"]}


def texts(data: Data) -> dict[str, str]:
    """Return what is said of each item of a screen."""
    return {row["item"]: row["text"] for row in data["items"]}


async def signed_in(box: Box, card: str = "100001") -> Data:
    """Hold a card at the reader; return the screen when the account is known."""
    box.tap(card)
    return await box.screen("books", lambda d: d["known"])


async def lend(box: Box, *numbers: int, card: str = "100001") -> Data:
    """Borrow books with a card; return the results."""
    await signed_in(box, card)
    box.put(*numbers)
    await box.screen("count", lambda d: d["waiting"] == len(numbers))
    box.press("count_yes")
    return await box.screen("results")


async def hide_each_other(box: Box, one: int, other: int) -> None:
    """Let the pad see now one, now the other of two books, until the kiosk has noticed."""
    while len(box.kiosk.engine.visit.shelf.shaky()) < 2:
        for number in (one, other):
            box.lift(number)
            await box.looked(1)
            box.put(number)
            await box.looked(1)


async def back_home(box: Box) -> None:
    """Take the books, want no receipt, and see the kiosk ready for the next reader."""
    box.lift()
    box.press("finish")
    box.press("no_receipt")
    await box.screen("bye")
    box.pass_time(6)
    await box.screen("idle", lambda d: not d["left"])
