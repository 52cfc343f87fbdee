"""The barcode scanner that is a keyboard (USB HID): read as raw events, kept from everybody else."""

import asyncio
import contextlib
import fcntl
import os
import stat
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.barcode.keys import EVENT, SPOILT, KeyReader, Layout
from drivers.barcode.options import ScanOptions
from drivers.barcode.scans import ScanReader
from drivers.errors import OptionError, PortLostError
from drivers.ports import Scan, Scanner

_GRAB = 0x40044590
"""EVIOCGRAB: from now on events come to us alone."""
_CHUNK = EVENT.size * 64
_MAX_SCANS = 100


@dataclass(frozen=True, slots=True)
class HidOptions(ScanOptions):
    """Options of a barcode scanner that is a keyboard."""

    path: Path = field(
        metadata={"help": "its event device, such as /dev/input/by-id/usb-Scanner-event-kbd"}
    )
    layout: Layout = field(
        default="us", metadata={"help": "the keyboard layout that the scanner is set up for"}
    )
    grab: bool = field(
        default=True,
        metadata={"help": "keep its keys from other programs; false only to look for a fault"},
    )
    gap_ms: int = field(
        default=80,
        metadata={"help": "pause that ends a scan if the scanner types no Enter, milliseconds"},
    )


class HidScanner:
    """Implements :class:`drivers.ports.Scanner` over an event device.

    Only what a keyboard can type arrives: Vietnamese letters need a scanner on a serial line.
    """

    def __init__(self, device: int, options: HidOptions) -> None:
        """Read the open descriptor ``device``."""
        self._device = device
        self._gap = options.gap_ms / 1000
        self._keys = KeyReader(options.layout)
        self._lines = ScanReader(codabar=options.codabar, papers=options.papers)
        self._spoilt = False
        self._scans: deque[Scan] = deque(maxlen=_MAX_SCANS)
        self._news = asyncio.Event()
        self._why_lost: PortLostError | None = None
        self._loop = asyncio.get_running_loop()
        self._gap_timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(device, self._readable)

    async def next_scan(self) -> Scan:
        """Wait for the next scan and return it."""
        while not self._scans:
            if self._why_lost is not None:
                raise self._why_lost
            self._news.clear()
            await self._news.wait()
        return self._scans.popleft()

    def close(self) -> None:
        """Let go of the device."""
        self._stop()
        os.close(self._device)

    def _readable(self) -> None:
        try:
            data = os.read(self._device, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(f"the scanner went away: {error.strerror}")
            return
        if not data:
            self._lose("the scanner went away")
            return
        for char in self._keys.feed(data):
            self._take(char)
        self._mind_the_gap()
        if self._scans:
            self._news.set()

    def _take(self, char: str) -> None:
        if char == SPOILT:
            self._spoilt = True
        scans = self._lines.feed(char.encode())
        if self._spoilt and not self._lines.open:
            scans, self._spoilt = [], False
        self._scans += scans

    def _mind_the_gap(self) -> None:
        if self._gap_timer is not None:
            self._gap_timer.cancel()
        self._gap_timer = None
        if self._lines.open or self._spoilt:
            self._gap_timer = self._loop.call_later(self._gap, self._end)

    def _end(self) -> None:
        scans = self._lines.end()
        self._scans += [] if self._spoilt else scans
        self._spoilt = False
        self._news.set()

    def _lose(self, why: str) -> None:
        self._stop()
        self._why_lost = PortLostError(why)
        self._news.set()

    def _stop(self) -> None:
        self._loop.remove_reader(self._device)
        if self._gap_timer is not None:
            self._gap_timer.cancel()


@asynccontextmanager
async def open_hid(options: HidOptions) -> AsyncIterator[Scanner]:
    """Open the event device ``options.path``."""
    if not 10 <= options.gap_ms <= 1000:
        raise OptionError(f"gap_ms {options.gap_ms} is not usable: allowed are 10 to 1000")
    try:
        device = os.open(options.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise PortLostError(f"{options.path}: {error.strerror}") from error
    try:
        if options.grab:
            _grab(device)
        scanner = HidScanner(device, options)
    except BaseException:
        os.close(device)
        raise
    with contextlib.closing(scanner):
        yield scanner


def _grab(device: int) -> None:
    """Keep the keys from the rest of the machine; a pipe, as tests use it, has nobody else."""
    if not stat.S_ISCHR(os.fstat(device).st_mode):
        return
    try:
        fcntl.ioctl(device, _GRAB, 1)
    except OSError as error:
        raise PortLostError(f"the scanner's keys belong to another program: {error}") from error
