"""What tests and the soak put on a tag bench."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from drivers.feig.link import Link
from drivers.feig.opening import start
from drivers.feig.pad import FeigPad
from drivers.feig.profile import Profile
from drivers.feig.simulator import FeigSimulator
from drivers.tags import DSFID, Format, NewTag, encode
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Wire

UID = bytes.fromhex("E004015000000001")
OWNER = "VN-HNLIB"


@dataclass(frozen=True, slots=True)
class Pad:
    """A reader with its field."""

    field: Field
    reader: FeigPad


@asynccontextmanager
async def simulated_pad() -> AsyncIterator[Pad]:
    """Give a pad whose answers take no time."""
    field = Field()
    wire = Wire(FeigSimulator(field, block_seconds=0.0))
    link = Link(wire, patience=0.05, tries=2)
    await start(link, Profile())
    try:
        yield Pad(field, FeigPad(link))
    finally:
        await wire.close()


def written(item: str, model: Format = "iso28560-3", uid: bytes = UID, afi: int = 0x07) -> Tag:
    """Return the tag of an item; 3M's model has no room for the owner."""
    owner = "" if model == "3m-rfid501" else OWNER
    memory = encode(NewTag(item, owner), model, 112, 4)
    return Tag(uid, bytearray(memory), dsfid=DSFID[model], afi=afi)
