"""From the tap of a card to the last result on the screen: a real kiosk on simulated devices.

Three or five books lie on the pad already. Total: from the card on the card reader (for a return: from the
press) until the page was told of the last result. The software's share is the total without
simulated air time, without the pause between two looks for a card, and without the finger that
answers the count question.
"""

import asyncio

import table
from centre import centre
from rig import Supply, alone
from visit import Timing, kiosk

STACKS = (3, 5)
ROUNDS = 10
HEAD = ("", "p50 ms", "p95 ms", "max ms", "air ms", "pauses ms")


async def visits(supply: Supply, books: int, *, online: bool) -> tuple[list[Timing], list[Timing]]:
    """Lend and take back a stack, again and again; return how long both took."""
    lent: list[Timing] = []
    returned: list[Timing] = []
    async with kiosk(supply, books) as (_, desk):
        await desk.ready(online=online)
        for _ in range(ROUNDS):
            for timings, work in ((lent, desk.lend), (returned, desk.take_back)):
                await desk.lay()
                timings.append(await work())
                await desk.leave()
    return lent, returned


def rows(name: str, found: list[Timing]) -> list[tuple[str, ...]]:
    """Return the lines of one kind of work."""
    air = table.quantile([one.air * 1000 for one in found], 0.5)
    pause = table.quantile([one.pause * 1000 for one in found], 0.5)
    lines = []
    for what, values in (
        ("total", [one.total * 1000 for one in found]),
        ("software's share", [one.share * 1000 for one in found]),
    ):
        figures = [f"{table.quantile(values, part):.0f}" for part in (0.5, 0.95, 1)]
        rest = (f"{air:.0f}", f"{pause:.0f}") if what == "total" else ("", "")
        lines.append((f"{name}: {what}", *figures, *rest))
    return lines


async def with_centre(books: int) -> tuple[list[Timing], list[Timing]]:
    """Measure with a broker and a gateway that answer."""
    async with centre() as supply:
        return await visits(supply, books, online=True)


async def without(books: int) -> tuple[list[Timing], list[Timing]]:
    """Measure a kiosk that decides from its own copy."""
    return await visits(alone(), books, online=False)


def main() -> None:
    """Measure loans and returns, with the centre and alone."""
    for books in STACKS:
        lines = []
        for name, measure in (("centre", with_centre), ("alone", without)):
            lent, returned = asyncio.run(measure(books))
            lines += rows(f"{name}, card to last loan", lent)
            lines += rows(f"{name}, press to last return", returned)
        aims = {3: "total < 3,000 ms with one touch", 5: "total < 2,500 ms, share < 150 ms"}
        title = f"Kiosk: {books} books, {ROUNDS} rounds (aim: {aims[books]})"
        table.show(title, HEAD, lines)


if __name__ == "__main__":
    main()
