"""A book drop for tests: books, the reader's hand at the chute, and a drop that runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from drivers.gpio.simulator import BoardSimulator
from drivers.tags import NewTag, encode
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.waiting import until
from edge.drop.options import DropOptions
from edge.drop.station import Drop
from edge.station import Services

IN, OUT = 0x07, 0xC2


def uid(number: int) -> bytes:
    """Return the UID of a numbered tag."""
    return bytes.fromhex("E00401") + number.to_bytes(5, "big")


def book(number: int = 1, item: str | None = None, owner: str = "VN-TINH", **content: Any) -> Tag:
    """Return the disarmed tag of a book; ``content`` goes into what is written on it."""
    memory = bytearray(112)
    new = NewTag(item_id=item or f"B{number}", owner=owner, **content)
    data = encode(new, "iso28560-3", 112, 4)
    memory[: len(data)] = data
    return Tag(uid(number), memory, dsfid=0x3E, afi=OUT)


class Hatch:
    """The chute as a reader's hand and gravity know it: things lie in it, or fall, or come back."""

    def __init__(self, board: BoardSimulator, field: Field) -> None:
        self.board, self.field = board, field

    def insert(self, *tags: Tag) -> None:
        """Lay something into the chute."""
        for tag in tags:
            self.field.put(tag)
        self.board.set_input("flap", True)

    async def fall(self) -> None:
        """Let it fall as soon as the shutter opens."""
        await until(lambda: self.board.outputs.get("shutter"))
        self.empty()
        await until(lambda: not self.board.outputs.get("shutter"))

    def empty(self) -> None:
        """Take out what lies there."""
        self.field.clear()
        self.board.set_input("flap", False)


@contextlib.asynccontextmanager
async def standing(services: Services, **changed: Any) -> AsyncIterator[Drop]:
    """Run a drop with quick times; ``changed`` are its options."""
    options: dict[str, Any] = {
        "reader": "antenna", "board": "lines", "bin": "A", "capacity": 4,
        "settle_seconds": 0.1, "look_seconds": 0.4, "shutter_seconds": 1.0,
    }  # fmt: skip
    drop = Drop(DropOptions(**(options | changed)), services)
    task = asyncio.create_task(drop.run(), name="drop")
    try:
        yield drop
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
