"""An A0 reader: sees tags, reads and writes their banks."""

from functools import partial
from typing import TypeVar

from drivers.a0 import commands
from drivers.a0.commands import MAX_WORDS, Access, Command, RoundEnd
from drivers.a0.status import WITH_THE_TAG, Status, trouble
from drivers.errors import FrameError, RefusedError
from drivers.ports import AirTag, Bank
from drivers.uhf.line import Line, Question

R = TypeVar("R")
_WORD = 2


class A0Reader:
    """Implements :class:`drivers.ports.UhfReader` over a line."""

    def __init__(
        self,
        line: Line,
        *,
        antennas: tuple[int, ...] = (),
        session: int | None = None,
        password: bytes = bytes(4),
    ) -> None:
        """Use ``antennas`` in turn; none: the one that the reader is set to.

        With a ``session`` (0 to 3) the inventory is the one that names it; not every model has it.
        """
        self._line = line
        self._antennas = antennas
        self._session = session
        self._password = password
        self._seen_by: dict[bytes, int] = {}

    async def version(self) -> tuple[int, int]:
        """Return the firmware's version."""
        return await self._line.again(partial(self._once, commands.VERSION))

    async def identity(self) -> str:
        """Return protocol and firmware in words; these readers do not tell their model."""
        return "UHF reader (A0), firmware {}.{}".format(*await self.version())

    async def inventory(self) -> list[AirTag]:
        """Return every tag in the field now, each EPC once, in no order."""
        seen: dict[bytes, AirTag] = {}
        for antenna in self._antennas or (None,):
            for tag in await self._line.again(partial(self._look, antenna)):
                known = seen.get(tag.epc)
                if known is None or (known.rssi or 0) < (tag.rssi or 0):
                    seen[tag.epc] = tag
        self._seen_by = {tag.epc: tag.antenna for tag in seen.values()}
        return list(seen.values())

    async def read(self, epc: bytes, bank: Bank, first: int, words: int) -> bytes:
        """Return ``words`` words of a bank from word ``first``; TagLostError if the tag leaves."""
        data = b""
        for at in range(first, first + words, MAX_WORDS):
            some = min(MAX_WORDS, first + words - at)
            data += await self._line.again(partial(self._read, epc, bank, at, some))
        return data

    async def write(self, epc: bytes, bank: Bank, first: int, data: bytes) -> None:
        """Write whole words from word ``first``; after TagLostError any part may be written."""
        if len(data) % _WORD:
            raise ValueError(f"{len(data)} bytes are not whole words")
        step = MAX_WORDS * _WORD
        for at in range(0, len(data), step):
            some = data[at : at + step]
            await self._line.again(partial(self._write, epc, bank, first + at // _WORD, some))

    async def _look(self, antenna: int | None) -> list[AirTag]:
        if antenna is not None:
            await self._once(commands.SET_ANTENNA, bytes((antenna - 1,)))
        command, data = commands.INVENTORY, commands.ONE_ROUND
        if self._session is not None:
            command, data = commands.SESSION_INVENTORY, bytes((self._session, 0, 1))
        question = Question(command.name, command.code, data, command.timeout, commands.is_last)
        found = []
        for reply in await self._line.once(question):
            if commands.is_status(reply) and reply[0] == Status.NO_TAG:
                break
            if commands.is_status(reply) and reply[0] in WITH_THE_TAG:
                raise FrameError(f"the tags were not heard clearly (status {reply[0]:02X})")
            seen = self._answer(command, reply)
            if not isinstance(seen, RoundEnd):
                found.append(seen)
        return found

    async def _read(self, epc: bytes, bank: Bank, first: int, words: int) -> bytes:
        request = commands.read_request(bank, first, words, self._password)
        access = await self._access(commands.READ, epc, request)
        if len(access.words) != words * _WORD:
            self._line.doubt()
            raise FrameError(f"asked for {words} words and got {len(access.words)} bytes")
        return access.words

    async def _write(self, epc: bytes, bank: Bank, first: int, data: bytes) -> None:
        request = commands.write_request(bank, first, data, self._password)
        access = await self._access(commands.WRITE, epc, request)
        if access.status != Status.OK:
            raise trouble(access.status)

    async def _access(self, command: Command[Access], epc: bytes, request: bytes) -> Access:
        """Name the tag, then do something with it; what answers must be that tag.

        With several antennas it is done over the one that saw the tag best. A tag whose EPC was
        just written is not known by its new one; the antenna is still the right one then.
        """
        if self._antennas and epc in self._seen_by:
            await self._once(commands.SET_ANTENNA, bytes((self._seen_by[epc] - 1,)))
        await self._once(commands.MATCH, commands.match_request(epc))
        access = await self._once(command, request)
        # A write into bank 01 may answer with the EPC before it or after it.
        if access.epc != epc and command is commands.READ:
            self._line.doubt()
            raise FrameError(f"asked tag {epc.hex()} and got the answer of {access.epc.hex()}")
        return access

    async def _once(self, command: Command[R], data: bytes = b"") -> R:
        [reply] = await self._line.once(Question(command.name, command.code, data, command.timeout))
        return self._answer(command, reply)

    def _answer(self, command: Command[R], data: bytes) -> R:
        """Return what a reply says; a refusal, and a reply that does not fit, raise."""
        if commands.is_status(data) and not command.is_value and data[0] != Status.OK:
            raise trouble(data[0])
        try:
            return command.parse(data)
        except FrameError as error:
            self._line.doubt()
            if commands.is_status(data):
                raise RefusedError(data[0], f"{command.name}: no answer but a status") from error
            raise FrameError(f"{command.name}: {error}") from error
