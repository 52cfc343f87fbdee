"""The receipt printer: ask how it is, print, and know whether the paper really came out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.errors import NoReplyError, OptionError, RefusedError
from drivers.ports import Line, Printer, PrinterStatus, Transport
from drivers.printer import status
from drivers.printer.receipt import STRIP_ROWS, Layout, job
from drivers.transport import SerialLine, open_transport

NO_UNASKED_STATUS = b"\x1d\x61\x00"
TELL_WHEN_PRINTED = b"\x1d\x72\x01"
CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""Forget what was sent and is not printed: the rest of a receipt is for no other reader's eyes."""
_SILENT_LIMIT = 8


@dataclass(frozen=True, slots=True)
class PrinterOptions:
    """Options of an ESC/POS receipt printer."""

    url: str = field(metadata={"help": "where it is, such as serial:///dev/ttyUSB2?baud=115200"})
    width_dots: int = field(
        default=576, metadata={"help": "dots across the paper: 576 for 80 mm, 384 for 58 mm"}
    )
    text_dots: int = field(default=26, metadata={"help": "height of normal text in dots"})
    font: str = field(
        default="", metadata={"help": "font file (TrueType) to use instead of Be Vietnam Pro"}
    )
    answer_ms: int = field(
        default=700, metadata={"help": "how long the printer may take to say how it is"}
    )
    tells_end: bool = field(
        default=True,
        metadata={"help": "false for a printer that does not answer GS r when it has printed"},
    )
    finish_s: float = field(
        default=60.0, metadata={"help": "how long the printer may take to print a receipt"}
    )


class EscposPrinter:
    """Implements :class:`drivers.ports.Printer` for printers that speak ESC/POS."""

    def __init__(self, transport: Transport, options: PrinterOptions) -> None:
        """Print through ``transport``."""
        self._transport = transport
        self._layout = _layout(options)
        self._answer_seconds = options.answer_ms / 1000
        self._finish_seconds = options.finish_s
        self._tells_end = options.tells_end
        self._said = bytearray()
        self._printed = False
        self._half_sent = False
        self._turn = asyncio.Lock()

    async def status(self) -> PrinterStatus:
        """Ask the printer how it is; no answer gives ``online=False`` and ``Paper.UNKNOWN``."""
        async with self._turn:
            return await self._ask_afresh()

    async def print_lines(self, lines: Sequence[Line]) -> None:
        """Print the lines and cut; RefusedError names the trouble if the receipt is not whole."""
        async with self._turn:
            await self._print(lines)

    async def _print(self, lines: Sequence[Line]) -> None:
        _refuse(await self._ask_afresh())
        data = await asyncio.to_thread(job, lines, self._layout)
        self._printed = False
        self._half_sent = True
        end = TELL_WHEN_PRINTED if self._tells_end else b""
        await self._transport.send(NO_UNASKED_STATUS + data + end)
        self._half_sent = False
        if self._tells_end:
            await self._wait_until_printed()
        _refuse(await self._ask_all())

    async def _wait_until_printed(self) -> None:
        silent = 0
        try:
            async with asyncio.timeout(self._finish_seconds):
                while not await self._hear(lambda: self._printed):
                    state = await self._ask_all()
                    silent = silent + 1 if state.trouble == status.NO_ANSWER else 0
                    if self._printed:
                        return
                    # A busy printer may be slow to answer; one that is gone stays silent.
                    if state.trouble and silent in (0, _SILENT_LIMIT):
                        await self._transport.send(CLEAR)
                        _refuse(state)
        except TimeoutError as error:
            await self._transport.send(CLEAR)
            words = f"printer did not finish within {self._finish_seconds:g} s"
            raise NoReplyError(words) from error

    async def _ask_afresh(self) -> PrinterStatus:
        if self._half_sent:
            # The printer may still wait for picture data: fill that up, then drop all of it.
            await self._transport.send(bytes(self._layout.width // 8 * STRIP_ROWS) + CLEAR)
            self._half_sent = False
        self._transport.discard()
        return await self._ask_all()

    async def _ask_all(self) -> PrinterStatus:
        answers: dict[int, int] = {}
        for question in status.QUESTIONS:
            self._said.clear()
            await self._transport.send(status.ask(question))
            if not await self._hear(lambda: bool(self._said)):
                # A later byte could be the answer to this question or the next: stop here.
                break
            answers[question] = self._said[-1]
        return status.read(answers)

    async def _hear(self, enough: Callable[[], bool]) -> bool:
        """Listen until ``enough()``; False if the printer says nothing for a while."""
        try:
            async with asyncio.timeout(self._answer_seconds):
                while not enough():
                    for byte in await self._transport.receive():
                        self._take(byte)
        except TimeoutError:
            return False
        return True

    def _take(self, byte: int) -> None:
        if status.is_status(byte):
            self._said.append(byte)
        elif status.is_printed(byte):
            self._printed = True


def _refuse(state: PrinterStatus) -> None:
    if state.trouble == status.NO_ANSWER:
        raise NoReplyError("printer does not say how it is")
    if state.trouble:
        raise RefusedError(0, state.trouble)


def _layout(options: PrinterOptions) -> Layout:
    if options.width_dots % 8 or not 128 <= options.width_dots <= 2400:
        raise OptionError(
            f"width_dots {options.width_dots} is not usable: allowed are multiples of 8, 128 to 2400"
        )
    if not 12 <= options.text_dots <= 96:
        raise OptionError(f"text_dots {options.text_dots} is not usable: allowed are 12 to 96")
    if not options.font:
        return Layout(options.width_dots, options.text_dots)
    font = Path(options.font)
    if not font.is_file():
        raise OptionError(f"font {options.font!r} is no file")
    return Layout(options.width_dots, options.text_dots, font, font)


@asynccontextmanager
async def open_printer(options: PrinterOptions) -> AsyncIterator[Printer]:
    """Open the printer at ``options.url``."""
    transport = await open_transport(options.url, SerialLine(Path(), baud=115200))
    try:
        yield EscposPrinter(transport, options)
    finally:
        await transport.close()
