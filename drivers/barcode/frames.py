"""Where a camera scanner's pictures come from: a Raspberry Pi's own camera, USB, or the network."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal, Protocol

from drivers.barcode.citizen import Policy
from drivers.barcode.pictures import SYMBOLOGIES, Library, Picture, Symbology
from drivers.barcode.stream import StreamFrames
from drivers.errors import OptionError, PortLostError


class Frames(Protocol):
    """Where pictures come from; used by one thread."""

    def grab(self) -> Picture | None:
        """Wait for the next picture, a moment at most where that can be told; None: not yet.

        PortLostError when there are no more.
        """

    def close(self) -> None:
        """Let go of the camera."""


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """Options of a camera that reads codes."""

    source: Literal["picamera2", "opencv", "stream"] = field(
        default="picamera2",
        metadata={
            "help": "picamera2 (a Raspberry Pi's own camera), opencv (USB cameras) or stream "
            "(Motion JPEG from url)"
        },
    )
    camera: int = field(default=0, metadata={"help": "number of the camera, from 0"})
    url: str = field(
        default="", metadata={"help": "stream: where it is, such as http://127.0.0.1:8080/stream"}
    )
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
            "once), old_number (the nine of the paper before) or refuse (tell nothing)"
        },
    )
    again_ms: int = field(
        default=1500,
        metadata={"help": "how long a code must be out of sight to count anew, milliseconds"},
    )
    looks: int = field(
        default=8,
        metadata={"help": "pictures to look at in a second, at most: more takes more power"},
    )
    still_s: float = field(
        default=5.0, metadata={"help": "a camera that gives no picture for so long is given up"}
    )


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


def open_frames(options: CameraOptions) -> Frames:
    """Start the camera; OptionError if its library is missing, PortLostError if it does not start."""
    if options.source == "stream":
        return StreamFrames(options.url, options.still_s)
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
