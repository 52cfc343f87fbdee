"""What a person with a screwdriver wants of a FEIG reader: who it is, its settings, its outputs."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from drivers.errors import DriverError, NoReplyError, RefusedError
from drivers.feig import commands, outputs
from drivers.feig.answers import Inputs, People, Version
from drivers.feig.commands import CONFIG_EEPROM
from drivers.feig.link import Link
from drivers.feig.outputs import Kind, Switch
from drivers.feig.profile import Profile, Setting
from drivers.feig.status import Status

Memory = Literal["ram", "eeprom"]
MEMORIES: tuple[Memory, ...] = ("ram", "eeprom")
UNKNOWN = (Status.UNKNOWN_COMMAND, Status.NOT_AVAILABLE)
"""A reader does not know this command."""
_REBOOT_SECONDS = 10.0
_MODE = b"\0"

TYPES = {
    43: "LR2500", 44: "LR2500", 45: "LR1002", 54: "MRU102", 64: "PRH200", 77: "MR102", 80: "CPR.M02",
    81: "CPR.02", 83: "CPR40", 91: "LRU1002", 94: "LRU3000",
}  # fmt: skip
"""Reader types by their number, as public code knows them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is not as the profile wants it; ``have`` and ``want`` are the whole byte."""

    memory: Memory
    setting: Setting
    have: int
    want: int

    def __str__(self) -> str:
        setting = self.setting
        why = f" ({setting.why})" if setting.why else ""
        return (
            f"{self.memory} block {setting.block} byte {setting.byte}: "
            f"{self.have:02X}, should be {self.want:02X}{why}"
        )


@dataclass(frozen=True, slots=True)
class Block:
    """A configuration block in one of the two memories."""

    memory: Memory
    number: int
    data: bytes

    @property
    def address(self) -> int:
        """The CFG-ADR byte."""
        return self.number | (CONFIG_EEPROM if self.memory == "eeprom" else 0)


class NotKeptError(DriverError):
    """A configuration block reads back otherwise than it was written."""

    hint = "The old settings were put back. The reader may be write-protected, or another model."


class Service:
    """A reader at the workbench, over a link that may still be bare of any setting."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def version(self) -> Version:
        """Return software, hardware and type of the reader."""
        return await self._link.ask(commands.VERSION)

    async def login(self, password: bytes) -> None:
        """Show the password."""
        await self._link.ask(commands.LOGIN, password)

    async def read(self, memory: Memory, number: int) -> Block:
        """Return a configuration block."""
        block = Block(memory, number, b"")
        data = await self._link.ask(commands.READ_CONFIG, bytes((block.address,)))
        return Block(memory, number, data)

    async def write(self, block: Block) -> None:
        """Write a configuration block; NotKeptError if it reads back otherwise."""
        await self._link.ask(commands.WRITE_CONFIG, bytes((block.address,)) + block.data)
        found = await self.read(block.memory, block.number)
        if found.data != block.data:
            raise NotKeptError(
                f"{block.memory} block {block.number} was written as {block.data.hex(' ')} "
                f"and reads {found.data.hex(' ')}"
            )

    async def blocks(self, profile: Profile, memories: Iterable[Memory] = MEMORIES) -> list[Block]:
        """Return the blocks that a profile touches, as they are now."""
        return [await self.read(memory, number) for number in profile.blocks for memory in memories]

    async def apply(self, profile: Profile, memories: Iterable[Memory] = MEMORIES) -> list[Block]:
        """Make a profile true; return the blocks as they were. On an error all are put back."""
        old = await self.blocks(profile, memories)
        try:
            for block in old:
                wanted = profile.apply(block.number, block.data)
                if wanted != block.data:
                    await self.write(Block(block.memory, block.number, wanted))
        except DriverError as error:
            await self._put_back(old, error)
            raise
        return old

    async def restore(self, blocks: Iterable[Block]) -> None:
        """Write blocks back as they were."""
        for block in blocks:
            if await self.read(block.memory, block.number) != block:
                await self.write(block)

    async def factory_settings(self, number: int) -> None:
        """Set a block to the maker's defaults, in RAM; :meth:`save` makes it last."""
        await self._link.ask(commands.DEFAULT_CONFIG, bytes((number,)))

    async def save(self, number: int) -> None:
        """Copy a block from RAM to EEPROM."""
        await self._link.ask(commands.SAVE_CONFIG, bytes((number,)))

    async def reboot(self, seconds: float = _REBOOT_SECONDS) -> Version:
        """Start the reader anew and wait until it answers; over TCP it hangs up: PortLostError."""
        await self._link.ask(commands.CPU_RESET)
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await self.version()
                except NoReplyError:
                    continue

    async def set_output(
        self, kind: Kind, number: int, switch: Switch, seconds: float = 0.0
    ) -> None:
        """Switch an output, LED or relay; ``seconds`` 0 is for good."""
        try:
            await self._link.ask(commands.SET_OUTPUT, outputs.iscan(kind, number, switch, seconds))
        except RefusedError as error:
            if error.status not in UNKNOWN:
                raise
            await self._link.ask(commands.SET_OUTPUT_CPR, outputs.cpr(number, switch, seconds))

    async def inputs(self) -> Inputs:
        """Return the levels of the digital inputs."""
        return await self._link.ask(commands.GET_INPUT)

    async def antenna(self, number: int) -> None:
        """Use antenna ``number`` from now on; RefusedError if there is none."""
        await self._link.ask(commands.RF_OUTPUT, bytes((number,)))

    async def people(self) -> People:
        """Return the people counter; RefusedError when there is none."""
        return await people(self._link)

    async def set_people(self, people: People) -> None:
        """Set the people counter."""
        counts = (people.in_1, people.out_1, people.in_2, people.out_2)
        data = b"".join(count.to_bytes(4, "big") for count in counts)
        await self._link.ask(commands.SET_PEOPLE, _MODE + data)

    async def _put_back(self, blocks: list[Block], cause: DriverError) -> None:
        try:
            await self.restore(blocks)
        except DriverError as error:
            raise NotKeptError(
                f"{cause}; and the old settings could not be put back: {error}"
            ) from error


async def people(link: Link) -> People:
    """Return the people counter; RefusedError when there is none.

    Readers that answer for the counter take the question bare; a counter itself wants a mode.
    """
    try:
        return await link.ask(commands.PEOPLE)
    except RefusedError as error:
        if error.status != Status.LENGTH_ERROR:
            raise
    return await link.ask(commands.PEOPLE, _MODE)


def differences(profile: Profile, blocks: Iterable[Block]) -> list[Difference]:
    """Return what in these blocks is not as the profile wants it."""
    found = []
    for block in blocks:
        for setting in profile.settings:
            if setting.block == block.number:
                have, want = block.data[setting.byte], setting.apply(block.data)[setting.byte]
                if have != want:
                    found.append(Difference(block.memory, setting, have, want))
    return found


def type_name(version: Version) -> str:
    """Return the model in words."""
    return TYPES.get(version.reader_type, f"type {version.reader_type}")


def identity(version: Version) -> str:
    """Return model and firmware in words, such as ``FEIG CPR40, firmware 3.3``."""
    high, low = divmod(version.software, 256)
    return f"FEIG {type_name(version)}, firmware {high}.{low}"
