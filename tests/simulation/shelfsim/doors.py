"""What stands around a device: a gate's antenna, a drop's chute, a card reader; they outlive processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from drivers.errors import NoReplyError, PortLostError
from drivers.ports import Board, Card, CardReader, Driver, GateReader, LineChange, Sighting
from drivers.testing.tag15693 import Tag

ANSWER = 0.01
OUTPUTS = ("shutter", "light")
INPUTS = ("flap", "bin_half", "bin_full", "bin_door", "shutter_open")


class GateAntenna:
    """The air of a gate: tags that are carried through it."""

    def __init__(self) -> None:
        self.tags: list[Tag] = []
        self.unplugged = False

    async def sightings(self) -> list[Sighting]:
        await asyncio.sleep(ANSWER)
        if self.unplugged:
            raise NoReplyError("silent")
        return [
            Sighting(tag.uid, tag.afi, tag.dsfid, 1, bytes(tag.memory[:36])) for tag in self.tags
        ]


class Chute:
    """The lines of a book drop, and the item ``inside``. ``opened`` is called as the shutter opens."""

    def __init__(self) -> None:
        self.inside = ""
        self.inputs = dict.fromkeys(INPUTS, False)
        self.outputs = dict.fromkeys(OUTPUTS, False)
        self.opened: Callable[[], None] = lambda: None
        self._news: asyncio.Queue[LineChange] = asyncio.Queue()

    def reset(self) -> None:
        """A board without power: outputs fall back, nobody hears of changes; people take things out."""
        self.inside = ""
        self.inputs = dict.fromkeys(INPUTS, False)
        self.outputs = dict.fromkeys(OUTPUTS, False)
        self._news = asyncio.Queue()

    def put_input(self, line: str, active: bool) -> None:
        if self.inputs[line] is not active:
            self.inputs[line] = active
            self._news.put_nowait(LineChange(line, active))

    async def next_change(self) -> LineChange:
        return await self._news.get()

    def active(self, line: str) -> bool:
        return (self.inputs | self.outputs)[line]

    async def set(self, line: str, active: bool, seconds: float | None = None) -> None:
        await asyncio.sleep(ANSWER)
        if line == "shutter" and active and not self.outputs[line]:
            self.opened()
        self.outputs[line] = active
        if active and seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self.outputs.__setitem__, line, False)


class Plate:
    """A card reader."""

    def __init__(self) -> None:
        self._cards: asyncio.Queue[Card] = asyncio.Queue()

    def reset(self) -> None:
        self._cards = asyncio.Queue()

    def tap(self, number: str) -> None:
        self._cards.put_nowait(Card(b"\x04\xa1\xb2\xc3\xd4\xe5\xf6", "ntag213", number))

    async def next_card(self) -> Card:
        return await self._cards.get()


def driver(thing: GateAntenna | Chute | Plate) -> Driver:
    """Return the driver of one of them."""
    port = {GateAntenna: GateReader, Chute: Board, Plate: CardReader}[type(thing)]

    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[Any]:
        await asyncio.sleep(ANSWER)
        if getattr(thing, "unplugged", False):
            raise PortLostError("no such port")
        yield thing

    return Driver(f"sim-{type(thing).__name__.lower()}", port, object, opened)
