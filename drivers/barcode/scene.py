"""What a simulated camera sees: a code on a desk, and what spoils the view."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from random import Random
from typing import Any

from PIL import Image, ImageChops, ImageFilter

from drivers.barcode.pictures import Picture, Symbology
from drivers.errors import OptionError

DESK = 120
_FORMATS: dict[Symbology, str] = {
    "code39": "Code39", "code128": "Code128", "codabar": "Codabar", "ean": "EAN13", "qr": "QRCode",
}  # fmt: skip
_EAN8_DIGITS = (7, 8)
_NOISE = 10
_SHARE = 0.6
"""How much of the picture's height or width the code takes at most."""


@dataclass(frozen=True, slots=True)
class View:
    """How the camera sees. As made, it sees well."""

    width: int = 1280
    height: int = 720
    blur: float = 0.0
    """Radius in dots: out of focus, or moved."""
    dark: float = 0.0
    """Per cent of the light that is missing; what is left is noisy."""
    tilt: float = 0.0
    """Degrees."""
    half: bool = False
    """The code is cut off at its middle."""


def code(text: str, symbology: Symbology) -> Image.Image:
    """Return a code with its quiet zone; ValueError for a text that it cannot hold."""
    try:
        library = import_module("zxingcpp")
    except ImportError as error:
        raise OptionError(f"a picture of a code needs the package zxing-cpp: {error}") from error
    name = _FORMATS[symbology]
    if symbology == "ean" and len(text) in _EAN8_DIGITS:
        name = "EAN8"
    try:
        made = library.create_barcode(text, getattr(library.BarcodeFormat, name))
    except ValueError as error:
        raise ValueError(f"{symbology} cannot hold {text!r}: {error}") from None
    dots: Any = memoryview(made.to_image(scale=2, add_quiet_zones=True))
    height, width = dots.shape
    return Image.frombytes("L", (width, height), bytes(dots))


@lru_cache(maxsize=8)
def look(text: str, symbology: Symbology, view: View, seed: int = 1) -> Image.Image:
    """Return the picture of a code on a desk; an empty text is the desk alone."""
    desk = Image.new("L", (view.width, view.height), DESK)
    if text:
        found = _fitting(code(text, symbology), view)
        if view.half:
            found = found.crop((0, 0, found.width // 2, found.height // 2))
        if view.tilt:
            found = found.rotate(view.tilt, Image.Resampling.BICUBIC, expand=True, fillcolor=DESK)
        desk.paste(found, ((view.width - found.width) // 2, (view.height - found.height) // 2))
    if view.blur:
        desk = desk.filter(ImageFilter.GaussianBlur(view.blur))
    if view.dark:
        desk = _dark(desk, view.dark, seed)
    return desk


def picture(text: str, symbology: Symbology, view: View | None = None) -> Picture:
    """Return what a decoder gets of a view."""
    seen = look(text, symbology, view or View())
    return Picture(seen.width, seen.height, seen.tobytes())


def _fitting(made: Image.Image, view: View) -> Image.Image:
    """Return the code as large as fits, in whole dots: no camera stands so that bars melt."""
    share = min(_SHARE * view.width / made.width, _SHARE * view.height / made.height)
    times = max(int(share), 1)
    return made.resize((made.width * times, made.height * times), Image.Resampling.NEAREST)


def _dark(seen: Image.Image, percent: float, seed: int) -> Image.Image:
    left = max(1 - percent / 100, 0.0)
    noise = Random(seed).randbytes(seen.width * seen.height)  # noqa: S311 - grain, not a secret
    grain = Image.frombytes("L", seen.size, noise).point(lambda value: value * _NOISE // 255)
    return ImageChops.add(seen.point(lambda value: round(value * left)), grain)
