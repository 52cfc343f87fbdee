import pytest

from drivers.errors import NoReplyError
from drivers.feig import commands
from drivers.feig.commands import ADDRESSED
from drivers.feig.link import Link
from drivers.feig.pad import FeigPad
from drivers.feig.simulator import FeigSimulator
from drivers.testing.field import Field
from drivers.testing.tag15693 import Tag
from drivers.testing.wires import Late, Wire

FIRST, SECOND = (bytes.fromhex(f"E00401500000000{n}") for n in (1, 2))
_QUICK = 0.01


def two_tags() -> tuple[Tag, Tag]:
    return Tag(FIRST, bytearray(b"\x11" * 112)), Tag(SECOND, bytearray(b"\x22" * 112))


def simulator(*tags: Tag) -> FeigSimulator:
    return FeigSimulator(Field(*tags), block_seconds=0.0, page=1)


def pad_on(wire: Wire, tries: int = 3) -> FeigPad:
    return FeigPad(Link(wire, patience=_QUICK, tries=tries))


@pytest.mark.parametrize("lost", range(8))
async def test_a_lost_page_of_an_inventory_loses_no_tag(lost: int) -> None:
    class Swallowing(Late):
        def to_host(self, data: bytes) -> list[bytes]:  # type: ignore[override]
            number, self._count = self._count, self._count + 1
            return [] if number == lost else [data]

    tags = [Tag(bytes.fromhex(f"E00401500000000{n}")) for n in range(5)]
    pad = pad_on(Swallowing(simulator(*tags), late=lambda _: False))
    assert sorted(seen.uid for seen in await pad.inventory()) == [tag.uid for tag in tags]


async def test_a_silent_reader_is_named_with_the_command() -> None:
    first, _ = two_tags()
    device = simulator(first)
    device.address = 7
    link = Link(Wire(device), address=8, patience=_QUICK)
    with pytest.raises(NoReplyError, match="software version"):
        await link.ask(commands.SYSTEM_INFO, ADDRESSED + FIRST)


async def test_a_neighbour_on_the_bus_is_not_listened_to() -> None:
    class Crowded(Wire):
        def to_host(self, data: bytes) -> list[bytes]:
            return [bytes.fromhex("0d00650003030044530d303309"), data]

    first, _ = two_tags()
    device = simulator(first)
    device.address = 7
    pad = FeigPad(Link(Crowded(device), address=7, patience=_QUICK))
    assert [seen.uid for seen in await pad.inventory()] == [FIRST]
