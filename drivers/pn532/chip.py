"""Talk to a PN532: one command at a time, repeated when the wire spoils it."""

import asyncio
from collections import deque
from typing import TypeVar

from drivers.errors import FrameError, NoReplyError, RefusedError
from drivers.pn532 import commands
from drivers.pn532.commands import Command, Firmware
from drivers.pn532.frames import ACK, CHIP, HOST, NACK, Event, FrameReader, Message, Signal, encode
from drivers.ports import Transport

R = TypeVar("R")

WAKE_UP = b"\x55\x55" + bytes(14)
TRIES = 3
FIRST_ACK_SECONDS = 1.5
"""Some USB adapters of a Raspberry Pi hold back the first bytes after opening."""
ACK_SECONDS = 0.5
"""The chip needs 15 ms; the rest is for a busy machine."""
PN532_IC = 0x32


class Chip:
    """The commands of the table, over a transport.

    Cancelling a call is safe: the next one tells the chip to drop what it was doing.
    """

    def __init__(self, transport: Transport) -> None:
        """Talk through ``transport``; :meth:`wake` comes first."""
        self._transport = transport
        self._frames = FrameReader()
        self._events: deque[Event] = deque()
        self._busy = False

    async def wake(self, retries: int) -> Firmware:
        """Wake the chip and set it up; RefusedError if what answers is another chip.

        ``retries`` is how often it looks for a card before it says that there is none.
        """
        # The acknowledgement drops a command that an earlier process left waiting for a card.
        await self._transport.send(WAKE_UP + ACK)
        await self._call(commands.SAM, commands.SAM_NORMAL, FIRST_ACK_SECONDS)
        firmware = await self.call(commands.FIRMWARE)
        if firmware.ic != PN532_IC:
            raise RefusedError(firmware.ic, "this is another chip than a PN532")
        setting = bytes((commands.RETRIES, 0xFF, 0x01, retries))
        await self.call(commands.RF_CONFIGURATION, setting)
        return firmware

    async def call(self, command: Command[R], data: bytes = b"") -> R:
        """Return what the chip answers; NoReplyError or FrameError after a few tries."""
        return await self._call(command, data, ACK_SECONDS)

    async def _call(self, command: Command[R], data: bytes, ack_seconds: float) -> R:
        for left in reversed(range(TRIES)):
            try:
                return command.parse(await self._exchange(command, data, ack_seconds))
            except (NoReplyError, FrameError):
                if not left:
                    raise
        raise AssertionError("unreachable")

    async def _exchange(self, command: Command[R], data: bytes, ack_seconds: float) -> bytes:
        self._forget()
        frame = encode(HOST, command.code, data)
        await self._transport.send(ACK + frame if self._busy else frame)
        self._busy = True
        try:
            async with asyncio.timeout(ack_seconds):
                event = await self._acknowledged()
            async with asyncio.timeout(command.timeout):
                answer = await self._answer(command, event)
        except TimeoutError as error:
            raise NoReplyError(f"no answer to {command.name} (0x{command.code:02X})") from error
        self._busy = False
        return answer

    async def _acknowledged(self) -> Event | None:
        """Wait for the acknowledgement; an answer that comes without one is returned."""
        while True:
            event = await self._next()
            if event is Signal.ACK:
                return None
            if isinstance(event, Message) or event is Signal.ERROR:
                return event

    async def _answer(self, command: Command[R], event: Event | None) -> bytes:
        asked_again = False
        while True:
            event = event or await self._next()
            match event:
                case Message(tfi=tfi, code=code, data=data):
                    if tfi == CHIP and code == command.code + 1:
                        return data
                case Signal.ERROR:
                    self._busy = False
                    raise RefusedError(0x7F, f"{command.name} is not understood")
                case Signal():
                    pass
                case noise:
                    if asked_again:
                        raise FrameError(f"answer to {command.name} is spoiled: {noise.why}")
                    asked_again = True
                    self._forget()
                    await self._transport.send(NACK)
            event = None

    async def _next(self) -> Event:
        while not self._events:
            self._events += self._frames.feed(await self._transport.receive())
        return self._events.popleft()

    def _forget(self) -> None:
        self._transport.discard()
        self._frames.clear()
        self._events.clear()
