"""The camera as a barcode scanner: a thread looks, codes come out, pictures go nowhere."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from drivers.barcode.frames import CameraOptions, Frames, open_frames
from drivers.barcode.pictures import WITHOUT_CHECK, Decoder, decoder
from drivers.barcode.stream import checked
from drivers.errors import DriverError, OptionError, PortLostError
from drivers.ports import Scan, Scanner

_LOOKS_TO_BELIEVE = 2
_MAX_SCANS = 20
_END_SECONDS = 2.0


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
        self._rest = 1 / options.looks
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
            while not self._over.wait(self._rest):
                picture = self._frames.grab()
                if picture is not None:
                    self._tell(self._decode(picture), None)
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


@asynccontextmanager
async def open_camera(
    options: CameraOptions, frames: Callable[[CameraOptions], Frames] = open_frames
) -> AsyncIterator[Scanner]:
    """Open the camera; ``frames`` may be another source of pictures."""
    if not options.symbologies or options.again_ms < 0 or options.still_s <= 0:
        raise OptionError("symbologies must name a code, again_ms and still_s must not be below 0")
    if not 1 <= options.looks <= 100:
        raise OptionError(f"looks {options.looks} is not usable: allowed are 1 to 100 in a second")
    if options.url:
        checked(options.url)
    decode = decoder(options.library, options.symbologies, options.papers)
    scanner = CameraScanner(await asyncio.to_thread(frames, options), decode, options)
    scanner.start()
    try:
        yield scanner
    finally:
        await scanner.close()
