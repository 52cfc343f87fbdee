"""What lies in the chute of a drop: looked at until it is clear, and judged."""

import asyncio
from typing import TYPE_CHECKING

from drivers.errors import DriverError
from drivers.ports import Board
from edge.drop.options import DropOptions
from edge.items import PadItem, PadWatch

if TYPE_CHECKING:
    from edge.device import Device

LOOK_EVERY = 0.08


class Chamber:
    """The place behind the flap: the RFID reader there and the line that says something lies in."""

    def __init__(self, options: DropOptions, watch: PadWatch, board: "Device[Board]") -> None:
        self._options = options
        self._watch = watch
        self._board = board

    @property
    def something(self) -> bool:
        """Whether something lies there, as far as the board can say."""
        try:
            return self._board.port().active("flap")
        except DriverError:
            return True

    async def look(self) -> tuple[list[PadItem], str]:
        """Return what lies there, and why it is not exactly one good item (empty: it is).

        Raises DeviceAwayError when the RFID reader is away.
        """
        self._watch.forget()
        loop = asyncio.get_running_loop()
        begun = since = loop.time()
        last: frozenset[bytes] = frozenset()
        while self.something:
            items = await self._watch.look()
            here, now = frozenset(one.uid for one in items), loop.time()
            if here != last:
                last, since = here, now
            if here and now - since >= self._options.settle_seconds:
                return items, judge(items)
            if now - begun >= self._options.look_seconds + (1.0 if here else 0.0):
                return items, judge(items)
            await asyncio.sleep(LOOK_EVERY)
        return [], "removed"


def judge(items: list[PadItem]) -> str:
    """Return why these are not exactly one good item: ``no_tag``, ``several``, or its trouble."""
    if len(items) != 1:
        return "several" if items else "no_tag"
    [item] = items
    return "" if item.item and not item.trouble else item.trouble or "unreadable"
