"""Put a simulated scanner behind a keyboard of the Linux kernel (uinput): the driver opens a real device.

::

    /dev/uinput   UI_SET_EVBIT, UI_SET_KEYBIT, UI_DEV_SETUP {id, name, 0}, UI_DEV_CREATE, then events
    /sys/devices/virtual/input/inputN/eventM is the keyboard that appears as /dev/input/eventM

Kernel headers: linux/uinput.h. It needs the module ``uinput`` and the right to write there.
"""

import asyncio
import fcntl
import os
import struct
from pathlib import Path

from drivers.barcode.keys import EVENT, KEY, LAST_KEY
from drivers.testing.faults import Faults
from drivers.testing.outbox import Outbox
from drivers.testing.simulator import Reply, Simulator

UINPUT = Path("/dev/uinput")
_INPUTS, _NODES = Path("/sys/devices/virtual/input"), Path("/dev/input")
_SET_EVENTS, _SET_KEY, _SET_UP = 0x40045564, 0x40045565, 0x405C5503
_CREATE, _DESTROY, _GET_NAME = 0x5501, 0x5502, 0x8040552C
_SETUP = struct.Struct("@HHHH80sI")
_USB, _VENDOR, _PRODUCT = 0x03, 0x1209, 0x0001
_NAME_BYTES = 64
_STROKE = 2 * EVENT.size
_STROKE_SECONDS = 0.001
_TRIES, _TRY_SECONDS = 100, 0.02


def is_here() -> bool:
    """Whether this kernel makes keyboards for us."""
    return os.access(UINPUT, os.W_OK)


class ServedAsKeyboard:
    """A device that types, as a keyboard; implements :class:`drivers.testing.serve.Served`."""

    def __init__(self, simulator: Simulator, faults: Faults | None = None) -> None:
        """Make no keyboard yet."""
        self._simulator = simulator
        self._end: int | None = None
        self._node = Path()
        wrong = faults or Faults()
        self._outbox = Outbox(self._write, wrong.to_host, wrong.late)

    @property
    def address(self) -> str:
        """The event device, as an address; it may have another number after every plug."""
        return f"file://{self._node}"

    async def plug(self) -> None:
        """Let the keyboard appear; OSError when the kernel makes none."""
        if self._end is not None:
            return
        end = os.open(UINPUT, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _set_up(end)
            self._node = await _node_of(end)
        except BaseException:
            os.close(end)
            raise
        self._end = end
        self._outbox.open()
        self._simulator.connected(self._type)

    async def unplug(self) -> None:
        """Take the keyboard away: whoever has it open loses it."""
        end, self._end = self._end, None
        if end is not None:
            self._outbox.close()
            fcntl.ioctl(end, _DESTROY)
            os.close(end)

    async def close(self) -> None:
        """Stop serving."""
        await self.unplug()

    def _type(self, events: bytes) -> None:
        """Type as fast as a scanner does: the kernel keeps only so many events for a reader."""
        strokes = [events[at : at + _STROKE] for at in range(0, len(events), _STROKE)]
        self._outbox.put([Reply(stroke, _STROKE_SECONDS) for stroke in strokes])

    def _write(self, data: bytes) -> None:
        if self._end is not None and len(data) % EVENT.size == 0:
            os.write(self._end, data)


async def serve_keyboard(simulator: Simulator, faults: Faults | None = None) -> ServedAsKeyboard:
    """Serve a simulated scanner that types as a keyboard of the kernel."""
    served = ServedAsKeyboard(simulator, faults)
    await served.plug()
    return served


def _set_up(end: int) -> None:
    fcntl.ioctl(end, _SET_EVENTS, KEY)
    for key in range(1, LAST_KEY + 1):
        fcntl.ioctl(end, _SET_KEY, key)
    setup = _SETUP.pack(_USB, _VENDOR, _PRODUCT, 1, b"Shelfwire simulated scanner", 0)
    fcntl.ioctl(end, _SET_UP, setup)
    fcntl.ioctl(end, _CREATE)


async def _node_of(end: int) -> Path:
    """Return the event device, which the kernel makes a moment later."""
    told = fcntl.ioctl(end, _GET_NAME, bytes(_NAME_BYTES))
    folder = _INPUTS / told.split(b"\0")[0].decode()
    for _ in range(_TRIES):
        for event in folder.glob("event*"):
            node = _NODES / event.name
            if node.exists():
                return node
        await asyncio.sleep(_TRY_SECONDS)
    raise FileNotFoundError(f"no event device in {_NODES} for {folder.name}")
