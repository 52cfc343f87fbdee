"""A UHFReader18 / 288 reader: sees tags, reads and writes their banks."""

from functools import partial
from typing import TypeVar

from drivers.errors import DriverError, FrameError
from drivers.ports import AirTag, Bank
from drivers.uhf.line import Line, Question
from drivers.uhf18 import commands
from drivers.uhf18.commands import MAX_WORDS, Command, Model, ReaderInfo, Reply
from drivers.uhf18.status import Status, trouble

R = TypeVar("R")
_WORD = 2


class Uhf18Reader:
    """Implements :class:`drivers.ports.UhfReader` over a line."""

    def __init__(
        self,
        line: Line,
        model: Model = Model.R18,
        *,
        antennas: tuple[int, ...] = (),
        password: bytes = bytes(4),
    ) -> None:
        """Use ``antennas`` in turn; only the newer dialect can choose one."""
        self._line = line
        self._model = model
        self._antennas = antennas or (None,) if model is Model.R288 else (None,)
        self._password = password

    async def info(self) -> ReaderInfo:
        """Return what the reader says of itself."""
        return await self._ask(commands.INFO)

    async def identity(self) -> str:
        """Return model and firmware in words."""
        info = await self.info()
        return f"{info.name}, firmware {info.version[0]}.{info.version[1]}"

    async def inventory(self) -> list[AirTag]:
        """Return every tag in the field now, each EPC once, in no order."""
        seen: dict[bytes, AirTag] = {}
        for antenna in self._antennas:
            for tag in await self._line.again(partial(self._look, antenna)):
                known = seen.get(tag.epc)
                if known is None or (known.rssi or 0) < (tag.rssi or 0):
                    seen[tag.epc] = tag
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
            request = commands.write_request(epc, bank, first + at // _WORD, some, self._password)
            await self._ask(commands.WRITE, request)

    async def _look(self, antenna: int | None) -> list[AirTag]:
        if self._model is Model.R18:
            return await self._inventory(commands.INVENTORY_18, b"")
        request = commands.inventory_request_288(antenna)
        return await self._inventory(commands.INVENTORY_288, request)

    async def _inventory(self, command: Command[list[AirTag]], data: bytes) -> list[AirTag]:
        question = Question(command.name, command.code, data, command.timeout, commands.is_last)
        replies = await self._line.once(question)
        if replies[-1][0] == Status.POOR_LINK:
            raise FrameError(f"the tags were not heard clearly (status {Status.POOR_LINK:02X})")
        return [tag for reply in replies for tag in self._answer(command, reply)]

    async def _read(self, epc: bytes, bank: Bank, first: int, words: int) -> bytes:
        request = commands.read_request(epc, bank, first, words, self._password)
        data = await self._once(commands.READ, request)
        if len(data) != words * _WORD:
            self._line.doubt()
            raise FrameError(f"asked for {words} words and got {len(data)} bytes")
        return data

    async def _ask(self, command: Command[R], data: bytes = b"") -> R:
        return await self._line.again(partial(self._once, command, data))

    async def _once(self, command: Command[R], data: bytes) -> R:
        [reply] = await self._line.once(Question(command.name, command.code, data, command.timeout))
        return self._answer(command, reply)

    def _answer(self, command: Command[R], data: bytes) -> R:
        """Return what a reply says; a refusal, and a reply that does not fit, raise."""
        reply = Reply(data[0], data[1:])
        if reply.status not in command.good:
            error: DriverError = trouble(reply.status, reply.data)
            raise error
        try:
            return command.parse(reply)
        except FrameError as error:
            self._line.doubt()
            raise FrameError(f"{command.name}: {error}") from error
