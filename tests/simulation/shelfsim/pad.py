"""An RFID reader as a port: tags in a field, answers that take time, a cable that can be out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from drivers.errors import NoReplyError, PortLostError, TagLostError
from drivers.ports import Driver, ItemReader, SeenTag, TagInfo
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag

ANSWER, WRITE = 0.01, 0.03


@dataclass
class Antenna:
    """What is wired to a device; it outlives the device's processes."""

    field: Field = field(default_factory=Field)
    unplugged: bool = False
    torn: int = 0


class Pad:
    """The port of an antenna."""

    def __init__(self, antenna: Antenna) -> None:
        self._antenna = antenna

    async def inventory(self) -> list[SeenTag]:
        await self._wire(ANSWER)
        return [SeenTag(tag.uid, tag.dsfid) for tag in self._antenna.field.tags]

    async def info(self, uid: bytes) -> TagInfo:
        tag = await self._reach(uid)
        return TagInfo(uid, tag.dsfid, tag.afi, tag.block_size, tag.block_count)

    async def read(self, uid: bytes, first: int, count: int) -> bytes:
        tag = await self._reach(uid)
        return b"".join(tag.block(n) for n in range(first, first + count))

    async def write_afi(self, uid: bytes, afi: int) -> None:
        await self._wire(WRITE)
        tag = self._antenna.field.reach_for_write(uid)
        if tag is None:
            self._antenna.torn += 1
            raise TagLostError("gone")
        tag.afi = afi
        await self._wire(ANSWER)  # the write is done before its answer is here
        if self._antenna.field.find(uid) is None:
            raise TagLostError("gone")

    async def _reach(self, uid: bytes) -> Tag:
        await self._wire(ANSWER)
        tag = self._antenna.field.find(uid)
        if tag is None:
            raise TagLostError("gone")
        return tag

    async def _wire(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self._antenna.unplugged:
            raise NoReplyError("silent")


def driver(antenna: Antenna) -> Driver:
    """Return the driver of one antenna."""

    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[Pad]:
        await asyncio.sleep(ANSWER)
        if antenna.unplugged:
            raise PortLostError("no such port")
        yield Pad(antenna)

    return Driver("sim-pad", ItemReader, object, opened)
