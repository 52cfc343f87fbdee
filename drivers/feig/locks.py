"""The commands of a FEIG reader that can never be undone; no other module sends them.

NXP's password for AFI and EAS (ICODE SLIX, SLIX2), as the chip's data sheet and the reader's manual
have it; not tried on hardware. A chip that got a wrong password says nothing until its field was
off, so a step that is not answered ends the work before anything is protected.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum

from drivers.errors import DriverError, FrameError, RefusedError, TagLostError
from drivers.feig import commands
from drivers.feig.commands import ADDRESSED
from drivers.feig.link import Link
from drivers.feig.opening import opened
from drivers.feig.options import FeigOptions
from drivers.ports import Protected, TagLocks

PASSWORD_BYTES = 4
_RANDOM_BYTES = 2
_OPTION = 0x10
_AFI_EAS = b"\x10"
"""Which of the chip's passwords."""


class _Nxp(IntEnum):
    """Commands of NXP's chips."""

    PROTECT = 0xA6
    RANDOM_NUMBER = 0xB2
    SET_PASSWORD = 0xB3
    WRITE_PASSWORD = 0xB4


class PasswordError(DriverError):
    """The chip did not take a password; nothing was protected."""

    hint = "Check the password; a chip as delivered has 00000000. Not every chip can do this."


class FeigLocks:
    """Implements :class:`drivers.ports.TagLocks` over a link."""

    def __init__(self, link: Link) -> None:
        """Use a reader that is ready."""
        self._link = link

    async def locked(self, uid: bytes, first: int, count: int) -> list[bool]:
        """Return which of these blocks are locked."""
        where = bytes((first, count))
        bits = await self._link.ask(commands.BLOCK_SECURITY, ADDRESSED + uid + where)
        if len(bits) != count:
            raise FrameError(f"asked for the locks of {count} blocks and got {len(bits)}")
        return [bool(bit) for bit in bits]

    async def lock_blocks(self, uid: bytes, first: int, count: int) -> None:
        """Lock blocks for ever; RefusedError names one that cannot be."""
        await self._link.ask(commands.LOCK_BLOCKS, ADDRESSED + uid + bytes((first, count)))

    async def lock_afi(self, uid: bytes) -> None:
        """Lock the security byte for ever."""
        await self._link.ask(commands.LOCK_AFI, ADDRESSED + uid)

    async def lock_dsfid(self, uid: bytes) -> None:
        """Lock the DSFID for ever."""
        await self._link.ask(commands.LOCK_DSFID, ADDRESSED + uid)

    async def protect(self, uid: bytes, what: Protected, old: bytes, new: bytes) -> None:
        """Let AFI or EAS ask for a password for ever; PasswordError when the chip did not take it.

        ``old`` is the chip's password now (as delivered 00000000), ``new`` the one from now on.
        """
        if new == bytes(PASSWORD_BYTES) or len(new) != PASSWORD_BYTES or len(old) != len(new):
            raise ValueError("a password has four bytes and is not 00000000")
        await self._link.ask(commands.RF_RESET)
        await self._tell_password(uid, old)
        if new != old:
            await self._chip(uid, _Nxp.WRITE_PASSWORD, _AFI_EAS + new)
            await self._tell_password(uid, new)
        await self._chip(uid, _Nxp.PROTECT, option=what is Protected.AFI)
        await self._link.ask(commands.RF_RESET)

    async def _tell_password(self, uid: bytes, password: bytes) -> None:
        number = await self._chip(uid, _Nxp.RANDOM_NUMBER)
        if len(number) != _RANDOM_BYTES:
            raise FrameError(f"a random number has {_RANDOM_BYTES} bytes, not {len(number)}")
        hidden = bytes(one ^ two for one, two in zip(password, number * 2, strict=True))
        try:
            await self._chip(uid, _Nxp.SET_PASSWORD, _AFI_EAS + hidden)
        except (TagLostError, RefusedError) as error:
            raise PasswordError("the chip did not take the password") from error

    async def _chip(
        self, uid: bytes, command: "_Nxp", data: bytes = b"", *, option: bool = False
    ) -> bytes:
        mode = bytes((ADDRESSED[0] | (_OPTION if option else 0),))
        head = commands.NXP + bytes((command,)) + mode
        return await self._link.ask(commands.CHIP, head + uid + data)


@asynccontextmanager
async def open_locks(options: FeigOptions) -> AsyncIterator[TagLocks]:
    """Open the reader at ``options.url`` for locking."""
    async with opened(options) as reader:
        yield FeigLocks(reader.link)
