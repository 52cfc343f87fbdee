"""The camera as a barcode scanner: a thread looks, codes come out, pictures go nowhere."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal, Protocol

from drivers.barcode.citizen import Policy
from drivers.barcode.pictures import (
    SYMBOLOGIES,
    WITHOUT_CHECK,
    Decoder,
    Library,
    Picture,
    Symbology,
    decoder,
)
from drivers.errors import DriverError, OptionError, PortLostError
from drivers.ports import Scan, Scanner

Clock = Callable[[], float]
_LOOKS_TO_BELIEVE = 2
_MAX_SCANS = 20
_END_SECONDS = 2.0


class Frames(Protocol):
    """Where pictures come from; used by one thread."""

    def grab(self) -> Picture:
        """Wait for the next picture; PortLostError when there are no more."""

    def close(self) -> None:
        """Let go of the camera."""


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """Options of a camera that reads codes."""

    source: Literal["picamera2", "opencv"] = field(
        default="picamera2",
        metadata={"help": "picamera2 (a Raspberry Pi's own camera) or opencv (USB cameras)"},
    )
    camera: int = field(default=0, metadata={"help": "number of the camera, from 0"})
    width: int = field(default=1280, metadata={"help": "width of a picture in dots"})
    height: int = field(default=720, metadata={"help": "height of a picture in dots"})
    library: Library = field(
        default="zxing",
        metadata={"help": "what finds the codes: zxing (zxing-cpp) or zbar (pyzbar)"},
    )
    symbologies: tuple[Symbology, ...] = field(
        default=SYMBOLOGIES, metadata={"help": "which codes to look for; fewer is faster and safer"}
    )
    papers: Policy = field(
        default="number",
        metadata={
            "help": "QR codes of identity papers: number (tell the twelve digits, drop the rest at "
            "once) or refuse (tell nothing)"
        },
    )
    again_ms: int = field(
        default=1500,
        metadata={"help": "how long a code must be out of sight to count anew, milliseconds"},
    )
    still_s: float = field(
        default=5.0, metadata={"help": "a camera that gives no picture for so long is given up"}
    )


class Sight:
    """What is in front of the camera: tells each code once, weak ones after a second look."""

    def __init__(self, again_s: float) -> None:
        """Count a code anew when it was out of sight for ``again_s`` seconds."""
        self._again = again_s
        self._seen: dict[Scan, tuple[int, float]] = {}

    def look(self, scans: list[Scan], now: float) -> list[Scan]:
        """Take what one picture shows; return what is new."""
        self._seen = {s: (n, at) for s, (n, at) in self._seen.items() if now - at <= self._again}
        new = []
        for scan in dict.fromkeys(scans):
            count = self._seen.get(scan, (0, 0.0))[0] + 1
            self._seen[scan] = (count, now)
            if count == (_LOOKS_TO_BELIEVE if scan.symbology in WITHOUT_CHECK else 1):
                new.append(scan)
        return new


class CameraScanner:
    """Implements :class:`drivers.ports.Scanner` over pictures."""

    def __init__(self, frames: Frames, decode: Decoder, options: CameraOptions) -> None:
        """Look at ``frames`` from :meth:`start` on."""
        self._frames = frames
        self._decode = decode
        self._still = options.still_s
        self._sight = Sight(options.again_ms / 1000)
        self._scans: deque[Scan] = deque(maxlen=_MAX_SCANS)
        self._news = asyncio.Event()
        self._why_lost: DriverError | None = None
        self._over = threading.Event()
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        # A daemon: a camera that hangs must not keep the agent from ending.
        self._thread = threading.Thread(target=self._watch, name="camera", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    async def next_scan(self) -> Scan:
        """Wait for the next code; PortLostError when the camera is gone or hangs."""
        while not self._scans:
            if self._why_lost is not None:
                raise self._why_lost
            self._news.clear()
            wait = self._last + self._still - self._loop.time()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0.01)):
                    await self._news.wait()
            if self._loop.time() - self._last > self._still:
                raise PortLostError(f"the camera gave no picture for {self._still:g} s")
        return self._scans.popleft()

    async def close(self) -> None:
        """Stop looking and let go of the camera."""
        self._over.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self._ended.wait()
        if self._ended.is_set():
            self._thread.join()

    def _watch(self) -> None:
        """In the thread: pictures into codes."""
        why = None
        try:
            while not self._over.is_set():
                self._tell(self._decode(self._frames.grab()), None)
        except DriverError as error:
            why = error
        except Exception as error:  # noqa: BLE001 - what camera libraries raise is not in any manual
            why = PortLostError(f"the camera failed: {type(error).__name__}")
        finally:
            self._frames.close()
        self._tell([], why)
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ended.set)

    def _tell(self, scans: list[Scan], why: DriverError | None) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody listens
            self._loop.call_soon_threadsafe(self._take, scans, why)

    def _take(self, scans: list[Scan], why: DriverError | None) -> None:
        self._last = self._loop.time()
        self._scans += self._sight.look(scans, self._last)
        self._why_lost = self._why_lost or why
        if self._scans or why:
            self._news.set()


class PiFrames:
    """Implements :class:`Frames` with picamera2."""

    def __init__(self, options: CameraOptions, module: Any) -> None:
        """Start the camera."""
        self._size = (options.width, options.height)
        self._camera = module.Picamera2(options.camera)
        what = {"size": self._size, "format": "YUV420"}
        self._camera.configure(self._camera.create_video_configuration(main=what))
        self._camera.start()

    def grab(self) -> Picture:
        """Return the next picture: the brightness rows come first in YUV 4:2:0."""
        return _grey(self._camera.capture_array("main"), self._size)

    def close(self) -> None:
        """Stop the camera."""
        self._camera.stop()
        self._camera.close()


class UsbFrames:
    """Implements :class:`Frames` with OpenCV."""

    def __init__(self, options: CameraOptions, module: Any) -> None:
        """Open the camera; PortLostError if it is not there."""
        self._cv2 = module
        self._camera = module.VideoCapture(options.camera)
        if not self._camera.isOpened():
            raise PortLostError(f"there is no camera {options.camera}")
        self._camera.set(module.CAP_PROP_FRAME_WIDTH, options.width)
        self._camera.set(module.CAP_PROP_FRAME_HEIGHT, options.height)

    def grab(self) -> Picture:
        """Return the next picture in grey."""
        good, frame = self._camera.read()
        if not good:
            raise PortLostError("the camera went away")
        grey = self._cv2.cvtColor(frame, self._cv2.COLOR_BGR2GRAY)
        height, width = grey.shape[:2]
        return _grey(grey, (width, height))

    def close(self) -> None:
        """Close the camera."""
        self._camera.release()


def _grey(rows: Any, size: tuple[int, int]) -> Picture:
    """Return the part of an array that is the picture; rows may be padded to the right."""
    width, height = size
    dots = rows[:height, :width].tobytes()
    return Picture(width, height, dots)


def _camera(options: CameraOptions) -> Frames:
    makers: dict[str, tuple[str, Callable[[CameraOptions, Any], Frames]]] = {
        "picamera2": ("picamera2", PiFrames),
        "opencv": ("cv2", UsbFrames),
    }
    name, make = makers[options.source]
    try:
        module = import_module(name)
    except ImportError as error:
        raise OptionError(f"source {options.source} is not installed: {error}") from error
    try:
        return make(options, module)
    except (RuntimeError, IndexError, OSError) as error:
        raise PortLostError(f"camera {options.camera} does not start: {error}") from error


@asynccontextmanager
async def open_camera(
    options: CameraOptions, frames: Callable[[CameraOptions], Frames] = _camera
) -> AsyncIterator[Scanner]:
    """Open the camera; ``frames`` may be another source of pictures."""
    if not options.symbologies or options.again_ms < 0 or options.still_s <= 0:
        raise OptionError("symbologies must name a code, again_ms and still_s must not be below 0")
    decode = decoder(options.library, options.symbologies, options.papers)
    scanner = CameraScanner(await asyncio.to_thread(frames, options), decode, options)
    scanner.start()
    try:
        yield scanner
    finally:
        await scanner.close()
